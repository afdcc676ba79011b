"""Series drawn as pictures: exact columns of a thick line, in numpy or inside of a network.

A picture is a function of the scaled series, so a network can hold it as its first layer: a
batch is drawn when it is its turn, and never are all pictures in memory. `paint` is written once,
for numpy and for `keras.ops`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from types import ModuleType
from typing import Any

import numpy as np

from sktl.training.preprocessing import (
    amplitude_inputs,
    amplitude_scale,
    largest,
    scale_instances,
)

# Marks in the order of their channels: P, S, end of the coda; further ones begin anew.
MARK_COLOURS = ((0.0, 0.0, 1.0), (1.0, 0.0, 0.0), (0.0, 0.7, 0.0))
AMPLITUDES = ("instance", "channel", "log")


@dataclass(frozen=True)
class Layout:
    """Where on a picture the samples of a series lie.

    The canvas is a square; the channels share it in panels of equal height, the first on top.
    Sample ``t`` of ``T`` lies at ``(t + 0.5) / T`` of the width. What is shown is the middle
    ``size x size`` pixels of the canvas.

    Attributes
    ----------
    n_timepoints, n_channels : int
        Shape of a series without its marks.
    size : int
        Height and width of the picture, in pixels.
    canvas : int
        Height and width of what it is cut from, in pixels.
    line_width : float
        Side of the square pen, in pixels.
    """

    n_timepoints: int
    n_channels: int
    size: int
    canvas: int
    line_width: float

    @property
    def cut(self) -> int:
        """Pixels cut off at the left and on top."""
        return (self.canvas - self.size) // 2

    @cached_property
    def _spans(self) -> np.ndarray:
        """Left and right end of what touches each column, in fractional samples."""
        reach = max(0.0, (self.line_width - 1) / 2)
        left = np.arange(self.cut, self.cut + self.size)
        ends = np.stack([left - reach, left + 1 + reach])
        return ends * self.n_timepoints / self.canvas - 0.5

    @cached_property
    def edges(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Samples before and after each column's two edges, and the share of the second."""
        position = np.clip(self._spans.ravel(), 0, self.n_timepoints - 1)
        before = np.floor(position).astype(np.int32)
        after = np.minimum(before + 1, self.n_timepoints - 1).astype(np.int32)
        return before, after, (position - before).astype(np.float32)

    @cached_property
    def columns(self) -> np.ndarray:
        """Indices into samples followed by edges that make up each column, ``(size, k)``."""
        start, stop = np.clip(np.ceil(self._spans), 0, self.n_timepoints).astype(int)
        own_edges = self.n_timepoints + np.arange(self.size)[:, None] + [0, self.size]
        inside = start[:, None] + np.arange((stop - start).max())
        inside = np.where(inside < stop[:, None], inside, own_edges[:, :1])
        return np.hstack([own_edges, inside]).astype(np.int32)


def paint(xp: ModuleType | Any, series, layout: Layout):
    """Draw scaled series, black on white, with their marks in colour over the whole height.

    The line between two samples is straight; each pixel is black to the share that the pen
    covers of it, counted over its height.

    Parameters
    ----------
    xp : module
        ``numpy`` or ``keras.ops``.
    series : array of shape (n_instances, n_timepoints, n_channels + n_marks), float32
        Channels between 0 (lowest line of their panel) and 1, then marks: not 0 where they are.
    layout : Layout
        Where the samples lie.

    Returns
    -------
    array of shape (n_instances, size, size, 3), float32
        Red, green and blue between 0 and 1.
    """
    panel = layout.canvas // layout.n_channels
    waves, marks = series[:, :, : layout.n_channels], series[:, :, layout.n_channels :]
    before, after, share = layout.edges
    left, right = xp.take(waves, before, axis=1), xp.take(waves, after, axis=1)
    edges = left + (right - left) * xp.array(share[None, :, None])
    points = xp.take(xp.concatenate([waves, edges], axis=1), layout.columns, axis=1)

    # In rows from the top of the panel, (n, channel, 1, column).
    room = max(panel - layout.line_width, 0.0)
    bottom = room * (1 - xp.min(points, axis=2)) + layout.line_width
    top = room * (1 - xp.max(points, axis=2))
    bottom, top = (xp.transpose(y, (0, 2, 1))[:, :, None, :] for y in (bottom, top))
    rows = np.arange(panel, dtype=np.float32)[:, None]
    ink = xp.clip(xp.minimum(bottom, rows + 1) - xp.maximum(top, rows), 0, 1)
    ink = xp.reshape(ink, (-1, layout.n_channels * panel, layout.size))
    below = layout.canvas - layout.n_channels * panel
    ink = xp.pad(ink, ((0, 0), (0, below), (0, 0)))[:, layout.cut : layout.cut + layout.size]
    paper = (1 - ink)[..., None]

    n_marks = series.shape[2] - layout.n_channels
    if not n_marks:
        return paper * xp.array(np.ones(3, np.float32))
    marks = xp.concatenate([marks, 0 * xp.take(marks, before, axis=1)], axis=1)
    marked = xp.max(xp.take(xp.abs(marks), layout.columns, axis=1), axis=2) > 0
    colour: Any = 0.0
    for number in range(n_marks):
        of_mark = np.array(MARK_COLOURS[number % len(MARK_COLOURS)], np.float32)
        colour = xp.where(marked[:, :, number, None], of_mark, colour)
    return xp.where(xp.any(marked, axis=2)[:, None, :, None], colour[:, None], paper)


