"""Convolution of panels with many channels by minimal filtering (Winograd).

A tile of outputs and a kernel are polynomials whose product has eight coefficients, so it is
determined by its values at eight points. At each point, one matrix product over the channels
replaces the sum over the taps. Four outputs of a kernel of five taps need 8 matrix products instead
of 20. With many channels, the transforms of inputs and outputs take little time in comparison.

References
----------
S. Winograd (1980). Arithmetic complexity of computations. SIAM.
A. Lavin, S. Gray (2016). Fast algorithms for convolutional neural networks. CVPR 2016, section 4.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from sktl.layers.fast_forms import own_gradient

_POINTS = (0, 1, -1, 2, -2, 0.5, -0.5)
"""The eighth point is infinity. Small powers of two keep rounding errors near a convolution's."""
_N = len(_POINTS) + 1
_WIDE = 128
"""Smallest number of channels and filters for which it is faster; 64 was too small for 3 taps."""
_TOGETHER = 800
"""Time points of short series transformed at once, so that the Winograd tiles fit in the cache."""
_PIECE = 1500
"""Approximate number of time points of a long series transformed at once."""


def is_faster(length: int, taps: int, channels: int, filters: int) -> bool:
    """Return True if `convolve` is faster than a direct convolution.

    Parameters
    ----------
    length, taps, channels, filters : int
        Time points of the series, and the shape of the kernel.

    Returns
    -------
    bool
        True if it needs fewer products and the kernel has enough channels and filters. False for
        one tap and for more than five, whose tiles are too short.
    """
    return (
        2 <= taps <= 5
        and min(channels, filters) >= _WIDE
        and _Tiles(length, taps).n_tiles * _N < length * taps
    )


