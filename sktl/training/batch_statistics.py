"""Running statistics of batch normalisation, initialised from the training part.

By default they start at 0 and 1, so that batch normalisation has no effect in prediction, and the
features of a linear probe differ from those that the layers give after a few training steps.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from sktl.training.compiled_network import CompiledNetwork, prediction_batch

# Largest number of instances used; more would hardly change a filter's mean and variance.
MOST = 256


def start_statistics(
    network, inputs: list[np.ndarray], known: Collection[str]
) -> dict[str, np.ndarray]:
    """Compute the mean and variance at every batch normalisation layer in training mode.

    Parameters
    ----------
    network : CompiledNetwork
        The network with its initial weights; its running statistics are overwritten.
    inputs : list of np.ndarray
        Preprocessed training instances, of which at most `MOST`, evenly spaced, are used.
    known : collection of str
        Names of layers whose statistics come from a source and are kept.

    Returns
    -------
    dict of str to np.ndarray of shape (n_filters,)
        ``"layer/moving_mean"`` and ``"layer/moving_variance"`` to values.
    """
    from keras import layers, ops

    model = network.model
    norms = [
        layer
        for layer in model.layers
        if isinstance(layer, layers.BatchNormalization) and layer.name not in known
    ]
    if not norms:
        return {}
    n_instances = len(inputs[0])
    chosen = np.linspace(0, n_instances - 1, min(n_instances, MOST)).round().astype(int)
    # Inputs of the whole network, even if its first part is frozen.
    data = CompiledNetwork.to_tensors([part[chosen] for part in inputs])
    moving = {v.path: v for norm in norms for v in (norm.moving_mean, norm.moving_variance)}
    momentum = {v: norm.momentum for norm in norms for v in moving if v.split("/")[0] == norm.name}
    total = {path: np.zeros(variable.shape) for path, variable in moving.items()}
    size = prediction_batch(model)
    for at in range(0, len(chosen), size):
        batch = [part[at : at + size] for part in data]
        # From 0, one step gives the statistics of the batch times (1 - momentum).
        for variable in moving.values():
            variable.assign(np.zeros(variable.shape, "float32"))
        model(batch, training=True)
        for path, variable in moving.items():
            own = np.array(ops.convert_to_numpy(variable)) / (1 - momentum[path])
            total[path] = total[path] + own * len(batch[0])
    return {path: (sums / len(chosen)).astype(np.float32) for path, sums in total.items()}
