"""Convolution of wide panels with fewer products than taps: minimal filtering.

A tile of outputs and a kernel are polynomials whose product has eight coefficients, so its values
at eight points are enough. At a point one matrix product over the channels does what the sum over
the taps did: four outputs of a kernel of five taps take 8 products of matrices instead of 20, and
the way to the points and back costs little where there are many channels.

References
----------
S. Winograd (1980). Arithmetic complexity of computations. SIAM.
A. Lavin, S. Gray (2016). Fast algorithms for convolutional neural networks. CVPR 2016, section 4.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from sktl.estimators._gradient import own_gradient

_POINTS = (0, 1, -1, 2, -2, 0.5, -0.5)
"""With infinity as the eighth: small powers of two, so that rounding stays near a convolution's."""
_N = len(_POINTS) + 1
_WIDE = 128
"""Channels and filters from which it pays; at 64 it gained nothing with three taps."""
_TOGETHER = 800
"""Time points that are transformed at once: what they become at the points stays in the cache."""


def pays(length: int, taps: int, channels: int, filters: int) -> bool:
    """Say whether `convolve` multiplies less and its layers are wide enough to gain by it.

    Parameters
    ----------
    length, taps, channels, filters : int
        Time points of the series, and the shape of the kernel.

    Returns
    -------
    bool
        Never for one tap nor for more than five, whose tiles are too short.
    """
    return (
        2 <= taps <= 5
        and min(channels, filters) >= _WIDE
        and _Tiles(length, taps).count * _N < length * taps
    )