@dataclass(frozen=True)
class PictureScaling:
    """How series are scaled for pictures, before anything is fitted.

    Attributes
    ----------
    amplitude, n_marks
        See `PicturePreprocessing`.
    """

    amplitude: str
    n_marks: int

    @property
    def scaling(self) -> str:
        """What a card states of this scaling."""
        return f"drawn as pictures, amplitude={self.amplitude!r}"

    def fit(
        self, X: np.ndarray, stream_max: str | None
    ) -> tuple[PicturePreprocessing, list[np.ndarray]]:
        """Fit on the training panel and transform it.

        Parameters
        ----------
        X : np.ndarray of shape (n_instances, n_channels + n_marks, n_timepoints)
            Training panel.
        stream_max : {"standard", "log", "raw", None}
            See `sktl.training.preprocessing.Preprocessing`.

        Returns
        -------
        preprocessing : PicturePreprocessing
            What was fitted.
        inputs : list of np.ndarray
            What its `transform` gives for `X`.

        Raises
        ------
        ValueError
            If there is no channel beside the marks.
        """
        if self.n_marks >= X.shape[1]:
            raise ValueError(
                "X must have a channel beside its marks. "
                f"Received: {X.shape[1]} channels, n_marks={self.n_marks}"
            )
        waves = X[:, : X.shape[1] - self.n_marks]
        fitted: tuple[float, ...] = amplitude_scale(largest(waves, stream_max), stream_max)
        if self.amplitude == "log":
            deviations = np.abs(_deviations(waves))
            unit = float(np.median(deviations)) or 1.0
            fitted += unit, float(np.log1p(deviations.max() / unit)) or 1.0
        preprocessing = PicturePreprocessing(
            X.shape[1:], self.n_marks, self.amplitude, stream_max, *fitted
        )
        return preprocessing, preprocessing.transform(X)


@dataclass(frozen=True)
class PicturePreprocessing:
    """Vertical scale of the pictures and the stream max, as fitted on the training instances.

    Attributes
    ----------
    shape : tuple of int
        Channels and time points, marks included.
    n_marks : int
        How many of the last channels are marks.
    amplitude : {"instance", "channel", "log"}
        See `sktl.estimators.ResNetImageClassifier`.
    stream_max : {"standard", "log", "raw", None}
        See `sktl.training.preprocessing.Preprocessing`.
    center, scale, floor : float
        What standardises the stream max, as there.
    unit, top : float
        Typical and largest deviation of the training instances, for ``amplitude="log"``.
    """

    shape: tuple[int, ...]
    n_marks: int
    amplitude: str
    stream_max: str | None
    center: float = 0.0
    scale: float = 1.0
    floor: float = 1.0
    unit: float = 1.0
    top: float = 1.0

    def transform(self, X: np.ndarray) -> list[np.ndarray]:
        """Turn a panel into the inputs of a network that draws it.

        Parameters
        ----------
        X : np.ndarray of shape (n_instances, n_channels + n_marks, n_timepoints)
            Panel in the unit of the training panel.

        Returns
        -------
        list of np.ndarray
            The panel, channels between 0 and 1 and marks 0 or 1, and, unless `stream_max` is
            None, the stream max, ``(n_instances, 1)``; float32.

        Raises
        ------
        ValueError
            If the instances have another shape than those of the training.
        """
        if X.shape[1:] != self.shape:
            raise ValueError(
                "X must have the channels and time points that the network was fitted with, "
                f"{self.shape}. Received: {X.shape[1:]}"
            )
        n_channels = self.shape[0] - self.n_marks
        waves, marks = X[:, :n_channels], X[:, n_channels:]
        if self.amplitude == "instance":
            scaled = scale_instances(waves)[0]
        elif self.amplitude == "channel":
            scaled = scale_instances(waves.reshape(-1, 1, waves.shape[2]))[0].reshape(waves.shape)
        else:
            deviations = _deviations(waves)
            height = np.log1p(np.abs(deviations) / self.unit) / self.top
            scaled = 0.5 + 0.5 * np.sign(deviations) * np.minimum(height, 1)
        series = np.concatenate([scaled, marks != 0], axis=1, dtype=np.float32)
        amplitude = largest(waves, self.stream_max)
        return [
            series,
            *amplitude_inputs(amplitude, self.stream_max, self.center, self.scale, self.floor),
        ]

    def description(self) -> dict[str, str | None]:
        """Say in words what is done.

        Returns
        -------
        dict of str to str or None
            For the card of a source.
        """
        return {
            "scaling": PictureScaling(self.amplitude, self.n_marks).scaling,
            "mask": None,
            "stream_max": self.stream_max,
        }


def _deviations(waves):
    return waves - waves.mean(axis=2, keepdims=True)


def check_room(canvas: int, n_channels: int) -> None:
    """Refuse more channels than a canvas has rows.

    Parameters
    ----------
    canvas : int
        Height of the canvas, in pixels.
    n_channels : int
        Channels that share it.

    Raises
    ------
    ValueError
        If a channel would get no row.
    """
    if n_channels > canvas:
        raise ValueError(
            "A picture must have a row of pixels for each channel. "
            f"Received: {n_channels} channels, {canvas} rows"
        )
