"""Running statistics of batch normalisation that start as those of the training part.

They start at 0 and 1 otherwise, where a network normalises nothing, and what is computed with them
(the features of a probe) has little to do with what the layers give a few steps later.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from sktl.training.compiled_network import CompiledNetwork, prediction_batch

# Instances that are enough for a mean and a variance at every filter.
MOST = 256


def start_statistics(
    network, inputs: list[np.ndarray], known: Collection[str]
) -> dict[str, np.ndarray]:
    """Compute mean and variance at every batch normalisation, as training would.

    Parameters
    ----------
    network : CompiledNetwork
        It holds the weights before training; its running statistics are changed.
    inputs : list of np.ndarray
        Some training instances, at most `MOST` of which are used, evenly spaced.
    known : collection of str
        Names of layers whose statistics came with a source and stay.

    Returns
    -------
    dict of str to np.ndarray
        ``"layer/moving_mean"`` and ``"layer/moving_variance"``.
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
    # The whole network's own inputs, also where its first part is frozen.
    data = CompiledNetwork.to_tensors([part[chosen] for part in inputs])
    moving = {v.path: v for norm in norms for v in (norm.moving_mean, norm.moving_variance)}
    momentum = {v: norm.momentum for norm in norms for v in moving if v.split("/")[0] == norm.name}
    total = {path: np.zeros(variable.shape) for path, variable in moving.items()}
    size = prediction_batch(model)
    for at in range(0, len(chosen), size):
        batch = [part[at : at + size] for part in data]
        # From 0, a step leaves the batch's own statistics times one less the momentum.
        for variable in moving.values():
            variable.assign(np.zeros(variable.shape, "float32"))
        model(batch, training=True)
        for path, variable in moving.items():
            own = np.array(ops.convert_to_numpy(variable)) / (1 - momentum[path])
            total[path] = total[path] + own * len(batch[0])
    return {path: (sums / len(chosen)).astype(np.float32) for path, sums in total.items()}
