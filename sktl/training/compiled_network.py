"""A network with its optimizer and compiled steps, reused for many fits."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from math import prod
from typing import Any

import numpy as np

from sktl.layers.fast_forms import inner_layers, weight_owners
from sktl.training.optimizer import two_speed_adam

# Batch size in prediction, and a limit on the values of the widest feature map of a batch.
PREDICTION_BATCH = 256
PREDICTION_VALUES = 2**25


def weight_names(model) -> dict[str, Any]:
    """Return the weights of a model by path, without the states of its random streams.

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


def set_weights(model, weights: Mapping[str, np.ndarray]):
    """Set the weights of a model.

    Parameters
    ----------
    model : keras.Model
        The network; changed in place.
    weights : mapping of str to np.ndarray
        ``"layer/weight"`` to values, for every weight.

    Returns
    -------
    keras.Model
        The same model.
    """
    for path, variable in weight_names(model).items():
        variable.assign(weights[path])
    return model


def initial_weights(model, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Return random initial weights from the initialisers of a model's layers.

    Parameters
    ----------
    model : keras.Model
        The network; not changed.
    rng : numpy.random.Generator
        Generates the seeds of the initialisers.

    Returns
    -------
    dict of str to np.ndarray
        ``"layer/weight"`` to values.

    Raises
    ------
    ValueError
        If a layer has no initialiser for one of its weights and cannot be built again.
    """
    drawn = {}
    owners = weight_owners(model)
    for path, variable in weight_names(model).items():
        drawn[path] = _draw(owners[path], variable, rng)
    return drawn


def _draw(layer, variable, rng):
    """Return random initial values of a variable of a layer."""
    from keras import initializers, ops

    # Keras names the initialiser of recurrent_kernel, pointwise_kernel and so on without "_kernel",
    # and that of a depthwise convolution's kernel depthwise_initializer.
    name = variable.name
    names = (name, name.removesuffix("_kernel"), *["depthwise"] * (name == "kernel"))
    found = (initializers.get(getattr(layer, f"{one}_initializer", None)) for one in names)
    initializer = next((one for one in found if one is not None), None)
    if initializer is None:
        return _draw_by_building(layer, variable, rng)
    config = initializer.get_config()
    if "seed" in config:
        initializer = type(initializer).from_config({**config, "seed": int(rng.integers(2**31))})
    values = np.array(ops.convert_to_numpy(initializer(variable.shape, dtype=variable.dtype)))
    if name == "bias" and getattr(layer, "unit_forget_bias", False):
        values[layer.units : 2 * layer.units] = 1
    return values


def _draw_by_building(layer, variable, rng):
    """Return initial values of a variable without a known initialiser, from a newly built layer."""
    from keras import ops

    # Keras takes missing seeds from Python's global random generator.
    state = random.getstate()
    random.seed(int(rng.integers(2**31)))
    try:
        again = type(layer).from_config(layer.get_config())
        again.build_from_config(layer.get_build_config())
    except Exception as error:
        raise ValueError(
            f"The weight {variable.path!r} cannot be initialised again. Its layer must have an "
            f"attribute {variable.name}_initializer, or the methods get_config and build. "
            f"Received: {type(layer).__name__}, {type(error).__name__}: {error}"
        ) from error
    finally:
        random.setstate(state)
    place = next(n for n, one in enumerate(layer.variables) if one is variable)
    return np.array(ops.convert_to_numpy(again.variables[place]))


def prediction_batch(model) -> int:
    """Return the batch size of a model in prediction.

    Parameters
    ----------
    model : keras.Model
        The network.

    Returns
    -------
    int
        At most `PREDICTION_BATCH`, and less if the widest feature map of a batch would have more
        than `PREDICTION_VALUES` values.
    """
    from keras import tree

    maps = list(model.outputs)
    for layer in model.layers:
        maps += tree.flatten(layer.input)
    widest = max(prod(size or 1 for size in map_.shape[1:]) for map_ in maps)
    return max(1, min(PREDICTION_BATCH, PREDICTION_VALUES // widest))


class CompiledNetwork:
    """A network with Adam at two learning rates and compiled training steps.

    Parameters
    ----------
    model : keras.Model
        The network; its inputs are the series, or the series and the stream max.
    loss : str or callable
        Keras' name of the loss, or what gives the loss of each instance from targets and outputs.
    transferred : iterable of str
        Names of the layers that train at omega times the learning rate.
    jit : bool or int
        Compile the training step with XLA (TensorFlow only; JAX always does, PyTorch never). A
        number n: compile it for series of at most n time points.

    Attributes
    ----------
    prediction_batch : int
        Batch size in prediction.
    """

    def __init__(self, model, loss: Any, transferred: Iterable[str], jit: bool | int):
        from keras import layers, losses

        self.model = model
        self.prediction_batch = prediction_batch(model)
        self._loss = losses.get(loss)
        self._jit = jit if isinstance(jit, bool) else model.inputs[0].shape[1] <= jit
        names = set(transferred)
        self._optimizer = two_speed_adam(
            {v.path for v in model.trainable_variables if v.path.split("/")[0] in names}
        )
        self._optimizer.build(model.trainable_variables)
        self._weights = weight_names(model)
        self._seeds = [v for v in model.non_trainable_variables if v.path not in self._weights]
        # Batch statistics must not see the padding of an incomplete batch.
        inner = inner_layers(model)
        self._pads = not any(isinstance(one, layers.BatchNormalization) for one in inner)
        self._compile()

    def reset(
        self, weights: Mapping[str, np.ndarray], omega: float, learning_rate: float, seed: int
    ) -> None:
        """Start a new fit: set the weights and reset optimizer and random streams.

        Parameters
        ----------
        weights : mapping of str to np.ndarray
            ``"layer/weight"`` to values, for every weight.
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
            ``"layer/weight"`` to values, for every weight.
        seed : int
            Seed of the dropout.
        """
        for path, variable in self._weights.items():
            variable.assign(weights[path])
        for number, variable in enumerate(self._seeds):
            # A step adds one or two to the second number; the streams of layers must not overlap.
            variable.assign(np.array([seed, number << 24], dtype="uint32"))
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
        # Copies: TensorFlow returns views of memory that the next step overwrites.
        return {p: np.array(ops.convert_to_numpy(v)) for p, v in self._weights.items()}

    def state(self) -> list[np.ndarray]:
        """Return a copy of everything that training changes, for `restore`.

        Returns
        -------
        list of np.ndarray
            Weights, random streams, and the optimizer's moments, step, learning rate and omega.
        """
        from keras import ops

        self._pull()
        return [np.array(ops.convert_to_numpy(variable)) for variable in self._everything()]

    def restore(self, state: list[np.ndarray]) -> None:
        """Restore a state, so that training continues as if it had not been interrupted.

        Parameters
        ----------
        state : list of np.ndarray
            Return value of `state`, of this network or another one of the same key.
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
        """Set the learning rate of the layers that are not transferred; omega is not changed.

        Parameters
        ----------
        value : float
            The learning rate.
        """
        self._pull()
        self._optimizer.learning_rate = value
        self._push()

    @staticmethod
    def to_tensors(inputs: list[np.ndarray], *columns: np.ndarray) -> list:
        """Convert arrays to tensors once per training, so that no step copies them.

        Parameters
        ----------
        inputs : list of np.ndarray
            Return value of `Preprocessing.transform`, with the channel axis before time.
        *columns : np.ndarray
            Further arrays, such as targets and weights.

        Returns
        -------
        list of tensors
            The inputs, with the time axis before channels, then the columns.
        """
        from keras import ops

        # The only place where the axes change from (channel, time) to (time, channel).
        X = inputs[0]
        if 1 < X.shape[1] < 8:
            # np.ascontiguousarray takes up to four times as long for so few channels.
            series = np.stack(list(X.transpose(1, 0, 2)), axis=-1)
        else:
            series = np.ascontiguousarray(X.transpose(0, 2, 1))
        return [ops.convert_to_tensor(a) for a in (series, *inputs[1:], *columns)]

    def train(self, data: list, order: np.ndarray, batch_size: int) -> float:
        """Train one epoch.

        Parameters
        ----------
        data : list of tensors
            Return value of `to_tensors` for inputs, targets and instance weights.
        order : np.ndarray of int
            Indices of the instances in the order of training; the last batch may be incomplete.
        batch_size : int
            Instances per step.

        Returns
        -------
        float
            Mean loss of the instances, each computed at its own step, plus the kernel penalty.
        """
        total = 0.0
        for batches, present in _batches(order, min(batch_size, len(order)), self._pads):
            total += float(self._train(data, batches, present))
        return total / len(order)

    def predict(self, data: list) -> np.ndarray:
        """Return the (first) output of the network, in batches.

        Parameters
        ----------
        data : list of tensors
            Return value of `to_tensors` for the inputs.

        Returns
        -------
        np.ndarray of shape (n_instances, ...)
            Outputs, one row per instance.
        """
        size = self.prediction_batch
        starts = range(0, len(data[0]), size)
        return np.concatenate(
            [self.outputs([part[at : at + size] for part in data])[0] for at in starts]
        )

    @property
    def joins_amplitude(self) -> bool:
        """True if the last input feature of the output layer is the stream max itself."""
        joins = [layer for layer in self.model.layers if layer.name == "join"]
        return any(layer.output is self.model.get_layer("head").input for layer in joins)

    def features(self, data: list) -> np.ndarray:
        """Return the input features of the output layer, computed in inference mode.

        Parameters
        ----------
        data : list of tensors
            Return value of `to_tensors` for the inputs.

        Returns
        -------
        np.ndarray of shape (n_instances, n_features)
            Inputs of the layer ``head``.
        """
        import keras

        self._pull()
        body = keras.Model(self.model.inputs, self.model.get_layer("head").input)
        size = self.prediction_batch
        parts = [
            body([part[at : at + size] for part in data]) for at in range(0, len(data[0]), size)
        ]
        return np.concatenate([keras.ops.convert_to_numpy(part) for part in parts])

    def mean_loss(
        self, targets: np.ndarray, outputs: np.ndarray, weights: np.ndarray | None = None
    ) -> float:
        """Return the mean loss of given outputs, without the kernel penalty.

        Parameters
        ----------
        targets, outputs : np.ndarray of shape (n_instances, n_outputs)
            Encoded targets and the outputs of the network.
        weights : np.ndarray of shape (n_instances,), optional
            Weights of the instances' losses, as in training.

        Returns
        -------
        float
            The mean over the instances.
        """
        losses = self.losses(targets, outputs)
        return float(np.mean(losses if weights is None else losses * weights))

    def losses(self, targets: np.ndarray, outputs: np.ndarray) -> np.ndarray:
        """Return the loss of each instance, without the kernel penalty.

        Parameters
        ----------
        targets, outputs : np.ndarray of shape (n_instances, n_outputs)
            Encoded targets and the outputs of the network.

        Returns
        -------
        np.ndarray of shape (n_instances,)
            Losses.
        """
        from keras import ops

        return np.asarray(ops.convert_to_numpy(self._loss(targets, outputs)))

    def _objective(self, outputs, targets, weights, present, penalties):
        """Return the loss to minimise and the sum of the instances' losses."""
        from keras import ops

        losses = self._loss(targets, outputs) * weights * present
        count = ops.sum(present)
        objective = ops.sum(losses) / count + sum(penalties)
        return objective, objective * count

    def penalty(self) -> float:
        """Return the kernel penalty at the current weights.

        Returns
        -------
        float
            Sum of the regularisation losses; 0 if there are none.
        """
        self._pull()
        return float(sum(self.model.losses))

    # Implemented by the backends.
    def _compile(self) -> None:
        raise NotImplementedError

    def _train(self, data, batches, present):
        raise NotImplementedError

    def outputs(self, data: list) -> list[np.ndarray]:
        """Return every output of the network for one batch.

        Parameters
        ----------
        data : list of tensors
            Return value of `to_tensors` for the inputs.

        Returns
        -------
        list of np.ndarray of shape (n_instances, ...)
            One array an output.
        """
        raise NotImplementedError

    # Copy keras variables to the state that the steps use, and back. Needed on JAX only.
    def _push(self) -> None: ...

    def _pull(self) -> None: ...


def _batches(order, batch_size, pads):
    """Split an order into batches with a mask of real rows, in as few blocks as possible."""
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