def convolve(x, kernel):
    """Convolve panels on TensorFlow with padding "same"; gradients use the same transforms.

    Parameters
    ----------
    x : tf.Tensor of shape (batch, time, channels)
        The panel; the batch size may be unknown when the graph is traced.
    kernel : tf.Tensor of shape (taps, channels, filters)
        Two to five taps.

    Returns
    -------
    tf.Tensor of shape (batch, time, filters)
        The result of ``tf.nn.conv1d(x, kernel, 1, "SAME")``, up to rounding.
    """
    import tensorflow as tf

    taps, channels, filters = kernel.shape
    length = x.shape[1]
    tiles = _Tiles(length, taps)

    def in_parts(make, width, *state):
        """Return a panel of `width` channels, computed in parts, and the state of the loop."""
        n_parts = -(-tf.shape(x)[0] // tiles.together) * tiles.pieces

        def part(number, panels, *state):
            # The only piece of whole series is a constant, known when the graph is traced.
            piece = number % tiles.pieces if tiles.pieces > 1 else 0
            first = number // tiles.pieces * tiles.together
            rows, *state = make(slice(first, first + tiles.together), piece, *state)
            return number + 1, panels.write(number, rows), *state

        panels = tf.TensorArray(x.dtype, n_parts, infer_shape=False, element_shape=(None, width))
        _, panels, *state = tf.while_loop(
            lambda number, *_: number < n_parts, part, (0, panels, *state)
        )
        panel = tf.reshape(panels.concat(), (-1, length, width))
        return tf.ensure_shape(panel, (x.shape[0], length, width)), *state

    @own_gradient
    def multiply(x, at_points):
        def outputs(series, piece):
            return [tiles.outputs(tf.matmul(tiles.inputs(x[series], piece), at_points), piece)]

        def gradients(upstream):
            def of_both(series, piece, of_points, overlap):
                back = tiles.outputs_back(upstream[series], piece)
                of_x, overlap = tiles.inputs_back(
                    tf.matmul(back, at_points, transpose_b=True), piece, overlap
                )
                # The tiles are computed again: keeping them would need up to twice the memory of x.
                inputs = tiles.inputs(x[series], piece)
                return of_x, of_points + tf.matmul(inputs, back, transpose_a=True), overlap

            overlap = tf.zeros((taps - 1, channels), x.dtype)
            return in_parts(of_both, channels, tf.zeros_like(at_points), overlap)[:2]

        return in_parts(outputs, filters)[0], gradients

    return multiply(x, tf.einsum("pt,tcf->pcf", tf.constant(tiles.of_kernel, x.dtype), kernel))


class _Tiles:
    """Linear maps between series and the Winograd tiles, and their adjoints.

    A part is a few whole series, or a piece of one. The shape of its tiles is (points, series *
    tiles, channels). Rows are gathered, because that copies whole rows; strided slices and
    transposes are slower.

    Parameters
    ----------
    length : int
        Time points of the series.
    taps : int
        Taps of the kernel.
    """

    def __init__(self, length, taps):
        self._length, self._before, self._reach = length, (taps - 1) // 2, taps - 1
        self._of_outputs, self.of_kernel, self._of_inputs = transforms(taps)
        self._step = self._of_outputs.shape[1]
        self.n_tiles = -(-length // self._step)
        self._count = -(-self.n_tiles // max(1, round(length / _PIECE)))
        self.pieces = -(-self.n_tiles // self._count)
        self.together = -(-_TOGETHER // length)
        self._size = self._count * self._step

    def inputs(self, x, piece):
        """Return the transforms of overlapping tiles of eight inputs."""
        window = self._window(x, piece * self._size - self._before, self._size + self._reach)
        return _apply(self._of_inputs, self._cut(window, _N))

    def inputs_back(self, at_points, piece, overlap):
        """Apply the adjoint of `inputs`: sum the gradients of tiles that share an input.

        `overlap` is passed from one piece to the next.
        """
        import tensorflow as tf

        parts = self._tiled(_apply(self._of_inputs.T, at_points))
        # The inputs after the step are the first ones of the next tile.
        missing = self._step - self._reach
        own = tf.pad(parts[: self._step], [[0, 0], [0, 0], [0, 1], [0, 0]])
        shared = tf.pad(parts[self._step :], [[0, missing], [0, 0], [1, 0], [0, 0]])
        if self.pieces == 1:
            return self._join(own + shared, self._before, self._before + self._length), overlap
        begin = tf.where(piece > 0, 0, self._before)
        end = self._before + self._length - piece * self._size
        end = tf.where(piece < self.pieces - 1, self._size, end)
        rows = self._join(own + shared, begin, end)
        overlap = tf.where(piece > 0, overlap, 0)[: tf.shape(rows)[0]]
        rows = tf.concat([rows[: self._reach] + overlap, rows[self._reach :]], 0)
        return rows, parts[self._step :, 0, -1]

    def outputs(self, at_points, piece):
        """Return the outputs of a part from its tiles."""
        import tensorflow as tf

        end = tf.minimum(self._size, self._length - piece * self._size)
        return self._join(self._tiled(_apply(self._of_outputs.T, at_points)), 0, end)

    def outputs_back(self, upstream, piece):
        """Return the transforms of tiles of the outputs' gradient."""
        window = self._window(upstream, piece * self._size, self._size)
        return _apply(self._of_outputs, self._cut(window, self._step))

    def _window(self, panel, begin, size):
        """Return a window of time points of all series, zero outside of the series."""
        import tensorflow as tf

        first, last = tf.maximum(begin, 0), tf.minimum(begin + size, self._length)
        margins = [first - begin, begin + size - last]
        # A slice of everything would be a copy.
        panel = panel if self.pieces == 1 else panel[:, first:last]
        panel = tf.pad(panel, [[0, 0], margins, [0, 0]])
        return tf.ensure_shape(panel, (None, size, panel.shape[2]))

    def _cut(self, window, size):
        """Return tiles as an array of shape (size, series * tiles, channels)."""
        import tensorflow as tf

        rows = np.arange(size)[:, None, None] + self._step * np.arange(self._count)
        series = tf.range(tf.shape(window)[0])[:, None]
        indices = tf.reshape(tf.constant(rows, "int32") + window.shape[1] * series, (size, -1))
        return tf.gather(tf.reshape(window, (-1, window.shape[2])), indices)

    def _tiled(self, parts):
        import tensorflow as tf

        return tf.reshape(parts, (parts.shape[0], -1, self._count, parts.shape[2]))

    def _join(self, parts, begin, end):
        """Return the time points of a range from (place in the tile, series, tile, channels)."""
        import tensorflow as tf

        n_series, n_tiles = tf.shape(parts)[1], parts.shape[2]
        points, series = tf.range(begin, end), n_tiles * tf.range(n_series)[:, None]
        places = points % self._step * n_series * n_tiles
        rows = tf.reshape(places + series + points // self._step, (-1,))
        return tf.gather(tf.reshape(parts, (-1, parts.shape[3])), rows)


def _apply(matrix, parts):
    """Multiply a matrix with the first axis of an array."""
    import tensorflow as tf

    product = tf.matmul(tf.constant(matrix, parts.dtype), tf.reshape(parts, (matrix.shape[1], -1)))
    return tf.reshape(product, (matrix.shape[0], -1, parts.shape[2]))


@cache
def transforms(taps: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the matrices of F(9 - taps, taps), constructed by the Toom-Cook method.

    Parameters
    ----------
    taps : int
        Taps of the kernel.

    Returns
    -------
    of_outputs : np.ndarray of shape (8, 9 - taps)
        Transposed transform of the outputs.
    of_kernel : np.ndarray of shape (8, taps)
        Transform of the kernel.
    of_inputs : np.ndarray of shape (8, 8)
        Transform of the inputs.

    Notes
    -----
    The outputs of a tile are ``of_outputs.T @ ((of_kernel @ kernel) * (of_inputs @ inputs))``.
    """

    def evaluate(n_coefficients):
        at_infinity = np.arange(n_coefficients) == n_coefficients - 1
        return np.vstack([np.vander(_POINTS, n_coefficients, increasing=True), at_infinity])

    # Filtering is the transpose of polynomial multiplication: evaluate, multiply, interpolate.
    of_inputs = np.linalg.inv(evaluate(_N)).T
    # Powers of two are moved to the kernel transform, so that all points have a similar magnitude.
    scale = 2.0 ** np.round(np.log2(np.abs(of_inputs).max(axis=1, keepdims=True)))
    return evaluate(_N + 1 - taps), evaluate(taps) * scale, of_inputs / scale
