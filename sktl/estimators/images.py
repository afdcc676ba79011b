"""Pictures of series to look at, marks of arrivals, and classes of magnitudes."""

from __future__ import annotations

import numpy as np

from sktl._checks import check_choice
from sktl.estimators._image_drawing import AMPLITUDES, Layout, PictureScaling, check_room, paint


def magnitude_classes(magnitudes, width: float = 0.1) -> np.ndarray:
    """Number the classes of magnitudes as in Table 1 of the paper: class k is ((k-1)w, kw].

    Parameters
    ----------
    magnitudes : array-like of shape (n_instances,)
        Magnitudes; 0 belongs to class 1, and below it classes go on with 0 and -1.
    width : float, default=0.1
        Width w of a class.

    Returns
    -------
    np.ndarray of shape (n_instances,), int
        Classes.

    Examples
    --------
    >>> from sktl.estimators.images import magnitude_classes, magnitude_midpoints
    >>> magnitude_classes([0.0, 0.1, 0.43, 0.5, 2.95]).tolist()
    [1, 1, 5, 5, 30]
    >>> magnitude_midpoints([5]).tolist()
    [0.45]
    """
    # Rounded first: 0.3 / 0.1 and the like miss whole numbers by a hair.
    steps = np.round(np.asarray(magnitudes, float) / width, 6)
    return np.where(steps == 0, 1, np.ceil(steps)).astype(int)


def magnitude_midpoints(classes, width: float = 0.1) -> np.ndarray:
    """Return the midpoint of each class, what the paper predicts for it.

    Parameters
    ----------
    classes : array-like of shape (n_instances,)
        What `magnitude_classes` gives.
    width : float, default=0.1
        Width of a class.

    Returns
    -------
    np.ndarray of shape (n_instances,)
        Magnitudes.

    Raises
    ------
    ValueError
        If the classes are no whole numbers.
    """
    classes = np.asarray(classes)
    if not np.issubdtype(classes.dtype, np.integer):
        raise ValueError(
            "Midpoints need the class numbers of magnitude_classes. "
            f"Received: classes of {classes.dtype}"
        )
    return np.round((classes - 0.5) * width, 10)


def add_marks(X: np.ndarray, *samples) -> np.ndarray:
    """Add a channel for each kind of mark, 1 at the marked sample and 0 elsewhere.

    Parameters
    ----------
    X : np.ndarray of shape (n_instances, n_channels, n_timepoints)
        Panel.
    *samples : array-like of shape (n_instances,)
        Sample numbers of P, of S and of the end of the coda, in this order; NaN: no mark. What
        lies before or after the series is marked at its end.

    Returns
    -------
    np.ndarray of shape (n_instances, n_channels + len(samples), n_timepoints)
        The panel, for ``n_marks=len(samples)``.

    Examples
    --------
    >>> import numpy as np
    >>> from sktl.estimators.images import add_marks
    >>> add_marks(np.zeros((2, 1, 4)), [1, np.nan])[:, 1].tolist()
    [[0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]]
    """
    marks = np.zeros((len(X), len(samples), X.shape[2]), X.dtype)
    for number, given in enumerate(samples):
        given = np.asarray(given, float)
        known = np.flatnonzero(np.isfinite(given))
        marks[known, number, np.clip(given[known], 0, X.shape[2] - 1).astype(int)] = 1
    return np.concatenate([X, marks], axis=1)


def render_pictures(
    X: np.ndarray,
    *,
    n_marks: int = 0,
    picture_size: int = 224,
    resize: int | None = None,
    line_width: float = 1.0,
    amplitude: str = "instance",
) -> np.ndarray:
    """Draw series as the networks see them.

    Parameters
    ----------
    X : np.ndarray of shape (n_instances, n_channels + n_marks, n_timepoints)
        Panel, in any unit.
    n_marks, picture_size, resize, line_width, amplitude
        See `sktl.estimators.ResNetImageClassifier`; with ``amplitude="log"`` the scale is that of
        these instances.

    Returns
    -------
    np.ndarray of shape (n_instances, picture_size, picture_size, 3), uint8
        Red, green and blue.

    Raises
    ------
    ValueError
        If there is no channel beside the marks, or there are more channels than rows.

    Examples
    --------
    >>> import numpy as np
    >>> from sktl.estimators.images import render_pictures
    >>> render_pictures(np.array([[[0.0, 1.0, 0.0]]]), picture_size=3)[0, :, :, 0].tolist()
    [[255, 0, 255], [0, 0, 0], [0, 255, 0]]
    """
    check_choice("amplitude", amplitude, AMPLITUDES)
    canvas = resize or picture_size
    check_room(canvas, X.shape[1] - n_marks)
    scaled = PictureScaling(amplitude, n_marks).fit(X, None)[1][0].transpose(0, 2, 1)
    layout = Layout(X.shape[2], X.shape[1] - n_marks, picture_size, canvas, line_width)
    pictures = np.empty((len(X), picture_size, picture_size, 3), np.uint8)
    for at in range(0, len(X), 16):
        part = slice(at, at + 16)
        pictures[part] = np.round(255 * paint(np, scaled[part], layout))
    return pictures
