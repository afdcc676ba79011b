"""Fitting a source's arrays to a network: channels of the first layer, names and shapes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from sktl.sources._folder import Source

CHANNEL_ADAPTATIONS = ("replicate", "replicate_scaled")


def adapt_input_channels(kernel: np.ndarray, n_channels: int, how: str = "replicate") -> np.ndarray:
    """Give a first layer's kernel another number of input channels.

    - As many channels as before: the kernel is returned unchanged.
    - One channel before: it is repeated. With ``"replicate"`` it is not divided, as in the
      published experiment [1]_; with ``"replicate_scaled"`` it is divided by ``n_channels``, so
      that equal channels give what the one channel gave.
    - Anything else: the channels are repeated cyclically and multiplied by
      ``source channels / n_channels``, whatever ``how``; this keeps the size of the layer's
      outputs. With fewer channels than before only the first ``n_channels`` are kept, scaled up.
      (For a one-channel series repeating the *series* loses nothing and is the better way.)

    Parameters
    ----------
    kernel : array of shape (kernel_size, source channels, filters) or (source channels, units)
        The kernel of a convolution, or that of a recurrent layer.
    n_channels : int
        Channels that the network needs.
    how : {"replicate", "replicate_scaled"}, default="replicate"
        Whether a single channel is divided when it is repeated.

    Returns
    -------
    array of shape (kernel_size, n_channels, filters) or (n_channels, units)
        The adapted kernel, of the same dtype.

    Raises
    ------
    ValueError
        If the kernel has another number of dimensions, ``n_channels`` is below 1 or ``how`` is
        unknown.

    References
    ----------
    .. [1] Otović et al., "Intra-domain and cross-domain transfer learning for time series data -
       How transferable are the features?", Knowledge-Based Systems 239 (2022).

    Examples
    --------
    >>> import numpy as np
    >>> from sktl.sources import adapt_input_channels
    >>> kernel = np.array([[[6.0]]])  # one sample, one channel, one filter
    >>> adapt_input_channels(kernel, 3).ravel()
    array([6., 6., 6.])
    >>> adapt_input_channels(kernel, 3, how="replicate_scaled").ravel()
    array([2., 2., 2.])
    """
    kernel = np.asarray(kernel)
    if kernel.ndim not in (2, 3) or 0 in kernel.shape:
        raise ValueError(
            "A kernel must have shape (kernel_size, channels, filters) or (channels, units). "
            f"Received: shape {kernel.shape}"
        )
    if n_channels < 1:
        raise ValueError(f"n_channels must be at least 1. Received: n_channels={n_channels}")
    if how not in CHANNEL_ADAPTATIONS:
        raise ValueError(
            f"how must be {' or '.join(map(repr, CHANNEL_ADAPTATIONS))}. Received: how={how!r}"
        )
    before = kernel.shape[-2]
    if before == n_channels:
        return kernel
    repeated = np.take(kernel, np.arange(n_channels) % before, axis=-2)
    if before == 1 and how == "replicate":
        return repeated
    return (repeated * (before / n_channels)).astype(kernel.dtype)


def select_transferable(
    source: Source, expected: Mapping[str, Sequence[int]]
) -> dict[str, np.ndarray]:
    """Take the arrays that a network needs from a source, or say which do not fit.

    Parameters
    ----------
    source : Source
        Pretrained weights.
    expected : mapping of str to tuple of int
        ``"layer/weight"`` to its shape in the network.

    Returns
    -------
    dict of str to numpy.ndarray
        The arrays, read-only, in the order of ``expected``.

    Raises
    ------
    ValueError
        If an array is missing or has another shape; the message lists all that do not fit.

    Examples
    --------
    >>> import numpy as np
    >>> from sktl.sources import Card, Source, select_transferable
    >>> card = Card("mine", "MagNet", "regression", n_channels=3, n_timepoints=540, n_outputs=1)
    >>> source = Source(card, {"conv1/bias": np.zeros(64)}, "path", None)
    >>> list(select_transferable(source, {"conv1/bias": (64,)}))
    ['conv1/bias']
    """
    wrong = []
    for name, shape in expected.items():
        found = source.arrays[name].shape if name in source.arrays else None
        if found != tuple(shape):
            wrong.append(f"  {name}: source has {found or 'no such array'}, "
                         f"network needs {tuple(shape)}")  # fmt: skip
    if wrong:
        have = ", ".join(f"{name} {array.shape}" for name, array in source.arrays.items())
        raise ValueError(
            f"The source does not fit the network in {len(wrong)} of {len(expected)} arrays:\n"
            + "\n".join(wrong)
            + f"\nUse a source with these shapes, or {_needed(source)}. "
            f"Received: source {source.card.name!r} ({source.card.architecture}, {source.path}) "
            f"with {have}"
        )
    return {name: source.arrays[name] for name in expected}


def _needed(source: Source) -> str:
    card = source.card
    if source.origin != "published" or not card.parameters:
        return "the parameters it was trained with"
    given = ", ".join(f"{name}={value!r}" for name, value in card.parameters.items())
    return (
        f"the network of this source, find_card({card.name!r}, {card.architecture!r})"
        f".parameters: {given}"
    )
