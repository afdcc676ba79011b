"""One network with its optimizer and compiled steps, made once and used for many fits.

Building and tracing a network takes seconds, a short fit hardly more. Everything that changes
from fit to fit (weights, optimizer state, learning rate, omega, random streams) is a variable
here, so fits of one shape take turns on one compiled network from `borrow`. The two backends
differ only in how a step is compiled.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

# Instances whose features are held at once in prediction.
PREDICTION_BATCH = 256
# Idle networks kept for the next fit, the least recently used dropped first.
MAX_IDLE = 16

_idle: OrderedDict[Hashable, list[CompiledNetwork]] = OrderedDict()
_lock = threading.Lock()


@contextmanager
def borrow(key: Hashable, make: Callable[[], CompiledNetwork]) -> Iterator[CompiledNetwork]:
    """Lend a compiled network; nobody else has it until it is given back.

    Parameters
    ----------
    key : hashable
        All that shapes the network.
    make : callable
        Makes the network where none is idle.

    Yields
    ------
    CompiledNetwork
        With the weights of whoever used it last.
    """
    with _lock:
        waiting = _idle.get(key)
        network = waiting.pop() if waiting else None
    network = network or make()
    yield network
    # Not given back after an error: its state is unknown then.
    with _lock:
        _idle.setdefault(key, []).append(network)
        _idle.move_to_end(key)
        while sum(map(len, _idle.values())) > MAX_IDLE:
            oldest = next(iter(_idle))
            _idle[oldest].pop(0)
            if not _idle[oldest]:
                del _idle[oldest]


def forget() -> None:
    """Drop all idle networks, so that the next fit builds and compiles its own."""
    with _lock:
        _idle.clear()


def weight_names(model) -> dict[str, Any]:
    """Name the weights of a model, without the states of its random streams.

    Parameters
    ----------
    model : keras.Model
        The network.

    Returns
    -------
    dict of str to keras.Variable
        ``"layer/weight"`` to variable, in the model's order.
    """
    return {variable.path: variable for variable in model.weights}


def initial_weights(model, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Draw new weights by the initialisers of a model's layers.

    Parameters
    ----------
    model : keras.Model
        The network; it is left as it is.
    rng : numpy.random.Generator
        Gives the initialisers' seeds.

    Returns
    -------
    dict of str to np.ndarray
        ``"layer/weight"`` to values.
    """
    from keras import initializers, ops

    drawn = {}
    owners = {
        variable.path: (layer, variable)
        for layer in model._flatten_layers(include_self=False)
        for variable in (*layer._trainable_variables, *layer._non_trainable_variables)
    }
    for path in weight_names(model):
        layer, variable = owners[path]
        name = {"recurrent_kernel": "recurrent"}.get(variable.name, variable.name)
        initializer = initializers.get(getattr(layer, f"{name}_initializer"))
        config = initializer.get_config()
        if "seed" in config:
            initializer = type(initializer).from_config(
                {**config, "seed": int(rng.integers(2**31))}
            )
        values = np.array(ops.convert_to_numpy(initializer(variable.shape, dtype=variable.dtype)))
        if name == "bias" and getattr(layer, "unit_forget_bias", False):
            values[layer.units : 2 * layer.units] = 1
        drawn[path] = values
    return drawn


