"""The training step on each of the three backends of Keras."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping

import numpy as np

from sktl.layers.fast_forms import inner_layers
from sktl.training.compiled_network import CompiledNetwork


class TensorFlowNetwork(CompiledNetwork):
    """Training on TensorFlow: a ``tf.function`` over the batches of an epoch.

    XLA compiles the single step, not the loop. Measured on two cores: XLA on the step doubled the
    speed of small convolutions on short series and halved it on long ones. XLA on the whole loop
    was ten times slower, and so was XLA on a long LSTM.
    """

    def _compile(self):
        import tensorflow as tf
        from keras import tree

        model, optimizer = self.model, self._optimizer
        inputs = [tf.TensorSpec((None, *x.shape[1:]), "float32") for x in model.inputs]
        rows = [*inputs, tf.TensorSpec((None, *model.outputs[0].shape[1:])), tf.TensorSpec((None,))]

        @tf.function(jit_compile=self._jit)
        def step(inputs, targets, weights, present):
            with tf.GradientTape() as tape:
                outputs = model(inputs, training=True)
                objective, total = self._objective(outputs, targets, weights, present, model.losses)
            gradients = tape.gradient(objective, model.trainable_variables)
            optimizer.apply(gradients, model.trainable_variables)
            return total

        @tf.function(
            input_signature=[
                rows,
                tf.TensorSpec((None, None), "int32"),
                tf.TensorSpec((None, None)),
            ]
        )
        def steps(data, batches, present):
            total = tf.constant(0.0)
            for number in tf.range(tf.shape(batches)[0]):
                *inputs, targets, weights = [tf.gather(part, batches[number]) for part in data]
                total += step(inputs, targets, weights, present[number])
            return total

        self.step, self._steps = step, steps
        # No training=False: it would override layers that were built to keep their dropout on.
        self._outputs = tf.function(
            lambda inputs: tree.flatten(model(inputs)),
            input_signature=[inputs],
        )

    def _train(self, data, batches, present):
        return self._steps(data, batches, present)

    def outputs(self, data):  # noqa: D102 (documented in CompiledNetwork)
        return [output.numpy() for output in self._outputs(data)]


class JaxNetwork(CompiledNetwork):
    """Training on JAX: the step is a jitted function of weights, other variables and optimizer."""

    def _compile(self):
        import jax

        model, optimizer = self.model, self._optimizer

        def objective(trained, state, inputs, targets, weights, present):
            outputs, state, penalties = model.stateless_call(
                trained, state, inputs, training=True, return_losses=True
            )
            value, total = self._objective(outputs, targets, weights, present, penalties)
            return value, (total, state)

        gradient = jax.grad(objective, has_aux=True)

        def step(everything, rows, present):
            trained, state, moments = everything
            *inputs, targets, weights = rows
            gradients, (total, state) = gradient(trained, state, inputs, targets, weights, present)
            trained, moments = optimizer.stateless_apply(moments, gradients, trained)
            return (trained, state, moments), total

        def outputs(trained, state, inputs):
            return model.stateless_call(trained, state, inputs)[0]

        self._step = jax.jit(step, donate_argnums=0)
        self._outputs = jax.jit(outputs)
        self._groups = (
            model.trainable_variables, model.non_trainable_variables, optimizer.variables
        )  # fmt: skip
        self._push()

    def _push(self):
        # Copies, because the step donates the buffers of its arguments.
        import jax.numpy as jnp

        self._state = tuple([jnp.array(v.value) for v in group] for group in self._groups)

    def _pull(self):
        import jax.numpy as jnp

        for group, values in zip(self._groups, self._state, strict=True):
            for variable, value in zip(group, values, strict=True):
                variable.assign(jnp.array(value))

    def _train(self, data, batches, present):
        # Batches are indexed outside the step, so that it is not recompiled for every n_instances.
        total = 0.0
        for batch, mask in zip(batches, present, strict=True):
            self._state, loss = self._step(self._state, [part[batch] for part in data], mask)
            total += loss
        return total

    def outputs(self, data):  # noqa: D102 (documented in CompiledNetwork)
        from keras import tree

        # Padded to a power of two or a whole batch, so that few batch sizes are compiled.
        count = len(data[0])
        missing = min(1 << (count - 1).bit_length(), self.prediction_batch) - count
        padded = [np.concatenate([part, np.repeat(part[:1], missing, axis=0)]) for part in data]
        outputs = self._outputs(*self._state[:2], padded)
        return [np.array(output)[:count] for output in tree.flatten(outputs)]


class TorchNetwork(CompiledNetwork):
    """Training on PyTorch in eager mode.

    Gradients are recorded within the training step only; `fixed_keras_settings` disables them
    elsewhere.
    """

    def _compile(self):
        self._variables = self.model.trainable_variables
        for layer in inner_layers(self.model):
            if getattr(layer, "seed_generator", None) is not None:
                _use_stream(layer.seed_generator)

    def _train(self, data, batches, present):
        import torch
        from keras import ops

        total = 0.0
        weights = [variable.value for variable in self._variables]
        for batch, mask in zip(*map(ops.convert_to_tensor, (batches, present)), strict=True):
            *inputs, targets, share = [part.index_select(0, batch) for part in data]
            with torch.enable_grad():
                outputs = self.model(inputs, training=True)
                objective, loss = self._objective(outputs, targets, share, mask, self.model.losses)
            gradients = torch.autograd.grad(objective, weights, allow_unused=True)
            self._optimizer.apply(gradients, self._variables)
            # A Python number would synchronise with the GPU at every step; a tensor does not.
            total += loss.detach()
        return total

    def outputs(self, data):  # noqa: D102 (documented in CompiledNetwork)
        from keras import ops, tree

        return [ops.convert_to_numpy(output) for output in tree.flatten(self.model(data))]


def _use_stream(stream):
    """Make dropout on PyTorch draw from the layer's stream, which `load` sets.

    Without a seed, whose value does not matter, Keras uses PyTorch's global random generator.
    """
    if not hasattr(stream, "_initial_seed"):
        warnings.warn(
            "This Keras keeps the seed of a dropout elsewhere: on PyTorch, fits with the same "
            f"random_state may differ. Received: {type(stream).__name__} without _initial_seed",
            RuntimeWarning,
            stacklevel=2,
        )
    elif stream._initial_seed is None:
        stream._initial_seed = 0


BACKENDS: dict[str, type[CompiledNetwork]] = {
    "tensorflow": TensorFlowNetwork, "jax": JaxNetwork, "torch": TorchNetwork,
}  # fmt: skip
"""The class that trains a network on each backend of Keras."""


def compile_network(
    model, loss: str, transferred: Iterable[str], jit: bool | int
) -> CompiledNetwork:
    """Compile a model for the backend that keras runs on.

    Parameters
    ----------
    model, loss, transferred, jit
        See `CompiledNetwork`.

    Returns
    -------
    CompiledNetwork
        Ready for `CompiledNetwork.reset`.

    Raises
    ------
    RuntimeError
        If keras runs on a backend that is not in `BACKENDS`.
    """
    kind = for_backend(BACKENDS, "sktl")
    return kind(model, loss, transferred, jit)


def for_backend(kinds: Mapping[str, type], who: str) -> type:
    """Return the class for the backend that keras runs on.

    Parameters
    ----------
    kinds : mapping of str to type
        Name of a backend to its class.
    who : str
        Name of the model, for the error message.

    Returns
    -------
    type
        The class for the current backend.

    Raises
    ------
    RuntimeError
        If `kinds` has no class for the current backend.
    """
    import keras

    backend = keras.backend.backend()
    if backend not in kinds:
        raise RuntimeError(
            f"{who} trains on these backends of keras: {', '.join(kinds)}; choose one by the "
            f"environment variable KERAS_BACKEND. Received: KERAS_BACKEND={backend!r}"
        )
    return kinds[backend]
