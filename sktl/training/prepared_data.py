"""What a fit has done before its training begins, so that several trainings can share it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Prepared:
    """Data as the network sees it: split, scaled, encoded.

    It depends on the estimator's parameters that neither `omega` nor the weights of the source
    touch; of the source it depends on the number of channels alone.

    Attributes
    ----------
    training : tuple of (inputs, targets, weights)
        The training part, see `sktl.training.loop.train`.
    validation : tuple of (inputs, targets) or None
        The held-out part.
    y_validation : np.ndarray or None
        Its labels or numbers as they were given.
    fitted : dict
        Attributes of every estimator that trains on it.
    frames_validation : np.ndarray of shape (n_instances, 2) or None
        What the targets of the held-out part are relative to; None: to nothing.
    given : bool
        Whether the held-out part was given to `fit`, which must not learn from it, and not split
        off by it.
    """

    training: tuple[list[np.ndarray], np.ndarray, np.ndarray]
    validation: tuple[list[np.ndarray], np.ndarray] | None
    y_validation: np.ndarray | None
    fitted: dict[str, Any]
    frames_validation: np.ndarray | None = None
    given: bool = False
