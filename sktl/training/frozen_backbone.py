"""A network whose first part stays as it is: its features are computed once, not every epoch."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sktl.training.compiled_network import CompiledNetwork


class FrozenNetwork:
    """Stands for a `CompiledNetwork` in training and prediction, and trains its head alone.

    Weights, and what is learnt, are those of training the whole network with its first part
    frozen; only that part is applied once an instance.

    Parameters
    ----------
    model : keras.Model
        The whole network.
    first : CompiledNetwork
        Its first part, from the series to the features, nothing of it trainable.
    head : CompiledNetwork
        The layers after the features, of the same names as in `model`; its inputs are the features
        and, where the whole network has it, the stream max.
    """

    def __init__(self, model, first: CompiledNetwork, head: CompiledNetwork):
        self.model = model
        self._first, self._head = first, head
        self._frozen: dict[str, np.ndarray] = {}
        for name in ("state", "restore", "set_learning_rate", "train", "predict", "mean_loss",
                     "losses", "penalty", "features"):  # fmt: skip
            setattr(self, name, getattr(head, name))

    @property
    def joins_amplitude(self) -> bool:
        """See `CompiledNetwork.joins_amplitude`."""
        return self._head.joins_amplitude

    def reset(
        self, weights: Mapping[str, np.ndarray], omega: float, learning_rate: float, seed: int
    ) -> None:
        """See `CompiledNetwork.reset`."""
        self._head.reset(weights, omega, learning_rate, seed)
        self._freeze(weights, seed)

    def load(self, weights: Mapping[str, np.ndarray], seed: int) -> None:
        """See `CompiledNetwork.load`."""
        self._head.load(weights, seed)
        self._freeze(weights, seed)

    def weights(self) -> dict[str, np.ndarray]:
        """See `CompiledNetwork.weights`."""
        return self._frozen | self._head.weights()

    def to_tensors(self, inputs: list[np.ndarray], *columns: np.ndarray) -> list:
        """Compute the features, and place them as `CompiledNetwork.to_tensors` does the series."""
        from keras import ops

        features = self._first.predict(self._first.to_tensors(inputs[:1]))
        return [ops.convert_to_tensor(a) for a in (features, *inputs[1:], *columns)]

    def _freeze(self, weights, seed):
        self._first.load(weights, seed)
        self._frozen = self._first.weights()
