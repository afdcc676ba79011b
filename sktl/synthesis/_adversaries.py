"""Generator and critic of a WGAN-GP, with one compiled step for each.

The gradient penalty needs the gradient of a gradient, which the backends write differently; all
else is shared. Everything random (batches, noise, mixing weights) comes in as arrays drawn by
numpy: all backends get the same numbers.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from sktl.training.backends import for_backend
from sktl.training.compiled_network import weight_names
from sktl.training.optimizer import two_speed_adam

# Channels of white noise that join the generator's features at full length.
N_NOISE_CHANNELS = 2
SLOPE = 0.2


def build_generator(n_channels, n_timepoints, n_conditions, latent_size, filters):
    """Build the network that turns noise and a condition into a series.

    A short series of features is doubled in length as often as needed, convolved in between.
    White noise joins at full length: what is noise in the data need not be kept in the weights.

    Parameters
    ----------
    n_channels, n_timepoints : int
        Shape of an instance.
    n_conditions : int
        Numbers that say what is wanted.
    latent_size : int
        Numbers drawn for an instance.
    filters : int
        Filters of the convolutions.

    Returns
    -------
    keras.Model
        Of (latent, noise, condition); gives ``(batch, n_timepoints, n_channels)``.
    """
    import keras
    from keras import layers

    doublings = max(0, math.ceil(math.log2(n_timepoints / 16)))
    start = math.ceil(n_timepoints / 2**doublings)
    latent = keras.Input((latent_size,), name="latent")
    noise = keras.Input((n_timepoints, N_NOISE_CHANNELS), name="noise")
    condition = keras.Input((n_conditions,), name="condition")
    x = layers.Concatenate(name="g_join")([latent, condition])
    x = layers.Dense(start * filters, name="g_dense")(x)
    x = layers.LeakyReLU(SLOPE, name="g_relu0")(layers.Reshape((start, filters), name="g_shape")(x))
    for number in range(1, doublings + 1):
        x = layers.UpSampling1D(2, name=f"g_double{number}")(x)
        x = layers.Conv1D(filters, 5, padding="same", name=f"g_conv{number}")(x)
        x = layers.LeakyReLU(SLOPE, name=f"g_relu{number}")(x)
    surplus = x.shape[1] - n_timepoints
    if surplus:
        x = layers.Cropping1D((surplus // 2, surplus - surplus // 2), name="g_crop")(x)
    x = layers.Concatenate(name="g_noise")([x, noise])
    x = layers.Conv1D(filters, 5, padding="same", name="g_mix")(x)
    x = layers.LeakyReLU(SLOPE, name="g_mix_relu")(x)
    x = layers.Conv1D(n_channels, 5, padding="same", name="g_series")(x)
    return keras.Model([latent, noise, condition], x, name="generator")


def build_critic(n_channels, n_timepoints, n_conditions, filters):
    """Build the network that scores series: high where they look real for their condition.

    The spread over the batch joins the features, so that a generator which always gives the same
    series is found out [1]_.

    Parameters
    ----------
    n_channels, n_timepoints, n_conditions, filters
        See `build_generator`.

    Returns
    -------
    keras.Model
        Of (series, condition); gives ``(batch, 1)``.

    References
    ----------
    .. [1] T. Karras, T. Aila, S. Laine, J. Lehtinen (2018). Progressive growing of GANs for
       improved quality, stability, and variation. ICLR 2018.
    """
    import keras
    from keras import layers, ops

    series = keras.Input((n_timepoints, n_channels), name="series")
    condition = keras.Input((n_conditions,), name="condition")
    repeated = layers.RepeatVector(n_timepoints, name="c_repeat")(condition)
    x = layers.Concatenate(name="c_join")([series, repeated])
    for number, width in enumerate((filters, 2 * filters, 2 * filters), start=1):
        x = layers.Conv1D(width, 5, strides=2, padding="same", name=f"c_conv{number}")(x)
        x = layers.LeakyReLU(SLOPE, name=f"c_relu{number}")(x)
    x = layers.Flatten(name="c_flat")(x)
    # Not std: its gradient is infinite where all instances are equal.
    spread = ops.mean(ops.sqrt(ops.var(x, axis=0, keepdims=True) + 1e-6), axis=1, keepdims=True)
    x = layers.Concatenate(name="c_spread")([x, ops.zeros_like(x[:, :1]) + spread])
    x = layers.Dense(1, name="c_score")(x)
    return keras.Model([series, condition], x, name="critic")


class Adversaries:
    """Generator, critic, an Adam for each, and their compiled steps.

    Parameters
    ----------
    generator, critic : keras.Model
        The networks.
    penalty : float
        Weight of the gradient penalty.
    learning_rate : float
        Of both.
    """

    def __init__(self, generator, critic, penalty: float, learning_rate: float):
        self.models = {"generator": generator, "critic": critic}
        self.penalty = penalty
        self._rate = learning_rate
        self._optimizers = {
            # Gulrajani et al. 2017 take no momentum in the first moment; 0.5 learns faster here.
            name: two_speed_adam(learning_rate=learning_rate, beta_1=0.5, beta_2=0.9)
            for name in self.models
        }
        for name, optimizer in self._optimizers.items():
            optimizer.build(self.models[name].trainable_variables)
        self._compile()

    def reset(self, weights: Mapping[str, Mapping[str, np.ndarray]]) -> None:
        """Begin a new training.

        Parameters
        ----------
        weights : mapping of str to mapping
            Weights of "generator" and of "critic".
        """
        for name, optimizer in self._optimizers.items():
            for variable in optimizer.variables:
                variable.assign(np.zeros(variable.shape, variable.dtype))
            optimizer.learning_rate = self._rate
            self._load(name, weights[name])
        self._push()

    def load(self, weights: Mapping[str, np.ndarray]) -> None:
        """Set the generator's weights.

        Parameters
        ----------
        weights : mapping of str to np.ndarray
            By path.
        """
        self._load("generator", weights)
        self._push()

    def _load(self, name, weights):
        for path, variable in weight_names(self.models[name]).items():
            variable.assign(weights[path])

    def weights(self) -> dict[str, np.ndarray]:
        """Return a copy of the generator's weights.

        Returns
        -------
        dict of str to np.ndarray
            By path.
        """
        from keras import ops

        self._pull()
        named = weight_names(self.models["generator"])
        return {path: np.array(ops.convert_to_numpy(v)) for path, v in named.items()}

    def generate(self, inputs: list[np.ndarray]) -> np.ndarray:
        """Make series.

        Parameters
        ----------
        inputs : list of np.ndarray
            Latent, noise and condition.

        Returns
        -------
        np.ndarray of shape (batch, n_timepoints, n_channels)
            Series.
        """
        from keras import ops

        self._pull()
        return np.array(ops.convert_to_numpy(self.models["generator"](inputs)))

    def train_critic(self, real, mixing, inputs) -> tuple[float, float]:
        """Make one step of the critic.

        Parameters
        ----------
        real : np.ndarray of shape (batch, n_timepoints, n_channels)
            Real series.
        mixing : np.ndarray of shape (batch, 1, 1)
            Where between a real and a made series the slope is measured, 0 to 1.
        inputs : list of np.ndarray
            Latent, noise and condition of the made series; real ones have the same condition.

        Returns
        -------
        loss, distance : float
            Loss with the penalty, and the estimate of the Wasserstein distance.
        """
        raise NotImplementedError

    def train_generator(self, inputs) -> float:
        """Make one step of the generator.

        Parameters
        ----------
        inputs : list of np.ndarray
            Latent, noise and condition.

        Returns
        -------
        float
            Its loss.
        """
        raise NotImplementedError

    def _compile(self) -> None:
        raise NotImplementedError

    def _push(self) -> None: ...

    def _pull(self) -> None: ...


def _penalty(slopes):
    """Return the mean squared distance of the slopes' lengths from one."""
    from keras import ops

    lengths = ops.sqrt(ops.sum(ops.square(slopes), axis=(1, 2)) + 1e-12)
    return ops.mean(ops.square(lengths - 1))


