"""On what keras runs: which layers have a faster form there."""

from __future__ import annotations


def on_tensorflow_without_gpu() -> bool:
    """Say whether keras runs on TensorFlow, on processors alone.

    Returns
    -------
    bool
        False on another backend as well, without loading TensorFlow.
    """
    import keras

    if keras.backend.backend() != "tensorflow":
        return False
    import tensorflow as tf

    return not tf.config.get_visible_devices("GPU")
