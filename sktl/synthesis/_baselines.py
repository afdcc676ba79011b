"""Generators without a network, as baselines for those with one."""

from __future__ import annotations

import numpy as np

from sktl._checks import check_number
from sktl.synthesis._base import BaseGenerator


class _OfInstances(BaseGenerator):
    """Generator that stores the training panel and makes new instances from it."""

    def _fit(self, X, targets, rng):
        self._check()
        return {"X": X, "center": X.mean(axis=(0, 2)), "scale": _spread(X)}

    def _check(self):
        """Raise ValueError if a parameter is not valid."""

    def _nearest(self, targets, rng):
        """Return the index of an instance for each target: of its class, or the nearest number."""
        known = self._learnt["training_targets"]
        chosen = np.empty(len(targets), int)
        for target in np.unique(targets):
            distance = np.abs(known - target)
            candidates = np.flatnonzero(distance == distance.min())
            wanted = np.flatnonzero(targets == target)
            # In turns, so that all instances are used equally often.
            turns = rng.permutation(candidates)
            chosen[wanted] = np.resize(turns, len(wanted))
        return chosen


class ResamplingGenerator(_OfInstances):
    """Copies of training instances, as a baseline for the effect of longer training.

    An improvement over this generator is due to the samples, not to the number of training steps.

    Parameters
    ----------
    task, random_state
        See `BaseGenerator`.

    Examples
    --------
    >>> import numpy as np
    >>> from sktl.synthesis import ResamplingGenerator
    >>> X, y = np.arange(8.0).reshape(4, 1, 2), np.array(["a", "a", "b", "b"])
    >>> ResamplingGenerator().fit(X, y).sample(y=["b"], random_state=0)[0].shape
    (1, 1, 2)
    """

    def _sample(self, targets, rng):
        return self._learnt["X"][self._nearest(targets, rng)]


class AugmentationGenerator(_OfInstances):
    """Training instances with added noise, scaled amplitudes and a warped time axis [1]_.

    Parameters
    ----------
    jitter : float, default=0.05
        Standard deviation of the white noise, as a fraction of each channel's.
    scaling : float, default=0.1
        Standard deviation of the logarithm of the factor by which each channel's deviation from
        its mean is multiplied.
    warping : float, default=0.1
        Standard deviation of the shift of the time axis at four knots, as a fraction of the
        distance between knots; all channels are warped in the same way.
    task, random_state
        See `BaseGenerator`.

    References
    ----------
    .. [1] T. T. Um, et al. (2017). Data augmentation of wearable sensor data for Parkinson's
       disease monitoring using convolutional neural networks. ICMI 2017.

    Examples
    --------
    >>> from sktime.datasets import load_unit_test
    >>> from sktl.synthesis import AugmentationGenerator
    >>> X, y = load_unit_test(return_type="numpy3D")
    >>> X_new, y_new = AugmentationGenerator().fit(X, y).sample(84, random_state=0)
    >>> X_new.shape, sorted(set(y_new.tolist()))
    ((84, 1, 24), ['1', '2'])
    """

    def __init__(self, jitter=0.05, scaling=0.1, warping=0.1, task="auto", random_state=None):
        self.jitter = jitter
        self.scaling = scaling
        self.warping = warping
        super().__init__(task, random_state)

    def _check(self):
        for name in ("jitter", "scaling", "warping"):
            check_number(name, getattr(self, name), least=0)

    def _sample(self, targets, rng):
        X = self._learnt["X"][self._nearest(targets, rng)]
        n, channels, length = X.shape
        time = np.arange(length)
        knots = np.linspace(0, length - 1, 6)
        shift = rng.normal(0, self.warping * (knots[1] - knots[0]), (n, 6))
        shift[:, [0, -1]] = 0
        for instance, own in zip(X, shift, strict=True):
            warped = np.maximum.accumulate(time + np.interp(time, knots, own))
            warped = np.clip(warped, 0, length - 1)
            instance[:] = [np.interp(warped, time, channel) for channel in instance]
        center, scale = (self._learnt[name][:, None] for name in ("center", "scale"))
        X = center + (X - center) * np.exp(rng.normal(0, self.scaling, (n, channels, 1)))
        return X + rng.normal(0, self.jitter, X.shape) * scale


class MixupGenerator(_OfInstances):
    """Weighted means of two training instances [1]_.

    For classification, both instances have the same class. For regression, their targets lie on
    both sides of the requested number, and the weights interpolate it.

    Parameters
    ----------
    alpha : float, default=0.4
        For classification: parameter of the symmetric beta distribution of the weights; with a
        large value the weights are close to 0.5.
    n_neighbors : int, default=3
        For regression: each of the two instances is selected at random among this number of
        instances with the nearest targets on its side.
    task, random_state
        See `BaseGenerator`.

    References
    ----------
    .. [1] H. Zhang, M. Cisse, Y. N. Dauphin, D. Lopez-Paz (2018). mixup: beyond empirical risk
       minimization. ICLR 2018.

    Examples
    --------
    >>> import numpy as np
    >>> from sktl.synthesis import MixupGenerator
    >>> X, y = np.array([[[0.0, 0.0]], [[1.0, 2.0]]]), np.array([0.0, 1.0])
    >>> MixupGenerator().fit(X, y).sample(y=[0.25])[0].tolist()
    [[[0.25, 0.5]]]
    """

    def __init__(self, alpha=0.4, n_neighbors=3, task="auto", random_state=None):
        self.alpha = alpha
        self.n_neighbors = n_neighbors
        super().__init__(task, random_state)

    def _check(self):
        check_number("alpha", self.alpha, least=0, above=True)
        check_number("n_neighbors", self.n_neighbors, least=1, whole=True)

    def _sample(self, targets, rng):
        if self.classes_ is None:
            first, second, weight = self._sides(targets, rng)
        else:
            first = self._nearest(targets, rng)
            known = self._learnt["training_targets"]
            second = np.array([rng.choice(np.flatnonzero(known == t)) for t in targets])
            weight = rng.beta(self.alpha, self.alpha, len(targets))
        weight = weight[:, None, None]
        return weight * self._learnt["X"][first] + (1 - weight) * self._learnt["X"][second]

    def _sides(self, targets, rng):
        known = self._learnt["training_targets"]
        order = np.argsort(known, kind="stable")
        pairs = []
        for target in targets:
            low = order[known[order] <= target][-self.n_neighbors :]
            high = order[known[order] >= target][: self.n_neighbors]
            # Outside the range of the training targets there is only one side.
            pairs.append((rng.choice(low if len(low) else high[:1]),
                          rng.choice(high if len(high) else low[-1:])))  # fmt: skip
        first, second = np.array(pairs).T
        gap = known[second] - known[first]
        weight = np.where(gap > 0, (known[second] - targets) / np.where(gap > 0, gap, 1), 1.0)
        return first, second, np.clip(weight, 0, 1)


