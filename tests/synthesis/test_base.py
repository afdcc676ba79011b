"""What holds for every generator, with and without a network."""

import json
import pickle

import numpy as np
import pytest
from sklearn.base import clone

from sktl.synthesis import BaseGenerator, MixupGenerator, ResamplingGenerator

from .conftest import GENERATORS, make_panel

# A network is fitted and drawn from in the tests of regression and of files.
without_network = pytest.mark.parametrize(
    "generator",
    [pytest.param(g, marks=[pytest.mark.slow] * (g is GENERATORS[-1])) for g in GENERATORS],
    ids=lambda generator: type(generator).__name__,
    indirect=True,
)


def numbers(y):
    return (y == "fast") + np.arange(len(y)) / 100


@without_network
def test_samples_have_the_shape_and_the_targets_of_the_data(generator, panel):
    X, y = panel
    X_new, y_new = generator.fit(X, y).sample(40, random_state=0)
    assert X_new.shape == (40, 2, 16)
    assert X_new.dtype == np.float32
    assert np.isfinite(X_new).all()
    # Twice as many: each target exactly twice.
    assert sorted(y_new) == sorted(np.tile(y, 2))
    assert list(generator.sample(y=["fast", "slow", "fast"])[1]) == ["fast", "slow", "fast"]
    assert len(generator.sample(1)[0]) == 1


def test_regression(generator, panel):
    X, y = panel
    y = numbers(y)
    X_new, y_new = generator.fit(X, y).sample(40, random_state=0)
    assert generator.classes_ is None
    assert X_new.shape == (40, 2, 16)
    assert sorted(y_new) == sorted(np.tile(y, 2))
    X_new, y_new = generator.sample(y=[0.505, 3.0, -3.0], random_state=0)
    assert np.isfinite(X_new).all()
    assert y_new.tolist() == [0.505, 3.0, -3.0]


def test_seeds_decide_bit_for_bit(generator, panel):
    fits = [clone(generator).set_params(random_state=seed).fit(*panel) for seed in (1, 1)]
    first, again = (fit.sample(12, random_state=2)[0] for fit in fits)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, fits[0].sample(12, random_state=3)[0])


def test_files_give_the_same_samples(generator, panel, tmp_path):
    for y in (panel[1], numbers(panel[1]), np.arange(20) % 3, panel[1].astype(object)):
        fitted = clone(generator).fit(panel[0], y)
        path = fitted.save(tmp_path / "deep" / "generator.npz")
        for loaded in (BaseGenerator.load(path), pickle.loads(pickle.dumps(fitted))):
            assert type(loaded) is type(fitted)
            assert loaded.get_params() == fitted.get_params()
            assert loaded.card_ == fitted.card_
            for one, other in zip(
                loaded.sample(9, random_state=5), fitted.sample(9, random_state=5), strict=True
            ):
                assert np.array_equal(one, other)
                assert one.dtype == other.dtype
    assert [p.name for p in path.parent.iterdir()] == ["generator.npz"]
    assert json.loads(str(np.load(path)["card"]))["n_instances"] == 20
    with pytest.raises(ValueError, match="must contain one of"):
        next(kind for kind in (MixupGenerator, ResamplingGenerator) if kind is not type(fitted)
             ).load(path)  # fmt: skip


def test_damaged_files_are_refused(panel, tmp_path):
    path = MixupGenerator().fit(*panel).save(tmp_path / "g.npz")
    whole = path.read_bytes()
    for content in (whole[: len(whole) // 2], b"", b"no archive", whole[:900] + b"x" + whole[901:]):
        path.write_bytes(content)
        with pytest.raises(ValueError, match="damaged or not a saved generator"):
            BaseGenerator.load(path)
    with pytest.raises(FileNotFoundError):
        BaseGenerator.load(tmp_path / "none.npz")
    np.savez(path, card=np.array([{"format": 1}], dtype=object))  # a pickle inside
    with pytest.raises(ValueError, match="damaged or not a saved generator"):
        BaseGenerator.load(path)
    with pytest.raises(ValueError, match="not fitted"):
        MixupGenerator().save(path)


def test_a_failed_save_leaves_the_old_file(panel, tmp_path, monkeypatch):
    fitted = MixupGenerator().fit(*panel)
    path = fitted.save(tmp_path / "g.npz")
    before = path.read_bytes()

    def break_off(file, **arrays):
        file.write(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(np, "savez_compressed", break_off)
    with pytest.raises(OSError, match="disk full"):
        fitted.save(path)
    assert path.read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        (np.full((4, 1, 3), np.nan), [0, 0, 1, 1], "12 NaN or infinite values of 12"),
        (np.zeros((4, 1, 3)), [0, 1], r"one value per instance. Received: \(2,\) for 4"),
        (np.zeros((4, 0, 3)), [0, 0, 1, 1], r"none of them 0. Received: shape \(4, 0, 3\)"),
        (np.zeros((2, 2, 2, 2)), [0, 1], r"shape \(2, 2, 2, 2\)"),
        (np.array([[["a"]]]), [0], "must hold real numbers"),
        (np.zeros((2, 1, 3)), [0.0, np.inf], "y must be finite"),
    ],
)
def test_bad_data(generator, X, y, message):
    with pytest.raises(ValueError, match=message):
        generator.fit(X, y)


def test_bad_requests(generator, panel):
    with pytest.raises(ValueError, match="call fit or load first"):
        generator.sample(3)
    with pytest.raises(ValueError, match="Received: task='class'"):
        clone(generator).set_params(task="class").fit(*panel)
    generator.fit(*panel)
    for arguments, message in [
        ({}, "n must be a whole number above 0. Received: n=None"),
        ({"n": 0}, "Received: n=0"),
        ({"n": 2.5}, "Received: n=2.5"),
        ({"n": 3, "y": ["slow"]}, "Received: n=3, y with 1"),
        ({"y": ["quick"]}, r"\['fast', 'slow'\]. Received: \['quick'\]"),
        ({"y": []}, "not empty"),
    ]:
        with pytest.raises(ValueError, match=message):
            generator.sample(**arguments)


@without_network
@pytest.mark.filterwarnings("ignore:Mode collapse")
@pytest.mark.parametrize("length", [1, 2])
def test_few_time_points(generator, length):
    X, y = make_panel(n_timepoints=length)
    assert generator.fit(X, y).sample(7)[0].shape == (7, 2, length)


@pytest.mark.filterwarnings("ignore:Mode collapse")
def test_constant_channels_stay_constant(generator, panel):
    X, y = panel
    X[:, 1] = 1e6 + 0.1
    X_new, _ = generator.fit(X, y).sample(30)
    np.testing.assert_array_equal(X_new[:, 1], np.float32(1e6 + 0.1))
    assert X_new[:, 0].std() > 0


@pytest.mark.filterwarnings("ignore:Mode collapse")
def test_a_class_of_one(generator, panel):
    X, y = panel
    y = np.array(["only", *y[1:]])
    X_new, y_new = generator.fit(X, y).sample(40)
    assert np.isfinite(X_new).all()
    assert sorted(set(y_new)) == ["fast", "only", "slow"]


@without_network
def test_two_dimensions_are_one_channel(generator, panel):
    X, y = panel
    assert generator.fit(X[:, 0], y).sample(3)[0].shape == (3, 1, 16)
