"""Classes that have an order: a chain of thresholds, each asked of what passed the one before."""

from __future__ import annotations

import numpy as np


def log_probabilities(scores):
    """Turn scores of thresholds into logarithms of class probabilities.

    Score k is the logit of the conditional probability that the class lies above class k, given
    that it does not lie below (CORN, Shi et al. 2023). The probability to lie above class k is the
    product of the sigmoids up to k: it falls with k whatever the scores are. Minus the result at
    the true class is the sum of CORN's binary losses for an instance.

    Parameters
    ----------
    scores : tensor or np.ndarray of shape (batch, n_classes - 1)
        From the lowest threshold to the highest.

    Returns
    -------
    tensor of shape (batch, n_classes)
        Their exponentials are positive and sum to 1.

    References
    ----------
    .. [1] X. Shi, W. Cao, S. Raschka (2023). Deep neural networks for rank-consistent ordinal
       regression based on conditional probabilities. Pattern Analysis and Applications 26,
       941-955.

    Examples
    --------
    >>> import numpy as np
    >>> from sktl.layers.ordinal import log_probabilities
    >>> np.exp(log_probabilities(np.zeros((1, 2), "float32"))).round(2).tolist()
    [[0.5, 0.25, 0.25]]
    """
    from keras import ops

    certain = ops.zeros_like(scores[:, :1])
    passed = ops.cumsum(ops.log_sigmoid(scores), axis=1)
    stopped = ops.log_sigmoid(-scores)
    return ops.concatenate([certain, passed], axis=1) + ops.concatenate([stopped, certain], axis=1)


def even_scores(n_classes: int) -> np.ndarray:
    """Return the scores of thresholds at which all classes are equally probable.

    Parameters
    ----------
    n_classes : int
        Number of classes, at least 2.

    Returns
    -------
    np.ndarray of shape (n_classes - 1,), float32

    Examples
    --------
    >>> import numpy as np
    >>> from sktl.layers.ordinal import even_scores, log_probabilities
    >>> np.exp(log_probabilities(even_scores(4)[None])).round(2).tolist()
    [[0.25, 0.25, 0.25, 0.25]]
    """
    return np.log(np.arange(n_classes - 1, 0, -1)).astype(np.float32)


def ordinal_output(features, n_classes: int):
    """Build an output layer for classes that have an order.

    A dense layer named ``head`` has a score for each threshold but the last class's; with all
    weights 0 the classes are equally probable.

    Parameters
    ----------
    features : KerasTensor of shape (batch, n_features)
        What enters.
    n_classes : int
        Number of classes.

    Returns
    -------
    KerasTensor of shape (batch, n_classes)
        Their probabilities, in order.
    """
    from keras import layers

    n_classes = max(2, n_classes)
    scores = layers.Dense(n_classes - 1, name="head")(features) + even_scores(n_classes)
    # The softmax of logarithms of probabilities is these; the loss takes what enters it.
    return layers.Activation("softmax", name="classes")(log_probabilities(scores))