class NoiseGenerator(BaseGenerator):
    """White noise with each channel's mean and standard deviation, independent of the target.

    A control for pre-training: neither the shape of the series nor the targets can be learnt from
    it, so any gain comes from the training steps and from the level and scale of the series.

    Parameters
    ----------
    task, random_state
        See `BaseGenerator`.

    Examples
    --------
    >>> from sktime.datasets import load_unit_test
    >>> from sktl.synthesis import NoiseGenerator
    >>> X, y = load_unit_test(return_type="numpy3D")
    >>> NoiseGenerator().fit(X, y).sample(10, random_state=0)[0].shape
    (10, 1, 24)
    """

    _holds_series = False

    def _fit(self, X, targets, rng):
        return {"center": X.mean(axis=(0, 2)), "scale": _spread(X), "length": np.array(X.shape[2])}

    def _sample(self, targets, rng):
        center, scale = (self._learnt[name][:, None] for name in ("center", "scale"))
        size = len(targets), len(center), int(self._learnt["length"])
        return center + scale * rng.normal(size=size)


class ClassMeanGenerator(BaseGenerator):
    """The class mean plus white noise with the standard deviation within the class.

    For regression, the mean is a kernel regression (Nadaraya-Watson) at the requested number, with
    a Gaussian kernel and Silverman's bandwidth.

    Parameters
    ----------
    noise : float, default=1.0
        Standard deviation of the noise, as a multiple of the standard deviation within the class at
        each channel and time point. A class of one instance uses the pooled standard deviation.
    task, random_state
        See `BaseGenerator`.

    Examples
    --------
    >>> from sktime.datasets import load_unit_test
    >>> from sktl.synthesis import ClassMeanGenerator
    >>> X, y = load_unit_test(return_type="numpy3D")
    >>> ClassMeanGenerator().fit(X, y).sample(10, random_state=0)[0].shape
    (10, 1, 24)
    """

    def __init__(self, noise=1.0, task="auto", random_state=None):
        self.noise = noise
        super().__init__(task, random_state)

    def _fit(self, X, targets, rng):
        check_number("noise", self.noise, least=0)
        if self.classes_ is None:
            spread = targets.std()
            width = 1.06 * spread * len(targets) ** -0.2 if spread > 0 else 1.0
            residual = X - _smoothed(targets, X, targets, width)
            return {"X": X, "width": np.array(width), "spread": residual.std(axis=0)[None]}
        counts = np.bincount(targets)
        means = np.array([X[targets == number].mean(axis=0) for number in range(len(counts))])
        squares = (X - means[targets]) ** 2
        freedom = len(X) - len(counts)
        if freedom == 0 and self.noise > 0:
            raise ValueError(
                "The standard deviation within classes needs two instances of one class; use "
                f"noise=0 for class means only. Received: {len(X)} instances of {len(counts)} "
                "classes"
            )
        pooled = np.sqrt(squares.sum(axis=0) / max(freedom, 1))
        spread = np.array(
            [
                np.sqrt(squares[targets == number].sum(axis=0) / (count - 1))
                if count > 1
                else pooled
                for number, count in enumerate(counts)
            ]
        )
        return {"means": means, "spread": spread}

    def _sample(self, targets, rng):
        if self.classes_ is None:
            known = self._learnt["training_targets"]
            mean = _smoothed(known, self._learnt["X"], targets, self._learnt["width"])
            spread = self._learnt["spread"]
        else:
            mean, spread = self._learnt["means"][targets], self._learnt["spread"][targets]
        return mean + self.noise * spread * rng.normal(size=mean.shape)


def _spread(X):
    """Return each channel's standard deviation, 0 within rounding: constants stay constant."""
    scale = X.std(axis=(0, 2))
    scale[scale < 1e-9 * np.abs(X).max(axis=(0, 2))] = 0
    return scale


def _smoothed(known, X, targets, width):
    """Return the kernel regression of the instances at each target."""
    exponent = -0.5 * ((targets[:, None] - known) / width) ** 2
    # Relative to the largest weight, so that a distant target gives its nearest neighbour, not NaN.
    weights = np.exp(exponent - exponent.max(axis=1, keepdims=True))
    return np.tensordot(weights / weights.sum(axis=1, keepdims=True), X, axes=1)
