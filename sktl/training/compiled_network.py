"""One network with its optimizer, made to be used for many fits."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from math import prod
from typing import Any

import numpy as np

from sktl.layers.fast_forms import inner_layers, weight_owners
from sktl.training.optimizer import two_speed_adam

# Instances that are predicted at once, fewer where the widest feature map has more values.
PREDICTION_BATCH = 256
PREDICTION_VALUES = 2**25


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


def set_weights(model, weights: Mapping[str, np.ndarray]):
    """Give a model its weights.

    Parameters
    ----------
    model : keras.Model
        The network.
    weights : mapping of str to np.ndarray
        ``"layer/weight"`` to values, all of them.

    Returns
    -------
    keras.Model
        The same model.
    """
    for path, variable in weight_names(model).items():
        variable.assign(weights[path])
    return model


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
    drawn = {}
    owners = weight_owners(model)
    for path, variable in weight_names(model).items():
        drawn[path] = _draw(owners[path], variable, rng)
    return drawn


def _draw(layer, variable, rng):
    """Draw the values of a variable of a layer."""
    from keras import initializers, ops

    # That of recurrent_kernel, pointwise_kernel and so on is called after the first word, and that
    # of a depthwise convolution's kernel as if it were a depthwise_kernel.
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
    """Draw a variable of a layer that does not tell its initialiser, by building another such."""
    from keras import ops

    # Where no seed is given, Keras draws one from here.
    state = random.getstate()
    random.seed(int(rng.integers(2**31)))
    try:
        again = type(layer).from_config(layer.get_config())
        again.build_from_config(layer.get_build_config())
    except Exception as error:
        raise ValueError(
            f"The weight {variable.path!r} cannot be drawn anew: give its layer an attribute "
            f"{variable.name}_initializer, or get_config and build. Received: "
            f"{type(layer).__name__}, {type(error).__name__}: {error}"
        ) from error
    finally:
        random.setstate(state)
    place = next(n for n, one in enumerate(layer.variables) if one is variable)
    return np.array(ops.convert_to_numpy(again.variables[place]))


def prediction_batch(model) -> int:
    """Say how many instances a model is applied to at once.

    Parameters
    ----------
    model : keras.Model
        The network.

    Returns
    -------
    int
        So many that the widest feature map stays below a limit.
    """
    from keras import tree

    maps = list(model.outputs)
    for layer in model.layers:
        maps += tree.flatten(layer.input)
    widest = max(prod(size or 1 for size in map_.shape[1:]) for map_ in maps)
    return max(1, min(PREDICTION_BATCH, PREDICTION_VALUES // widest))


class CompiledNetwork:
    """A network, Adam with a learning rate for each of two groups, and compiled steps.

    Parameters
    ----------
    model : keras.Model
        The network; inputs are (series, ) or (series, stream max).
    loss : str or callable
        Keras name of the loss, or what gives the loss of each instance from targets and outputs.
    transferred : iterable of str
        Names of the layers that train at omega times the learning rate.
    jit : bool or int
        Compile the training step with XLA (TensorFlow only; JAX always does, PyTorch never); a
        number: where the series have no more time points.

    Attributes
    ----------
    prediction_batch : int
        Instances whose features are held at once in prediction.
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
            # A step adds one or two to the second number; no layer may meet where another has been.
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

    @staticmethod
    def to_tensors(inputs: list[np.ndarray], *columns: np.ndarray) -> list:
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
        X = inputs[0]
        if 1 < X.shape[1] < 8:
            # numpy's copy of rows as short as these takes up to four times as long.
            series = np.stack(list(X.transpose(1, 0, 2)), axis=-1)
        else:
            series = np.ascontiguousarray(X.transpose(0, 2, 1))
        return [ops.convert_to_tensor(a) for a in (series, *inputs[1:], *columns)]

    def train(self, data: list, order: np.ndarray, batch_size: int) -> float:
        """Train one epoch.

        Parameters
        ----------
        data : list of tensors
            What `to_tensors` gave for inputs, targets and instance weights.
        order : np.ndarray of int
            The instances in the order of training; the last batch may be incomplete.
        batch_size : int
            Instances per step.

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
            What `to_tensors` gave for the inputs.

        Returns
        -------
        np.ndarray of shape (n_instances, ...)
            The outputs.
        """
        size = self.prediction_batch
        starts = range(0, len(data[0]), size)
        return np.concatenate(
            [self._predict([part[at : at + size] for part in data]) for at in starts]
        )

    @property
    def joins_amplitude(self) -> bool:
        """Whether the last feature before the output layer is the stream max itself."""
        joins = [layer for layer in self.model.layers if layer.name == "join"]
        return any(layer.output is self.model.get_layer("head").input for layer in joins)

    def features(self, data: list) -> np.ndarray:
        """Return what enters the output layer, computed as in prediction.

        Parameters
        ----------
        data : list of tensors
            What `to_tensors` gave for the inputs.

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
        """Return the mean loss of given outputs, without the penalty.

        Parameters
        ----------
        targets, outputs : np.ndarray of shape (n_instances, n_outputs)
            What should and what did come out.
        weights : np.ndarray of shape (n_instances,), optional
            What the losses are multiplied by, as in training.

        Returns
        -------
        float
            The mean over the instances.
        """
        losses = self.losses(targets, outputs)
        return float(np.mean(losses if weights is None else losses * weights))

    def losses(self, targets: np.ndarray, outputs: np.ndarray) -> np.ndarray:
        """Return the loss of each instance, without the penalty.

        Parameters
        ----------
        targets, outputs : np.ndarray of shape (n_instances, n_outputs)
            What should and what did come out.

        Returns
        -------
        np.ndarray of shape (n_instances,)
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