class CompiledNetwork:
    """A network, Adam with a learning rate for each of two groups, and compiled steps.

    Parameters
    ----------
    model : keras.Model
        The network; inputs are (series, ) or (series, stream max).
    loss : str
        Keras name of the loss.
    transferred : iterable of str
        Names of the layers that train at omega times the learning rate.
    jit : bool
        Compile the training step with XLA (TensorFlow only; JAX always does).
    """

    def __init__(self, model, loss: str, transferred: Iterable[str], jit: bool):
        from keras import losses

        self.model = model
        self._loss = losses.get(loss)
        self._jit = jit
        layers = set(transferred)
        self._optimizer = _adam_of_two_speeds(
            {
                index
                for index, variable in enumerate(model.trainable_variables)
                if variable.path.split("/")[0] in layers
            }
        )
        self._optimizer.build(model.trainable_variables)
        self._weights = weight_names(model)
        self._seeds = [v for v in model.non_trainable_variables if v.path not in self._weights]
        # Batch statistics must not see the padding of an incomplete batch.
        self._pads = not any("BatchNormalization" in type(x).__name__ for x in model.layers)
        self._compile()

    def reset(
        self, weights: Mapping[str, np.ndarray], omega: float, learning_rate: float, seed: int
    ) -> None:
        """Begin a new fit: set the weights and clear everything else.

        Parameters
        ----------
        weights : mapping of str to np.ndarray
            ``"layer/weight"`` to values, all of them.
        omega : float
            Multiplier of the transferred layers' learning rate.
        learning_rate : float
            Learning rate of the other layers.
        seed : int
            Seed of the dropout.
        """
        for variable in self._optimizer.variables:
            variable.assign(np.zeros(variable.shape, variable.dtype))
        self._optimizer.omega.assign(omega)
        self._optimizer.learning_rate = learning_rate
        self.load(weights, seed)

    def load(self, weights: Mapping[str, np.ndarray], seed: int) -> None:
        """Set the weights and the random streams.

        Parameters
        ----------
        weights : mapping of str to np.ndarray
            ``"layer/weight"`` to values, all of them.
        seed : int
            Seed of the dropout.
        """
        for path, variable in self._weights.items():
            variable.assign(weights[path])
        for number, variable in enumerate(self._seeds):
            variable.assign(np.array([seed, number], dtype="uint32"))
        self._push()

    def weights(self) -> dict[str, np.ndarray]:
        """Return a copy of the weights.

        Returns
        -------
        dict of str to np.ndarray
            ``"layer/weight"`` to values.
        """
        from keras import ops

        self._pull()
        # Copies: TensorFlow gives views of memory that the next step changes.
        return {p: np.array(ops.convert_to_numpy(v)) for p, v in self._weights.items()}

    def state(self) -> list[np.ndarray]:
        """Return a copy of everything that training changes, for `restore`.

        Returns
        -------
        list of np.ndarray
            Weights, random streams, the optimizer's moments, step, learning rate and omega.
        """
        from keras import ops

        self._pull()
        return [np.array(ops.convert_to_numpy(variable)) for variable in self._everything()]

    def restore(self, state: list[np.ndarray]) -> None:
        """Go back to a state, so that training continues as if it had never been left.

        Parameters
        ----------
        state : list of np.ndarray
            What `state` gave, on this network or another of the same key.
        """
        for variable, value in zip(self._everything(), state, strict=True):
            variable.assign(value)
        self._push()

    def _everything(self):
        return [
            *self.model.trainable_variables,
            *self.model.non_trainable_variables,
            *self._optimizer.variables,
        ]

    def set_learning_rate(self, value: float) -> None:
        """Set the learning rate of the layers that are not transferred; omega stays.

        Parameters
        ----------
        value : float
            The learning rate.
        """
        self._pull()
        self._optimizer.learning_rate = value
        self._push()

    def place(self, inputs: list[np.ndarray], *columns: np.ndarray) -> list:
        """Turn arrays into tensors once, so that no step copies them again.

        Parameters
        ----------
        inputs : list of np.ndarray
            What `Preprocessing.transform` gives: channels first.
        *columns : np.ndarray
            Targets, weights.

        Returns
        -------
        list of tensors
            The inputs, time first, then the columns.
        """
        from keras import ops

        # Here, and nowhere else, the axes flip from (channel, time) to (time, channel).
        series = np.ascontiguousarray(inputs[0].transpose(0, 2, 1))
        return [ops.convert_to_tensor(a) for a in (series, *inputs[1:], *columns)]

    def train(self, data: list, order: np.ndarray, batch_size: int) -> float:
        """Train one epoch.

        Parameters
        ----------
        data : list of tensors
            What `place` gave for inputs, targets and instance weights.
        order : np.ndarray of int
            The instances in the order of training; the last batch may be incomplete.
        batch_size : int
            Instances a step.

        Returns
        -------
        float
            Mean loss of the instances, each at its own step, with the penalty on kernels.
        """
        total = 0.0
        for batches, present in _batches(order, min(batch_size, len(order)), self._pads):
            total += float(self._train(data, batches, present))
        return total / len(order)

    def predict(self, data: list) -> np.ndarray:
        """Apply the network.

        Parameters
        ----------
        data : list of tensors
            What `place` gave for the inputs.

        Returns
        -------
        np.ndarray of shape (n_instances, ...)
            The outputs.
        """
        starts = range(0, len(data[0]), PREDICTION_BATCH)
        return np.concatenate(
            [self._predict([part[at : at + PREDICTION_BATCH] for part in data]) for at in starts]
        )

    def mean_loss(self, targets: np.ndarray, outputs: np.ndarray) -> float:
        """Return the mean loss of given outputs, without the penalty.

        Parameters
        ----------
        targets, outputs : np.ndarray of shape (n_instances, n_outputs)
            What should and what did come out.

        Returns
        -------
        float
            The mean over the instances.
        """
        return float(np.mean(self._loss(targets, outputs)))

    def _objective(self, outputs, targets, weights, present, penalties):
        """Return the loss to minimise and the sum of the instances' losses."""
        from keras import ops

        losses = self._loss(targets, outputs) * weights * present
        count = ops.sum(present)
        objective = ops.sum(losses) / count + sum(penalties)
        return objective, objective * count

    def penalty(self) -> float:
        """Return the penalty on the kernels at the present weights.

        Returns
        -------
        float
            Sum of the regularisers, 0 without any.
        """
        self._pull()
        return float(sum(self.model.losses))

    # What the backends give.
    def _compile(self) -> None:
        raise NotImplementedError

    def _train(self, data, batches, present):
        raise NotImplementedError

    def _predict(self, data) -> np.ndarray:
        raise NotImplementedError

    # From keras variables to the state that the steps use and back; on TensorFlow they are one.
    def _push(self) -> None: ...

    def _pull(self) -> None: ...


