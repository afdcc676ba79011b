"""Pictures: where lines, marks and colours lie, and that both libraries draw the same."""

import time

import numpy as np
import pytest

from sktl.estimators._image_drawing import Layout, PictureScaling, paint
from sktl.estimators.images import (
    add_marks,
    magnitude_classes,
    magnitude_midpoints,
    render_pictures,
)

WHITE, BLUE, RED, GREEN = (255, 255, 255), (0, 0, 255), (255, 0, 0), (0, 178, 0)


def black(picture):
    return np.argwhere((picture == 0).all(axis=-1)).tolist()


def test_each_sample_lies_in_the_middle_of_its_column():
    picture = render_pictures(np.arange(4.0).reshape(1, 1, 4), picture_size=4)[0]
    # A line from the lowest to the highest row; it is a row wide and steps by one.
    assert [row for row, column in black(picture) if column == 0] == [3]
    assert [row for row, column in black(picture) if column == 3] == [0]
    assert (picture.min(axis=(0, 2)) < 255).all()


def test_a_dense_series_fills_what_lies_between_its_extremes():
    """Against a line drawn by brute force: many points between the samples."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(1, 1, 300))
    size = 40
    picture = render_pictures(X, picture_size=size)[0, :, :, 0] / 255
    scaled = (X[0, 0] - X.min()) / np.ptp(X)
    x = (np.arange(300) + 0.5) / 300 * size
    fine = np.linspace(0, size, 200_001)
    y = (size - 1) * (1 - np.interp(fine, x, scaled))
    for column in range(size):
        inside = y[(fine >= column) & (fine <= column + 1)]
        rows = np.arange(size)
        covered = np.minimum(inside.max() + 1, rows + 1) - np.maximum(inside.min(), rows)
        np.testing.assert_allclose(1 - picture[:, column], np.clip(covered, 0, 1), atol=0.02)


def test_a_wide_line_is_wide_both_ways():
    step = np.zeros((1, 1, 50))
    step[:, :, 25:] = 1
    picture = render_pictures(step, picture_size=50, line_width=5)[0]
    assert (picture[45:, :20] == 0).all()
    assert (picture[:5, 30:] == 0).all()
    assert (picture[:45, :20] == 255).all()
    # The line rises over one column's width.
    assert (picture[25, :, 0] == 0).sum() in (5, 6)


def test_channels_share_the_height():
    X = np.zeros((1, 3, 8))
    X[0, 1, 3] = 1
    picture = render_pictures(X, picture_size=31)[0]
    rows = sorted({row for row, _ in black(picture)})
    assert 9 in rows  # the first panel's rest, at its lowest row
    assert set(rows) >= set(range(10, 20))  # the second has the spike
    assert max(rows) == 29  # 31 = 3 * 10 + 1 empty row below
    assert (picture[30] == 255).all()


def test_amplitudes():
    X = np.stack([np.sin(np.arange(100)), 100 * np.sin(np.arange(100))])[None]
    panels = {
        how: render_pictures(X, picture_size=80, amplitude=how)[0, :, :, 0]
        for how in ("instance", "channel", "log")
    }
    height = {
        how: [np.ptp(np.flatnonzero((part < 128).any(axis=1))) for part in np.split(p, 2)]
        for how, p in panels.items()
    }
    assert height["instance"][0] < 4 < 35 < height["instance"][1]
    assert min(height["channel"]) > 35
    assert 4 < height["log"][0] < 30 < 35 < height["log"][1]


def test_marks_are_lines_over_the_whole_height():
    X = add_marks(np.zeros((2, 2, 100)), [10, np.nan], [49.7, 20], [99, 1e6])
    assert X.shape == (2, 5, 100)
    pictures = render_pictures(X, n_marks=3, picture_size=50)
    for row in range(50):
        assert tuple(pictures[0, row, 5]) == BLUE
        assert tuple(pictures[0, row, 24]) == RED
        assert tuple(pictures[0, row, 49]) == GREEN
        assert tuple(pictures[1, row, 10]) == RED
        assert tuple(pictures[1, row, 49]) == GREEN
    coloured = (pictures.max(axis=-1) != pictures.min(axis=-1)).all(axis=1).sum(axis=1)
    assert coloured.tolist() == [3, 2]


@pytest.mark.parametrize("length", [1, 7, 40, 41, 6000])
def test_no_mark_is_lost_between_columns(length):
    samples = np.arange(length) if length < 100 else np.arange(0, length, 97)
    X = add_marks(np.zeros((len(samples), 1, length)), samples)
    pictures = render_pictures(X, n_marks=1, picture_size=20)
    columns = (pictures[:, 0] == BLUE).all(axis=-1)
    assert (columns.sum(axis=1) == 1).all()
    np.testing.assert_array_equal(
        columns.argmax(axis=1), ((samples + 0.5) * 20 / length).astype(int)
    )


def test_the_middle_is_cut_out():
    rng = np.random.default_rng(0)
    X = add_marks(rng.normal(size=(2, 2, 90)), [20, 50])
    whole = render_pictures(X, n_marks=1, picture_size=64)
    cut = render_pictures(X, n_marks=1, picture_size=56, resize=64)
    np.testing.assert_array_equal(cut, whole[:, 4:-4, 4:-4])


@pytest.mark.parametrize(
    ("length", "layout"),
    [(50, (12, 12, 1.0)), (300, (24, 28, 2.5)), (7, (33, 40, 0.5)), (1, (5, 5, 1.0))],
)
@pytest.mark.parametrize("n_marks", [0, 2])
def test_keras_draws_what_numpy_draws(length, layout, n_marks):
    from keras import ops

    rng = np.random.default_rng(0)
    series = rng.random((3, length, 2 + n_marks)).astype("float32")
    series[:, :, 2:] = series[:, :, 2:] > 0.9
    layout = Layout(length, 2, *layout)
    drawn = ops.convert_to_numpy(paint(ops, ops.convert_to_tensor(series), layout))
    np.testing.assert_allclose(drawn, paint(np, series, layout), atol=1e-5)


def test_stream_max_is_that_of_the_series_alone():
    X = add_marks(np.array([[[0.0, -3.0]], [[0.1, 0.2]]]), [0, 0])
    inputs = PictureScaling("instance", 1).fit(X, "raw")[1]
    np.testing.assert_allclose(inputs[1][:, 0], [3.0, 0.2])
    np.testing.assert_array_equal(inputs[0][:, 1], [[1, 0], [1, 0]])


def test_marks_alone_and_too_many_channels_are_refused():
    with pytest.raises(ValueError, match="Received: 2 channels, n_marks=2"):
        render_pictures(np.zeros((1, 2, 5)), n_marks=2)
    with pytest.raises(ValueError, match="Received: 9 channels, 8 rows"):
        render_pictures(np.zeros((1, 9, 5)), picture_size=8)
    with pytest.raises(ValueError, match="Did you mean 'instance'"):
        render_pictures(np.zeros((1, 1, 5)), amplitude="instances")


def test_a_thousand_traces_in_five_seconds():
    X = np.random.default_rng(0).normal(size=(50, 3, 6000)).astype("float32")
    X = add_marks(np.tile(X, (2, 1, 1)), *np.full((3, 100), 700))
    begin = time.process_time()
    assert render_pictures(X, n_marks=3).shape == (100, 224, 224, 3)
    # Of 100 here; processor time, since others may use the machine.
    assert time.process_time() - begin < 0.5


def test_classes_of_table_1():
    edges = np.round(np.arange(0.1, 3.05, 0.1), 1)
    assert magnitude_classes(edges).tolist() == list(range(1, 31))
    assert magnitude_classes(edges - 0.05).tolist() == list(range(1, 31))
    assert magnitude_classes([0.0, -0.05, -0.1, -0.15]).tolist() == [1, 0, -1, -1]
    midpoints = magnitude_midpoints(np.arange(1, 31))
    assert midpoints[[0, 4, 29]].tolist() == [0.05, 0.45, 2.95]
    assert np.abs(midpoints - edges).max() == pytest.approx(0.05)
    with pytest.raises(ValueError, match="Received: classes of <U1"):
        magnitude_midpoints(np.array(["5"]))
