"""Features of series from pretrained sources, without any training."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pandas as pd
from sktime.transformations.base import BaseTransformer

from sktl._checks import check_finite
from sktl._lengths import is_unequal, panel_of, values_of
from sktl._panels import as_panel, channel_names, in_order, warn_of_orientation
from sktl._random import draw_seed
from sktl.estimators.features.amplitude import AmplitudeBlock
from sktl.estimators.features.frozen_source import POOLING
from sktl.estimators.features.source_blocks import source_blocks
from sktl.estimators.sklearn_mixin import ScikitLearnReset


class SourceFeatures(ScikitLearnReset, BaseTransformer):
    """Frozen features of one or several sources of one or several architectures.

    Each filter of a source's feature layers is summarised over time; the logarithms of the
    series' amplitudes are added. By default every instance is scaled on its own, so `fit` learns
    nothing of the training series but their smallest amplitudes. Networks are compiled once for
    each shape in a process.

    Parameters
    ----------
    sources : {"bundled", "available", "UCR"} or sequence of (str or None), default="bundled"
        Sources that come with the package; all that load without a download; a group; or names,
        each for every architecture that has it. None among them: kernels drawn at random.
    architectures : sequence of str, optional
        Only sources of these; default: all.
    pooling : tuple of str, default=("mean", "std", "max", "positive")
        Summaries of each filter's map over time; "positive" is the share of positive values.
    amplitude : bool, default=True
        Add logarithms to base 10 of the largest absolute value, the range and the standard
        deviation of each channel and of the instance.
    channels : {"joint", "each"}, default="joint"
        Show a source all channels at once (its first kernels are repeated, or cut, to their
        number), or one channel after the other.
    scaling : {"z-score", "min-max"}, default="z-score"
        What divides an instance: the standard deviation of all its channels, or their range.
    random_state : int, numpy.random.RandomState, numpy.random.Generator or None, default=0
        Draws the kernels where None is among the sources.
    preprocessing : {"own", "source"}, default="own"
        What a source sees: every instance on its own, by `scaling`, or series scaled by the rule
        under which the source was trained, as its card states it, with statistics of the series
        that `fit` gets. `fit` refuses sources whose cards state none.

    See Also
    --------
    sktl.estimators.LinearProbeClassifier : ridge on these features.

    References
    ----------
    .. [1] E. Otović, M. Njirjak, D. Jozinović, G. Mauša, A. Michelini, I. Štajduhar (2022).
       Intra-domain and cross-domain transfer learning for time series data - How transferable
       are the features? Knowledge-Based Systems 239, 107976.

    Examples
    --------
    >>> import numpy as np
    >>> from sktl.transformations import SourceFeatures
    >>> X = np.random.default_rng(0).normal(size=(4, 3, 100))
    >>> features = SourceFeatures(["EMG-simulated"], ["MagNet"], pooling=("mean",)).fit_transform(X)
    >>> features.shape, features.columns[0]
    ((4, 308), 'MagNet/EMG-simulated/conv1/0/mean')
    """

    _tags: ClassVar[dict[str, Any]] = {
        "authors": ["sktl developers"],
        "maintainers": ["sktl developers"],
        "python_dependencies": ["keras>=3.15"],
        "scitype:transform-input": "Series",
        "scitype:transform-output": "Primitives",
        "scitype:instancewise": True,
        "X_inner_mtype": ["numpy3D", "df-list"],
        "y_inner_mtype": "None",
        "capability:multivariate": True,
        "capability:unequal_length": True,
        "capability:missing_values": False,
        "capability:categorical_in_X": False,
        "fit_is_empty": False,
        "capability:random_state": True,
        "property:randomness": "derandomized",
    }

    def __init__(
        self,
        sources="bundled",
        architectures=None,
        pooling=POOLING,
        amplitude=True,
        channels="joint",
        scaling="z-score",
        random_state=0,
        preprocessing="own",
    ):
        self.sources = sources
        self.architectures = architectures
        self.pooling = pooling
        self.amplitude = amplitude
        self.channels = channels
        self.scaling = scaling
        self.random_state = random_state
        self.preprocessing = preprocessing
        super().__init__()

    def fit(self, X, y=None):
        """Load the sources, and learn the scale of the amplitudes.

        Parameters
        ----------
        X : sktime panel, or np.ndarray of shape (n_instances, n_channels, n_timepoints)
            Series, of any length each.
        y : object, default=None
            Not used.

        Returns
        -------
        self

        Raises
        ------
        TypeError, ValueError
            If a parameter or X cannot be used.
        """
        X = as_panel(X, series=True)
        super().fit(_listed(X), y)
        # Not before: sktime's fit resets.
        self._channel_names = channel_names(X)
        return self

    def transform(self, X, y=None):
        """Return the features of series.

        Parameters
        ----------
        X : sktime panel, or np.ndarray of shape (n_instances, n_channels, n_timepoints)
            Series; channels that have names are put in the order of `fit`.
        y : object, default=None
            Not used.

        Returns
        -------
        pandas.DataFrame of shape (n_instances, n_features)
            A row for each instance.

        Raises
        ------
        NotFittedError
            If `fit` has not been called.
        ValueError
            If X cannot be read, or does not go with the training series.
        """
        self.check_is_fitted()
        X = in_order(as_panel(X, series=True), vars(self).get("_channel_names"))
        return super().transform(_listed(X), y)

    def _fit(self, X, y=None):
        X = _array(X)
        check_finite(values_of(X))
        warn_of_orientation(X)
        seed = draw_seed(self.random_state)
        blocks: list[Any] = list(
            source_blocks(
                self.sources, self.architectures, self.pooling, self.channels, self.scaling, seed,
                preprocessing=self.preprocessing,
            )
        )  # fmt: skip
        if self.amplitude:
            blocks.append(AmplitudeBlock())
        if not blocks:
            raise ValueError(
                "SourceFeatures needs at least one source, or amplitude=True. "
                f"Received: sources={self.sources!r}, amplitude={self.amplitude!r}"
            )
        self._blocks = [block.fit(X) for block in blocks]
        return self

    def _transform(self, X, y=None):
        X = _array(X)
        check_finite(values_of(X))
        tables = [
            pd.DataFrame(block.transform(X), columns=block.names(X.shape[1]))
            for block in self._blocks
        ]
        return pd.concat(tables, axis=1)

    @classmethod
    def get_test_params(cls, parameter_set="default"):
        """Return parameters that make a transformation short, for the suites of sktime.

        Parameters
        ----------
        parameter_set : str, default="default"
            Not used.

        Returns
        -------
        list of dict
            Two sets of parameters.
        """
        few = {"sources": ["EMG-simulated"], "architectures": ["MagNet"]}
        return [few, few | {"pooling": ("mean", "max"), "amplitude": False, "channels": "each"}]


def _listed(X):
    """Return frames of series of unequal length as a list of frames, all else as it is."""
    if isinstance(X, list) or not is_unequal(X):
        return X
    from sktime.datatypes import convert_to

    return convert_to(X, "df-list", as_scitype="Panel")


def _array(X):
    return X if isinstance(X, np.ndarray) else panel_of(X)
