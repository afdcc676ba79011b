"""The features that an estimator's network has before any training, with a source's weights."""

from __future__ import annotations

import numpy as np

from sktl.estimators.transfer import start_weights
from sktl.training.compiled_network import set_weights


def feature_network(estimator, source, shape: tuple[int, int], rng: np.random.Generator):
    """Build the network from the series to its last features that transfer.

    Parameters
    ----------
    estimator : estimator of sktl.estimators
        Has the parameters; it says which layers give features.
    source : sktl.sources.Source or None
        What the transferred layers start from; None: drawn weights.
    shape : tuple of (int, int)
        Channels and time points.
    rng : numpy.random.Generator
        Draws the weights that do not come from the source.

    Returns
    -------
    keras.Model
        Inputs as of `build_network`; the outputs are the maps, (batch, n_timepoints, filters), of
        the last feature layer, with what follows it without weights of its own and keeps the
        form, such as pooling, and vectors, (batch, n_features), of transferred layers.

    Raises
    ------
    ValueError
        If the architecture names no feature layers, or the source's layers have other shapes.
    """
    import keras

    options = estimator._feature_options(source.arrays if source else None)
    model = estimator._build(*shape, 1, **options)
    set_weights(model, start_weights(estimator, model, source, rng, shape[0]))
    return keras.Model(model.inputs, _feature_outputs(model, estimator))


def _feature_outputs(model, estimator):
    maps, vectors = estimator._feature_layers()[-1:], estimator._feature_vectors
    transferred = estimator._transferable()
    found = [model.get_layer(name).output for name in vectors if not maps or name in transferred]
    if not maps and not found:
        raise ValueError(
            "Sources are ranked by the features of their layers, and this architecture names none "
            f"(_feature_layers). Received: architecture={estimator.architecture!r}"
        )
    for name in maps:
        output = model.get_layer(name).output
        while True:
            readers = [layer for layer in model.layers if _reads(layer, output)]
            if len(readers) != 1 or readers[0].weights or len(readers[0].output.shape) != 3:
                break
            if readers[0].input is not output:  # it joins several
                break
            output = readers[0].output
        found.insert(0, output)
    return found


def _reads(layer, output):
    from keras import tree

    return any(one is output for one in tree.flatten(layer.input))
