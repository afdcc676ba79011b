"""A conditional Wasserstein GAN with gradient penalty for multivariate series."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd

from sktl._checks import check_number
from sktl.synthesis._adversaries import (
    N_NOISE_CHANNELS,
    build_critic,
    build_generator,
    make_adversaries,
)
from sktl.synthesis._base import BaseGenerator
from sktl.training.compiled_network import initial_weights
from sktl.training.network_cache import lease
from sktl.training.preprocessing import standardisation
from sktl.training.quiet_import import import_keras

# A class counts as collapsed if the variance ratio of its samples to real instances is below this.
COLLAPSED = 0.05
_BATCH = 256
_COLUMNS = ["critic_loss", "distance", "generator_loss"]


class WGANGPGenerator(BaseGenerator):
    """A conditional Wasserstein GAN with gradient penalty [1]_.

    All channels are generated together, so that their dependence is learnt. The class or number is
    an input of both networks. The generator's weights are averaged over the last fifth of the
    training. Each channel is standardised. The network cannot represent amplitudes that differ by
    orders of magnitude between instances; transform such series with a logarithm first.

    Parameters
    ----------
    n_steps : int, default=1000
        Number of training steps of the generator; few instances need as many as more instances.
    n_critic : int, default=2
        Number of training steps of the critic before each of them.
    batch_size : int, default=32
        Instances per step, sampled with replacement.
    latent_size : int, default=32
        Length of the latent vector of an instance; white noise at every time point is added to it.
    filters : int, default=32
        Number of filters of the generator's convolutions and of the critic's first one.
    learning_rate : float, default=4e-3
        Learning rate of both optimizers.
    gradient_penalty : float, default=10.0
        Weight of the gradient penalty.
    task, random_state
        See `BaseGenerator`.

    Attributes
    ----------
    history_ : pandas.DataFrame
        One row per step of the generator, with the index from 1: ``critic_loss``, ``distance`` (the
        critic's estimate of the Wasserstein distance) and ``generator_loss``.
    diversity_ : pandas.Series
        Variance of the samples divided by that of the training instances, for each class (for all
        instances in regression); ideally 1; NaN for a class of equal instances. A warning of mode
        collapse is given for values below 0.05.

    Notes
    -----
    With few training instances the samples cannot be more diverse than these show. Compare the
    result with the other generators, which need no training.

    References
    ----------
    .. [1] I. Gulrajani, F. Ahmed, M. Arjovsky, V. Dumoulin, A. Courville (2017). Improved
       training of Wasserstein GANs. NIPS 2017.

    Examples
    --------
    >>> from sktime.datasets import load_unit_test
    >>> from sktl.synthesis import WGANGPGenerator
    >>> X, y = load_unit_test(return_type="numpy3D")
    >>> generator = WGANGPGenerator(n_steps=20, random_state=0).fit(X, y)
    >>> X_new, y_new = generator.sample(84, random_state=0)
    >>> X_new.shape, len(generator.history_)
    ((84, 1, 24), 20)
    """

    _holds_series = False

    def __init__(
        self,
        n_steps=1000,
        n_critic=2,
        batch_size=32,
        latent_size=32,
        filters=32,
        learning_rate=4e-3,
        gradient_penalty=10.0,
        task="auto",
        random_state=None,
    ):
        self.n_steps = n_steps
        self.n_critic = n_critic
        self.batch_size = batch_size
        self.latent_size = latent_size
        self.filters = filters
        self.learning_rate = learning_rate
        self.gradient_penalty = gradient_penalty
        super().__init__(task, random_state)

    @property
    def history_(self):
        """Losses of the training, one row per step of the generator."""
        index = pd.RangeIndex(1, len(self._learnt["history"]) + 1, name="step")
        return pd.DataFrame(self._learnt["history"], columns=_COLUMNS, index=index)

    @property
    def diversity_(self):
        """Variance of the samples divided by that of the training instances, for each class."""
        return pd.Series(self._learnt["diversity"], index=self.classes_)

    def _fit(self, X, targets, rng):
        for name in ("n_steps", "n_critic", "batch_size", "latent_size", "filters"):
            check_number(name, getattr(self, name), least=1, whole=True)
        check_number("learning_rate", self.learning_rate, least=0, above=True)
        check_number("gradient_penalty", self.gradient_penalty, least=0)
        if len(X) < 2:
            raise ValueError(f"A GAN needs at least two instances. Received: {len(X)}")
        center, scale = np.array([standardisation(channel) for channel in np.moveaxis(X, 1, 0)]).T
        constant = np.ptp(X, axis=(0, 2)) == 0
        learnt = {"center": center, "scale": np.where(constant, 0.0, scale)}
        if self.classes_ is None:
            learnt["number_center"], learnt["number_scale"] = standardisation(targets)
        real = ((X.transpose(0, 2, 1) - center) / scale).astype(np.float32)
        with self._lease() as adversaries:
            weights, history = self._train(
                adversaries, real, self._conditions(targets, learnt), rng
            )
        learnt |= {f"weights/{path}": values for path, values in weights.items()}
        return learnt | {"history": history}

    def _lease(self):
        keras = import_keras()
        n_conditions = 1 if self.classes_ is None else len(self.classes_)
        shape = (self.shape_[0], self.shape_[1], n_conditions)
        sizes = self.latent_size, self.filters
        key = ("WGAN-GP", shape, sizes, self.gradient_penalty, self.learning_rate)
        return lease(
            (*key, keras.backend.backend()),
            lambda: make_adversaries(
                build_generator(*shape, *sizes),
                build_critic(*shape, self.filters),
                self.gradient_penalty,
                self.learning_rate,
            ),
        )

    def _train(self, adversaries, real, conditions, rng):
        adversaries.reset(
            {name: initial_weights(model, rng) for name, model in adversaries.models.items()}
        )
        history = np.empty((self.n_steps, len(_COLUMNS)))
        averaged_from = self.n_steps - max(1, self.n_steps // 5)
        every = max(1, self.n_steps // 100)
        count, mean = 0, dict[str, np.ndarray]()
        for step in range(self.n_steps):
            for _ in range(self.n_critic):
                batch = rng.integers(len(real), size=self.batch_size)
                mixing = rng.random((self.batch_size, 1, 1), dtype=np.float32)
                inputs = self._inputs(conditions[batch], rng)
                history[step, :2] = adversaries.train_critic(real[batch], mixing, inputs)
            batch = rng.integers(len(real), size=self.batch_size)
            history[step, 2] = adversaries.train_generator(self._inputs(conditions[batch], rng))
            if not np.isfinite(history[step]).all():
                raise FloatingPointError(
                    "The GAN diverged. Lower learning_rate, or look for extreme values in X. "
                    f"Received: {history[step].tolist()} at step {step + 1}"
                )
            if step >= averaged_from and (self.n_steps - 1 - step) % every == 0:
                count += 1
                for path, values in adversaries.weights().items():
                    before = mean.get(path, np.zeros_like(values))
                    mean[path] = before + (values - before) / count
        return {path: values.astype(np.float32) for path, values in mean.items()}, history

    def _conditions(self, targets, learnt):
        if self.classes_ is None:
            center, scale = (float(learnt[f"number_{k}"]) for k in ("center", "scale"))
            return ((targets - center) / scale).astype(np.float32)[:, None]
        return np.eye(len(self.classes_), dtype=np.float32)[targets]

    def _inputs(self, conditions, rng):
        latent = rng.standard_normal((len(conditions), self.latent_size), dtype=np.float32)
        size = len(conditions), self.shape_[1], N_NOISE_CHANNELS
        return [latent, rng.standard_normal(size, dtype=np.float32), conditions]

    def _sample(self, targets, rng):
        weights = {
            name.removeprefix("weights/"): values
            for name, values in self._learnt.items()
            if name.startswith("weights/")
        }
        conditions = self._conditions(targets, self._learnt)
        made = []
        with self._lease() as adversaries:
            adversaries.load(weights)
            for start in range(0, len(targets), _BATCH):
                inputs = self._inputs(conditions[start : start + _BATCH], rng)
                made.append(adversaries.generate(inputs))
        series = np.concatenate(made).astype(np.float64)
        return (series * self._learnt["scale"] + self._learnt["center"]).transpose(0, 2, 1)

    def _check_samples(self, X, targets, rng):
        samples = self._sample(np.tile(targets, max(1, 200 // len(targets))), rng)
        groups = np.zeros(len(X), int) if self.classes_ is None else targets
        scale = np.where(self._learnt["scale"] > 0, self._learnt["scale"], 1.0)[:, None]
        of_samples = np.resize(groups, len(samples))
        ratios = []
        for group in np.unique(groups):
            made, real = (
                ((series[own == group]) / scale).var(axis=0).sum()
                for series, own in ((samples, of_samples), (X, groups))
            )
            ratios.append(made / real if real > 1e-12 else np.nan)
        self._learnt["diversity"] = np.array(ratios)
        collapsed = np.flatnonzero(self._learnt["diversity"] < COLLAPSED)
        if len(collapsed):
            which = "all instances" if self.classes_ is None else self.classes_[collapsed].tolist()
            warnings.warn(
                f"Mode collapse: the variance of the samples is below {COLLAPSED} times that of "
                "the training instances. Train longer (n_steps), lower learning_rate, or use "
                f"another generator. Received: {which}",
                RuntimeWarning,
                stacklevel=3,
            )