def convolve(x, kernel):
    """Convolve panels by TensorFlow, padded to the same length, with gradients of the same kind.

    Parameters
    ----------
    x : tf.Tensor of shape (batch, time, channels)
        The panel; its batch may be unknown until the graph runs.
    kernel : tf.Tensor of shape (taps, channels, filters)
        Two to five taps.

    Returns
    -------
    tf.Tensor of shape (batch, time, filters)
        What ``tf.nn.conv1d(x, kernel, 1, "SAME")`` gives, to rounding.
    """
    import tensorflow as tf

    taps, channels, filters = kernel.shape
    tiles = _Tiles(x.shape[1], taps)
    together = -(-_TOGETHER // x.shape[1])

    def in_parts(make, width, *sums):
        """Make a panel of `width` channels a few series at a time, and what is to be summed."""
        n_parts = -(-tf.shape(x)[0] // together)

        def part(number, panels, *sums):
            series = slice(number * together, (number + 1) * together)
            panel, *terms = make(series)
            added = (a + b for a, b in zip(sums, terms, strict=True))
            return number + 1, panels.write(number, panel), *added

        panels = tf.TensorArray(
            x.dtype, n_parts, infer_shape=False, element_shape=(None, tiles.length, width)
        )
        _, panels, *sums = tf.while_loop(
            lambda number, *_: number < n_parts, part, (0, panels, *sums)
        )
        return tf.ensure_shape(panels.concat(), (x.shape[0], tiles.length, width)), *sums

    @own_gradient
    def multiply(x, at_points):
        def outputs(series):
            return [tiles.outputs(tf.matmul(tiles.inputs(x[series]), at_points))]

        def gradients(upstream):
            def of_both(series):
                back = tiles.outputs_back(upstream[series])
                of_x = tiles.inputs_back(tf.matmul(back, at_points, transpose_b=True))
                # The inputs are evaluated again: kept, they would take up to twice the memory of x.
                return of_x, tf.matmul(tiles.inputs(x[series]), back, transpose_a=True)

            return in_parts(of_both, channels, tf.zeros_like(at_points))

        return in_parts(outputs, filters)[0], gradients

    return multiply(x, tf.einsum("pt,tcf->pcf", tf.constant(tiles.of_kernel, x.dtype), kernel))


class _Tiles:
    """The linear maps between series and their tiles' values at the points, and their adjoints.

    At the points the shape is (points, series * tiles, channels). Rows are gathered, because that
    copies whole rows; slices with a step and transposes take longer.

    Parameters
    ----------
    length : int
        Time points of the series.
    taps : int
        Taps of the kernel.
    """

    def __init__(self, length, taps):
        self.length, self._before = length, (taps - 1) // 2
        self._of_outputs, self.of_kernel, self._of_inputs = transforms(taps)
        self._step = self._of_outputs.shape[1]
        self.count = -(-length // self._step)

    def inputs(self, x):
        """Evaluate tiles of eight inputs, of which neighbours share some."""
        return _apply(self._of_inputs, self._cut(x, _N, self._before))

    def inputs_back(self, at_points):
        """Sum what the tiles that share an input say of it."""
        import tensorflow as tf

        parts = self._tiled(_apply(self._of_inputs.T, at_points))
        # The inputs behind the step are the first ones of the next tile.
        missing = 2 * self._step - _N
        own = tf.pad(parts[: self._step], [[0, 0], [0, 0], [0, 1], [0, 0]])
        shared = tf.pad(parts[self._step :], [[0, missing], [0, 0], [1, 0], [0, 0]])
        return self._join(own + shared, self._before)

    def outputs(self, at_points):
        """Put the outputs of the tiles together."""
        return self._join(self._tiled(_apply(self._of_outputs.T, at_points)), 0)

    def outputs_back(self, upstream):
        """Evaluate tiles of what came back to the outputs."""
        return _apply(self._of_outputs, self._cut(upstream, self._step, 0))

    def _cut(self, panel, size, before):
        """Give every place of a tile as a row: (size, series * tiles, channels)."""
        import tensorflow as tf

        # One tile more than there are, into which the last one reaches.
        padded = (self.count + 1) * self._step
        panel = tf.pad(panel, [[0, 0], [before, padded - before - self.length], [0, 0]])
        rows = np.arange(size)[:, None, None] + self._step * np.arange(self.count)
        series = tf.range(tf.shape(panel)[0])[:, None]
        indices = tf.reshape(tf.constant(rows, "int32") + padded * series, (size, -1))
        return tf.gather(tf.reshape(panel, (-1, panel.shape[2])), indices)

    def _tiled(self, parts):
        import tensorflow as tf

        return tf.reshape(parts, (parts.shape[0], -1, self.count, parts.shape[2]))

    def _join(self, parts, before):
        """Give panels of (place in the tile, series, tile, channels), from a time point on."""
        import tensorflow as tf

        n_series, n_tiles = tf.shape(parts)[1], parts.shape[2]
        tile, place = np.divmod(before + np.arange(self.length), self._step)
        series = n_tiles * tf.range(n_series)[:, None]
        rows = (
            tf.constant(place, "int32") * n_series * n_tiles + series + tf.constant(tile, "int32")
        )
        return tf.gather(tf.reshape(parts, (-1, parts.shape[3])), rows)


def _apply(matrix, parts):
    """Multiply along the first axis."""
    import tensorflow as tf

    product = tf.matmul(tf.constant(matrix, parts.dtype), tf.reshape(parts, (matrix.shape[1], -1)))
    return tf.reshape(product, (matrix.shape[0], -1, parts.shape[2]))


@cache
def transforms(taps: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Make the matrices of F(9 - taps, taps) by the method of Toom and Cook.

    Parameters
    ----------
    taps : int
        Taps of the kernel.

    Returns
    -------
    of_outputs : np.ndarray of shape (8, 9 - taps)
    of_kernel : np.ndarray of shape (8, taps)
    of_inputs : np.ndarray of shape (8, 8)
        ``of_outputs.T @ ((of_kernel @ kernel) * (of_inputs @ inputs))`` are the outputs.
    """

    def evaluate(n_coefficients):
        at_infinity = np.arange(n_coefficients) == n_coefficients - 1
        return np.vstack([np.vander(_POINTS, n_coefficients, increasing=True), at_infinity])

    # Filtering is the transpose of the product of polynomials: evaluate, multiply, interpolate.
    of_inputs = np.linalg.inv(evaluate(_N)).T
    # Kernels take over powers of two, so that no point's values outgrow the others'.
    scale = 2.0 ** np.round(np.log2(np.abs(of_inputs).max(axis=1, keepdims=True)))
    return evaluate(_N + 1 - taps), evaluate(taps) * scale, of_inputs / scale
