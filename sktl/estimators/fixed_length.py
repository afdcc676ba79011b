"""The parameter of networks that have a fixed length, for series of unequal length."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from sktl._checks import Bound, Choice
from sktl.estimators.base import parameters
from sktl.training.unequal_length import POLICIES

# What the class below is mixed into, for those who read types.
if TYPE_CHECKING:
    from sktl.estimators.tasks import BaseTransferEstimator as _Mixin
else:
    _Mixin = object


@parameters
class FixedLength(_Mixin):
    """A network with a weight for every time point that is left before its head.

    Parameters
    ----------
    unequal_length : {"error", "pad", "crop", "resample"}, default="error"
        What is done with series of unequal length: refuse them; continue them with their last
        value up to the longest of the training; keep as many first time points as the shortest
        has; or interpolate them linearly to as many as the longest has. New series are brought to
        the same length; a warning says where one is cut by "pad" or continued by "crop".
    """

    _bounds: ClassVar[dict[str, Bound]] = {"unequal_length": Choice(POLICIES)}

    unequal_length: str = "error"

    _unequal_choices = (
        "unequal_length='pad' continues them to the longest, 'crop' cuts them to the shortest, "
        "'resample' interpolates them"
    )

    def __post_init__(self):
        super().__post_init__()
        self.set_tags(**{"capability:unequal_length": self.unequal_length in POLICIES[1:]})

    @classmethod
    def get_test_params(cls, parameter_set="default"):
        """Return parameters that make a fit short, for the suites of sktime.

        Parameters
        ----------
        parameter_set : str, default="default"
            Not used.

        Returns
        -------
        list of dict
            Two sets of parameters; with the second, series of unequal length are continued.
        """
        first, second = super().get_test_params(parameter_set)
        return [first, second | {"unequal_length": "pad"}]