class TensorFlowAdversaries(Adversaries):
    """Steps as ``tf.function``; the slope by a tape within the tape."""

    def _compile(self):
        import tensorflow as tf

        generator, critic = self.models["generator"], self.models["critic"]

        @tf.function
        def critic_step(real, mixing, inputs):
            condition = inputs[2]
            made = generator(inputs)
            mixed = mixing * real + (1 - mixing) * made
            with tf.GradientTape() as tape:
                with tf.GradientTape() as inner:
                    inner.watch(mixed)
                    scores = critic([mixed, condition])
                slopes = inner.gradient(scores, mixed)
                distance = tf.reduce_mean(critic([real, condition])) - tf.reduce_mean(
                    critic([made, condition])
                )
                loss = self.penalty * _penalty(slopes) - distance
            gradients = tape.gradient(loss, critic.trainable_variables)
            self._optimizers["critic"].apply(gradients, critic.trainable_variables)
            return loss, distance

        @tf.function
        def generator_step(inputs):
            with tf.GradientTape() as tape:
                loss = -tf.reduce_mean(critic([generator(inputs), inputs[2]]))
            gradients = tape.gradient(loss, generator.trainable_variables)
            self._optimizers["generator"].apply(gradients, generator.trainable_variables)
            return loss

        self._steps = critic_step, generator_step
        self._tensors = lambda arrays: [tf.constant(array) for array in arrays]

    def train_critic(self, real, mixing, inputs):
        loss, distance = self._steps[0](*self._tensors([real, mixing]), self._tensors(inputs))
        return float(loss), float(distance)

    def train_generator(self, inputs):
        return float(self._steps[1](self._tensors(inputs)))


