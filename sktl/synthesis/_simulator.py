"""Simulators of the datasets as generators."""

from __future__ import annotations

import numpy as np

from sktl._checks import check_number
from sktl.synthesis._base import BaseGenerator


class SimulatorGenerator(BaseGenerator):
    """Generator that uses the simulator of a dataset and learns nothing from the training series.

    `fit` only checks that the simulator returns series of their shape, and their labels. For
    requested labels, `sample` simulates until it has enough instances of each. For requested
    numbers, it selects the simulated instances with the nearest numbers and returns those.

    Parameters
    ----------
    dataset : str
        Name of the dataset, see `sktl.datasets.list_datasets`.
    surplus : int, default=4
        For regression: number of simulated instances per selected one.
    task, random_state
        See `BaseGenerator`.

    Examples
    --------
    >>> from sktl.datasets import simulate_emg_pinch
    >>> from sktl.synthesis import SimulatorGenerator
    >>> X, y = simulate_emg_pinch(20, random_state=0)
    >>> generator = SimulatorGenerator("EMG").fit(X, y)
    >>> generator.sample(8, random_state=1)[0].shape
    (8, 3, 80)
    """

    _holds_series = False

    def __init__(self, dataset="EMG", surplus=4, task="auto", random_state=None):
        self.dataset = dataset
        self.surplus = surplus
        super().__init__(task, random_state)

    def _fit(self, X, targets, rng):
        from sktl.datasets import get_spec

        check_number("surplus", self.surplus, least=1, whole=True)
        spec = get_spec(get_spec(self.dataset).simulated_name)
        if spec.task != ("regression" if self.classes_ is None else "classification"):
            raise ValueError(
                f"y must be for {spec.task}, the task of {spec.name}. Received: y for "
                f"{'regression' if self.classes_ is None else 'classification'}"
            )
        if X.shape[1:] != (spec.n_channels, spec.n_timepoints):
            raise ValueError(
                f"X must have {spec.n_channels} channels and {spec.n_timepoints} time points, as "
                f"the series of {spec.name}. Received: {X.shape[1:]} (channels, time points)"
            )
        unknown = set() if self.classes_ is None else {*map(str, self.classes_)} - {*spec.classes}
        if unknown:
            raise ValueError(
                f"y must have the classes of {spec.name}, {list(spec.classes)}. "
                f"Received: {sorted(unknown)}"
            )
        return {}

    def sample(self, n=None, y=None, *, random_state=None):
        """Return simulated instances.

        Parameters
        ----------
        n, y, random_state
            See `BaseGenerator.sample`.

        Returns
        -------
        X : np.ndarray of shape (n, n_channels, n_timepoints), float32
            Simulated series.
        y : np.ndarray of shape (n,)
            Labels or numbers of the simulated series.
        """
        X, y = super().sample(n, y, random_state=random_state)
        return X, (self._simulated if self.classes_ is None else y)

    def _sample(self, targets, rng):
        from sktl.datasets import get_spec

        simulate = get_spec(self.dataset).simulate

        def draw(n):
            X, y = simulate(n, random_state=int(rng.integers(2**31)))[:2]
            return np.asarray(X), np.asarray(y)

        if self.classes_ is None:
            X, y = draw(self.surplus * len(targets))
            # Each instance is used once; targets select in random order among those that remain.
            y, free, chosen = y.astype(float), np.ones(len(y), bool), np.empty(len(targets), int)
            for wanted in rng.permutation(len(targets)):
                distance = np.where(free, np.abs(y - targets[wanted]), np.inf)
                chosen[wanted] = distance.argmin()
                free[chosen[wanted]] = False
            self._simulated = y[chosen]
            return X[chosen]
        labels = self.classes_.astype(str)[targets]
        made = np.empty((len(targets), *self.shape_), np.float32)
        missing = np.ones(len(targets), bool)
        while missing.any():
            X, y = draw(max(64, 2 * int(missing.sum())))
            for label in np.unique(labels[missing]):
                wanted = np.flatnonzero(missing & (labels == label))
                found = np.flatnonzero(y.astype(str) == label)[: len(wanted)]
                made[wanted[: len(found)]] = X[found]
                missing[wanted[: len(found)]] = False
        return made