def _batches(order, batch_size, pads):
    """Cut an order into batches and a mask of who is present, in as few blocks as possible."""
    full = len(order) // batch_size * batch_size
    present = np.ones(len(order))
    if pads:
        missing = (0, -len(order) % batch_size)
        order, present = np.pad(order, missing), np.pad(present, missing)
        full = len(order)
    blocks = [(a[:full].reshape(-1, batch_size), a[full:][None]) for a in (order, present)]
    return [
        (batches.astype("int32"), mask.astype("float32"))
        for batches, mask in zip(*blocks, strict=True)
        if batches.size
    ]


class TensorFlowNetwork(CompiledNetwork):
    """Steps as ``tf.function``: a loop over the batches around a step that XLA may compile.

    Measured on two cores: XLA inside the loop doubled the speed of small convolutions; XLA
    around the loop made it ten times slower, and so did XLA on a long LSTM.
    """

    def _compile(self):
        import tensorflow as tf

        model, optimizer = self.model, self._optimizer
        inputs = [tf.TensorSpec((None, *x.shape[1:]), "float32") for x in model.inputs]
        rows = [*inputs, tf.TensorSpec((None, *model.output.shape[1:])), tf.TensorSpec((None,))]

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

        self._steps = steps
        # Not training=False: that would overrule a layer which is told to keep its dropout on.
        self._outputs = tf.function(
            lambda inputs: model(inputs),
            input_signature=[inputs],
        )

    def _train(self, data, batches, present):
        return self._steps(data, batches, present)

    def _predict(self, data):
        return self._outputs(data).numpy()


class JaxNetwork(CompiledNetwork):
    """Steps as jitted functions of the state (weights, other variables, optimizer)."""

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
        # Copies, because the step gives its arguments' memory to its results.
        import jax.numpy as jnp

        self._state = tuple([jnp.array(v.value) for v in group] for group in self._groups)

    def _pull(self):
        import jax.numpy as jnp

        for group, values in zip(self._groups, self._state, strict=True):
            for variable, value in zip(group, values, strict=True):
                variable.assign(jnp.array(value))

    def _train(self, data, batches, present):
        # The rows are taken outside of the step: else the number of instances were compiled in.
        total = 0.0
        for batch, mask in zip(batches, present, strict=True):
            self._state, loss = self._step(self._state, [part[batch] for part in data], mask)
            total += loss
        return total

    def _predict(self, data):
        # To the next power of two: else every number of instances were compiled anew.
        count = len(data[0])
        missing = (1 << (count - 1).bit_length()) - count
        padded = [np.concatenate([part, np.repeat(part[:1], missing, axis=0)]) for part in data]
        return np.array(self._outputs(*self._state[:2], padded))[:count]


def _adam_of_two_speeds(transferred: set[int]):
    """Make an Adam that multiplies the updates of some variables by its variable ``omega``.

    Scaling their gradients would do nothing: Adam divides by the gradients' own size.
    """
    from keras import optimizers

    class TwoSpeedAdam(optimizers.Adam):
        def build(self, variables):
            super().build(variables)
            self.omega = self.add_variable((), initializer="ones", name="omega")

        def update_step(self, gradient, variable, learning_rate):
            if self._get_variable_index(variable) in transferred:
                learning_rate = learning_rate * self.omega
            super().update_step(gradient, variable, learning_rate)

    return TwoSpeedAdam()


def compile_network(model, loss: str, transferred: Iterable[str], jit: bool) -> CompiledNetwork:
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
        If keras runs on a backend other than TensorFlow and JAX.
    """
    import keras

    backends = {"tensorflow": TensorFlowNetwork, "jax": JaxNetwork}
    backend = keras.backend.backend()
    if backend not in backends:
        raise RuntimeError(
            "sktl trains on the keras backends 'tensorflow' and 'jax'; choose one by the "
            f"environment variable KERAS_BACKEND. Received: KERAS_BACKEND={backend!r}"
        )
    return backends[backend](model, loss, transferred, jit)
