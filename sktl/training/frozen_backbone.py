"""A network with a frozen backbone, whose features are computed once and not in every epoch."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sktl.training.compiled_network import CompiledNetwork


class FrozenNetwork:
    """A network with the interface of `CompiledNetwork` that trains its head only.

    The results are those of training the whole network with its backbone frozen, but the backbone
    is applied to each instance once.

    Parameters
    ----------
    model : keras.Model
        The whole network.
    first : CompiledNetwork
        The backbone, from the series to the features, without trainable weights.
    head : CompiledNetwork
        The layers after the features, with the names that they have in `model`. Its inputs are the
        features and, if the whole network has it, the stream max.
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
        """Compute the features and return them in place of the series as tensors.

        See `CompiledNetwork.to_tensors`.
        """
        from keras import ops

        features = self._first.predict(self._first.to_tensors(inputs[:1]))
        return [ops.convert_to_tensor(a) for a in (features, *inputs[1:], *columns)]

    def _freeze(self, weights, seed):
        self._first.load(weights, seed)
        self._frozen = self._first.weights()