class JaxAdversaries(Adversaries):
    """Steps as jitted functions of the state; the slope by a gradient within the gradient."""

    def _compile(self):
        import jax

        generator, critic = self.models["generator"], self.models["critic"]

        def apply(model, trained, fixed, inputs):
            return model.stateless_call(trained, fixed, inputs)[0]

        def critic_loss(trained, fixed, real, made, mixing, condition):
            def score(series):
                return apply(critic, trained, fixed, [series, condition])

            slopes = jax.grad(lambda series: score(series).sum())(
                mixing * real + (1 - mixing) * made
            )
            distance = score(real).mean() - score(made).mean()
            return self.penalty * _penalty(slopes) - distance, distance

        def critic_step(state, real, mixing, inputs):
            (g, g_fixed, _), (c, c_fixed, moments) = state
            made = apply(generator, g, g_fixed, inputs)
            (loss, distance), gradients = jax.value_and_grad(critic_loss, has_aux=True)(
                c, c_fixed, real, made, mixing, inputs[2]
            )
            c, moments = self._optimizers["critic"].stateless_apply(moments, gradients, c)
            return (state[0], (c, c_fixed, moments)), loss, distance

        def generator_loss(g, g_fixed, c, c_fixed, inputs):
            made = apply(generator, g, g_fixed, inputs)
            return -apply(critic, c, c_fixed, [made, inputs[2]]).mean()

        def generator_step(state, inputs):
            (g, g_fixed, moments), (c, c_fixed, _) = state
            loss, gradients = jax.value_and_grad(generator_loss)(g, g_fixed, c, c_fixed, inputs)
            g, moments = self._optimizers["generator"].stateless_apply(moments, gradients, g)
            return ((g, g_fixed, moments), state[1]), loss

        self._steps = jax.jit(critic_step), jax.jit(generator_step)
        self._groups = [
            (model.trainable_variables, model.non_trainable_variables,
             self._optimizers[name].variables)
            for name, model in self.models.items()
        ]  # fmt: skip
        self._push()

    def _push(self):
        self._state = tuple(
            tuple([variable.value for variable in group] for group in groups)
            for groups in self._groups
        )

    def _pull(self):
        for groups, states in zip(self._groups, self._state, strict=True):
            for group, values in zip(groups, states, strict=True):
                for variable, value in zip(group, values, strict=True):
                    variable.assign(value)

    def train_critic(self, real, mixing, inputs):
        self._state, loss, distance = self._steps[0](self._state, real, mixing, inputs)
        return float(loss), float(distance)

    def train_generator(self, inputs):
        self._state, loss = self._steps[1](self._state, inputs)
        return float(loss)


class TorchAdversaries(Adversaries):
    """Steps as they come; the slope's own graph is kept for the gradient."""

    def _compile(self):
        pass

    def train_critic(self, real, mixing, inputs):
        import torch
        from keras import ops

        critic = self.models["critic"]
        real, mixing, *inputs = map(ops.convert_to_tensor, (real, mixing, *inputs))
        made = self.models["generator"](inputs)
        mixed = (mixing * real + (1 - mixing) * made).requires_grad_()
        with torch.enable_grad():
            scores = critic([mixed, inputs[2]])
            (slopes,) = torch.autograd.grad(scores.sum(), mixed, create_graph=True)
            distance = critic([real, inputs[2]]).mean() - critic([made, inputs[2]]).mean()
            loss = self.penalty * _penalty(slopes) - distance
        self._apply("critic", loss)
        return loss.item(), distance.item()

    def train_generator(self, inputs):
        import torch
        from keras import ops

        inputs = [ops.convert_to_tensor(array) for array in inputs]
        with torch.enable_grad():
            loss = -self.models["critic"]([self.models["generator"](inputs), inputs[2]]).mean()
        self._apply("generator", loss)
        return loss.item()

    def _apply(self, name, loss):
        import torch

        variables = self.models[name].trainable_variables
        gradients = torch.autograd.grad(loss, [variable.value for variable in variables])
        self._optimizers[name].apply(gradients, variables)


def make_adversaries(generator, critic, penalty: float, learning_rate: float) -> Adversaries:
    """Make the adversaries for the backend that keras runs on.

    Parameters
    ----------
    generator, critic, penalty, learning_rate
        See `Adversaries`.

    Returns
    -------
    Adversaries
        Ready for `Adversaries.reset`.

    Raises
    ------
    RuntimeError
        If keras runs on a backend other than TensorFlow, JAX and PyTorch.
    """
    kinds = {"tensorflow": TensorFlowAdversaries, "jax": JaxAdversaries, "torch": TorchAdversaries}
    kind = for_backend(kinds, "The WGAN-GP")
    return kind(generator, critic, penalty, learning_rate)
