"""What users bring, and what comes of it: the right value, or one sentence.

Every row of a table is an input, beside the value that must come out (that of the same data in
plain arrays) or the words of the error or warning. Where a check comes before any training, a
linear probe of amplitudes stands for all estimators: they share the checks.
"""

import datetime
import decimal
import subprocess
import sys
import warnings

import h5py
import numpy as np
import pandas as pd
import pytest
from sktime.datatypes import convert_to

from sktl.estimators import (
    ConvNetQuakeINGVClassifier,
    LinearProbeClassifier,
    LinearProbeRegressor,
    MagNetClassifier,
    TCNSequenceRegressor,
)
from sktl.model_selection import OmegaSearch, rank_sources
from sktl.transformations import SourceFeatures

N, CHANNELS, LENGTH = 12, ["Z", "N"], 16
CODES = np.arange(N) % 3
RNG = np.random.default_rng(0)
# The size of Z tells the class; that of N misleads.
PLAIN = RNG.normal(size=(N, 2, LENGTH))
PLAIN /= np.abs(PLAIN).max(axis=2, keepdims=True)
PLAIN[:, 0] *= 10.0 ** CODES[:, None]
PLAIN[:, 1] *= 10.0 ** np.roll(CODES, 5)[:, None]
NAN = float("nan")


def classifier():
    return LinearProbeClassifier(sources=None, random_features=None)


def regressor():
    return LinearProbeRegressor(sources=None, random_features=None)


def masked(X, hidden=True):
    return np.ma.masked_array(X, mask=np.zeros(X.shape, bool) | (hidden & (X > 0.5)))


class Refused:
    """An error with these words."""

    def __init__(self, words, kind=ValueError):
        self.words, self.kind = words, kind


class Warned:
    """A warning with these words; the value is right."""

    def __init__(self, words):
        self.words = words


def check(outcome, function, value, recwarn=None):
    """Hold what a function does against a row's outcome."""
    if isinstance(outcome, Refused):
        with pytest.raises(outcome.kind, match=outcome.words):
            function()
        return
    if isinstance(outcome, Warned):
        with pytest.warns(UserWarning, match=outcome.words):
            got = function()
    else:
        got = function()
        value = value if outcome is True else outcome
    np.testing.assert_array_equal(got, value)


# --- y of a classifier -------------------------------------------------------------------------
TEXT = np.array(["a", "b", "c"])[CODES]
OF_TEXT = TEXT.tolist()


def hdf5_dataset(tmp_path, values):
    file = h5py.File(tmp_path / "y.hdf5", "w")
    return file.create_dataset("y", data=values)


class Polars:
    """What a series of polars offers."""

    def __init__(self, values):
        self._values = values

    def __len__(self):
        return len(self._values)

    def to_numpy(self):
        return np.asarray(self._values, dtype=object)


LABELS = {
    "array of text": (TEXT, OF_TEXT),
    "list": (OF_TEXT, OF_TEXT),
    "tuple": (tuple(OF_TEXT), OF_TEXT),
    "objects of text": (TEXT.astype(object), OF_TEXT),
    "bytes": (TEXT.astype("S1"), OF_TEXT),
    "objects of bytes": ([one.encode() for one in OF_TEXT], OF_TEXT),
    "series": (pd.Series(OF_TEXT), OF_TEXT),
    "values of a series": (pd.Series(OF_TEXT).values, OF_TEXT),
    "array of a series": (pd.Series(OF_TEXT).array, OF_TEXT),
    "series of objects": (pd.Series(OF_TEXT, dtype=object), OF_TEXT),
    "index": (pd.Index(OF_TEXT), OF_TEXT),
    "categorical": (pd.Categorical(OF_TEXT), OF_TEXT),
    "categories without members": (pd.Categorical(OF_TEXT, categories=list("dcba")), OF_TEXT),
    "series of categories": (pd.Series(OF_TEXT, dtype="category"), OF_TEXT),
    "categories of numbers": (pd.Categorical(CODES), CODES),
    "frame of one column": (pd.DataFrame({"label": OF_TEXT}), OF_TEXT),
    "polars": (Polars(OF_TEXT), OF_TEXT),
    "whole numbers": (CODES, CODES),
    "list of whole numbers": (CODES.tolist(), CODES),
    "objects of whole numbers": (CODES.astype(object), CODES),
    "iterator": (iter(OF_TEXT), OF_TEXT),
    "unsigned": (CODES.astype(np.uint8), CODES),
    "nullable whole numbers": (pd.array(CODES, "Int64"), CODES),
    "booleans": (CODES > 0, CODES > 0),
    "list of booleans": ((CODES > 0).tolist(), CODES > 0),
    "objects of booleans": ((CODES > 0).astype(object), CODES > 0),
    "nullable booleans": (pd.array(CODES > 0, "boolean"), CODES > 0),
    "floats": (CODES / 2, CODES / 2),
    "objects of floats": ((CODES / 2).astype(object), CODES / 2),
    "half floats": ((CODES / 2).astype(np.float16), CODES / 2),
    "whole numbers and floats": ([0, 1.5, 2] * 4, [0, 1.5, 2] * 4),
    "unmasked": (np.ma.masked_array(CODES), CODES),
    "column": (TEXT[:, None], OF_TEXT),
    "None": ([None, *OF_TEXT[1:]], Refused("1 of 12 missing")),
    "nothing": (None, Refused("NoneType", TypeError)),
    "NaN in text": ([NAN, *OF_TEXT[1:]], Refused("1 of 12 missing")),
    "NaN": (np.where(CODES > 1, NAN, CODES), Refused("4 of 12 missing, NaN or inf")),
    "infinite": (np.where(CODES > 1, np.inf, CODES), Refused("4 of 12")),
    "NA": (pd.array([None, *CODES[1:]], "Int64"), Refused("1 of 12")),
    "NaT": (pd.Series(pd.to_datetime([None] * N)), Refused("12 of 12")),
    "category missing": (pd.Categorical([None, *OF_TEXT[1:]]), Refused("1 of 12")),
    "frame with NaN": (pd.DataFrame({"label": [None, *OF_TEXT[1:]]}), Refused("1 of 12")),
    "masked": (np.ma.masked_equal(CODES, 2), Refused("4 of 12 missing")),
    "text and number": ([1, *OF_TEXT[1:]], Refused(r"of one kind.*1 \(int\) and 'b' \(str\)")),
    "boolean and number": ([True, *CODES.tolist()[1:]], Refused("of one kind")),
    "sets of labels": ([["a"], ["a", "b"]] * 6, Refused("shape|kind")),
    "dates": (np.array(["2020-01-01"] * N, "M8[D]"), Refused(r"labels \(text.*datetime64")),
    "dates as objects": ([datetime.date(2020, 1, 1)] * N, Refused("of one kind.*date")),
    "complex": (CODES + 1j, Refused("complex128")),
    "one text": ("abcabcabcabc", Refused("str", TypeError)),
    "dict": (dict(enumerate(OF_TEXT)), Refused("dict", TypeError)),
    "set": (set(OF_TEXT), Refused("set", TypeError)),
    "too short": (OF_TEXT[:5], Refused("Mismatch")),
    "three axes": (np.zeros((N, 1, 1)), Refused(r"shape \(12, 1, 1\)")),
}


@pytest.mark.parametrize("row", LABELS)
def test_labels(row):
    y, outcome = LABELS[row]
    check(outcome, lambda: classifier().fit(PLAIN, y).predict(PLAIN), None)


@pytest.mark.parametrize("row", ["series", "series of categories", "series of objects", "list"])
def test_labels_without_a_stream_of_warnings(row):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fitted = classifier().fit(PLAIN, LABELS[row][0])
        assert fitted.score(PLAIN, LABELS[row][0]) == 1


def test_labels_of_a_file(tmp_path):
    for values in (CODES, OF_TEXT):
        y = hdf5_dataset(tmp_path, values)
        np.testing.assert_array_equal(classifier().fit(PLAIN, y).predict(PLAIN), values)
        y.file.close()


# --- y of a regressor --------------------------------------------------------------------------
NUMBERS = CODES + 0.5
OF_NUMBERS = NUMBERS.tolist()
TARGETS = {
    "floats": NUMBERS,
    "list": OF_NUMBERS,
    "tuple": tuple(OF_NUMBERS),
    "objects": NUMBERS.astype(object),
    "decimals": [decimal.Decimal(str(one)) for one in OF_NUMBERS],
    "numbers as text": [str(one) for one in OF_NUMBERS],
    "series": pd.Series(NUMBERS),
    "series of objects": pd.Series(OF_NUMBERS, dtype=object),
    "nullable": pd.array(NUMBERS, "Float64"),
    "index": pd.Index(NUMBERS),
    "single precision": NUMBERS.astype(np.float32),
    "half precision": NUMBERS.astype(np.float16),
    "foreign byte order": NUMBERS.astype(">f8"),
    "polars": Polars(OF_NUMBERS),
    "frame": pd.DataFrame({"magnitude": NUMBERS}),
    "column": NUMBERS[:, None],
    "unmasked": np.ma.masked_array(NUMBERS),
    "text": (["a", *OF_NUMBERS[1:]], Refused(r"must hold numbers. Received: 'a' \(str\)")),
    "a whole number beyond floats": ([10**400, *OF_NUMBERS[1:]], Refused("must hold numbers")),
    "array of text": (TEXT, Refused(r"must hold numbers. Received: 'a'")),
    "None": ([None, *OF_NUMBERS[1:]], Refused("1 of 12 missing")),
    "NaN": ([NAN, *OF_NUMBERS[1:]], Refused("1 of 12")),
    "infinite": ([np.inf, *OF_NUMBERS[1:]], Refused("1 of 12")),
    "NaN as text": (["nan", *OF_NUMBERS[1:]], Refused("1 of 12")),
    "NA": (pd.array([None, *OF_NUMBERS[1:]], "Float64"), Refused("1 of 12")),
    "masked": (np.ma.masked_greater(NUMBERS, 2), Refused("4 of 12 missing")),
    "complex": (NUMBERS + 1j, Refused("complex128")),
    "dates": (pd.date_range("2020", periods=N), Refused("datetime64")),
    "nothing": (None, Refused("NoneType", TypeError)),
    "frame with text": (pd.DataFrame({"m": OF_TEXT}), Refused("'a'")),
}


@pytest.mark.parametrize("row", TARGETS)
def test_targets(row):
    given = TARGETS[row]
    refused = isinstance(given, tuple) and len(given) == 2
    y, outcome = given if refused else (given, True)
    plain = None if refused else regressor().fit(PLAIN, NUMBERS).predict(PLAIN)
    check(outcome, lambda: regressor().fit(PLAIN, y).predict(PLAIN).reshape(N), plain)


@pytest.mark.parametrize("booleans", [CODES > 0, (CODES > 0).tolist()], ids=["array", "list"])
def test_booleans_are_numbers_to_a_regressor(booleans):
    plain = regressor().fit(PLAIN, (CODES > 0).astype(float)).predict(PLAIN)
    np.testing.assert_array_equal(regressor().fit(PLAIN, booleans).predict(PLAIN), plain)


@pytest.mark.parametrize("offset", [1e9, -1e9, 1.7e9, 1.7e12, 2024.0])
@pytest.mark.parametrize("scale", [1.0, 28.0])
def test_targets_far_from_zero(offset, scale):
    y = scale * NUMBERS
    near = regressor().fit(PLAIN, y).predict(PLAIN)
    far = regressor().fit(PLAIN, y + offset).predict(PLAIN)
    np.testing.assert_allclose(far - offset, near, atol=max(1e-6 * scale, 4 * np.spacing(offset)))


# --- X -----------------------------------------------------------------------------------------
def multiindex(X=PLAIN, names=CHANNELS):
    frame = convert_to(X, "pd-multiindex", as_scitype="Panel")
    frame.columns = names
    return frame


def nested(X=PLAIN, names=CHANNELS):
    frame = convert_to(X, "nested_univ", as_scitype="Panel")
    frame.columns = names
    return frame


def frames(X=PLAIN, names=CHANNELS):
    return [pd.DataFrame(one.T, columns=names) for one in X]


class Foreign:
    """An array of another library."""

    def __init__(self, values):
        self._values = values

    def __array__(self, dtype=None, copy=None):
        return self._values


def changed(frame, change):
    change(frame)
    return frame


def with_text(X):
    X = X.astype(object)
    X[0, 0, 0] = "a"
    return X


def with_none(X):
    X = X.astype(object)
    X[0, 0, 0] = None
    return X


SWAPPED = PLAIN.transpose(0, 2, 1)
UNEQUAL = [one[:, : LENGTH - number % 4] for number, one in enumerate(PLAIN)]
UNEQUAL_FRAMES = [pd.DataFrame(one.T, columns=CHANNELS) for one in UNEQUAL]


def unequal_multiindex():
    return pd.concat(dict(enumerate(UNEQUAL_FRAMES)))


def unequal_nested():
    frame = convert_to(UNEQUAL_FRAMES, "nested_univ", as_scitype="Panel")
    return frame.set_axis(CHANNELS, axis=1)


def unequal_channels():
    frame = nested()
    frame["N"] = [cell[:9] if number == 3 else cell for number, cell in enumerate(frame["N"])]
    return frame


PANELS = {
    "doubles": (PLAIN, True),
    "objects": (PLAIN.astype(object), True),
    "objects of text that are numbers": (PLAIN.astype(str).astype(object), True),
    "list of arrays": (list(PLAIN), True),
    "lists of lists": (PLAIN.tolist(), True),
    "foreign byte order": (PLAIN.astype(">f8"), True),
    "Fortran order": (np.asfortranarray(PLAIN), True),
    "read only": (np.broadcast_to(PLAIN, PLAIN.shape), True),
    "long double": (PLAIN.astype(np.longdouble), True),
    "unmasked": (masked(PLAIN, hidden=False), True),
    "foreign array": (Foreign(PLAIN), True),
    "multi-index": (multiindex(), True),
    "nested": (nested(), True),
    "list of frames": (frames(), True),
    "masked": (masked(PLAIN), Refused(r"no masked values.*\d+ masked values of 384")),
    "masked in a list": ([masked(one) for one in PLAIN], Refused("no masked values")),
    "complex": (PLAIN + 1j, Refused("real numbers.*complex128")),
    "text": (PLAIN.astype(str), Refused("real numbers")),
    "objects with text": (with_text(PLAIN), Refused(r"must hold numbers. Received: 'a' \(str\)")),
    "objects with None": (with_none(PLAIN), Refused("missing values|must be finite|numbers")),
    "dates": (np.zeros((N, 2, 16), "M8[s]"), Refused("real numbers")),
    "NaN": (np.where(PLAIN > 50, NAN, PLAIN), Refused("missing values|must be finite")),
    "infinite": (np.where(PLAIN > 50, np.inf, PLAIN), Refused("must be finite")),
    "beyond single precision": (PLAIN * 1e300, Refused("finite as float32")),
    "unequal length": (UNEQUAL, True),
    "unequal length as objects": (np.array([*UNEQUAL, None], dtype=object)[:-1], True),
    "unequal length as lists": ([one.tolist() for one in UNEQUAL], True),
    "unequal length in frames": (UNEQUAL_FRAMES, True),
    "unequal length, multi-index": (unequal_multiindex(), True),
    "unequal length, nested": (unequal_nested(), True),
    "unequal length, columns in another order": (unequal_multiindex()[["N", "Z"]], True),
    "unequal length, time first": (
        [one.T for one in UNEQUAL],
        Refused(r"equal channels.*\[x\.T for x in X\].*\(13, 2\), \(14, 2\)"),
    ),
    "instances of other channels": (
        [*PLAIN[:-1], PLAIN[-1][:1]],
        Refused(r"equal channels.*\(1, 16\), \(2, 16\)"),
    ),
    "channels of unequal length": (
        unequal_channels(),
        Refused("channels of 16, 9 time points in instance 3"),
    ),
    "NaN in unequal length": (
        [np.where(one > 50, NAN, one) for one in UNEQUAL],
        Refused("missing values|must be finite"),
    ),
    "infinite in unequal length": (
        [np.where(one > 50, np.inf, one) for one in UNEQUAL],
        Refused("must be finite"),
    ),
    "masked in unequal length": ([masked(one) for one in UNEQUAL], Refused("no masked values")),
    "one axis": (PLAIN[0, 0], Refused(r"shape \(16,\)")),
    "four axes": (PLAIN[None], Refused(r"shape \(1, 12, 2, 16\)")),
    "no instance": (PLAIN[:0], Refused("none of them 0")),
    "no time point": (PLAIN[:, :, :0], Refused("none of them 0")),
    "plain frame": (pd.DataFrame(PLAIN[:, 0]), Refused(r"index of two levels.*\[:, None, :\]")),
    "column twice": (multiindex(names=["Z", "Z"]), Refused(r"each column once.*\['Z'\]")),
    "row twice": (pd.concat([multiindex(), multiindex()[:1]]), Refused("1 rows that are there")),
    "times mixed": (
        multiindex().iloc[np.r_[1, 0, 2 : N * LENGTH]],
        Refused("in the order of time.*1 before 0 in instance 0"),
    ),
    "instances mixed": (
        multiindex()
        .iloc[np.r_[LENGTH : 2 * LENGTH, 0:LENGTH, 2 * LENGTH : N * LENGTH]]
        .iloc[np.r_[0, LENGTH, 1:LENGTH, LENGTH + 1 : N * LENGTH]],
        Refused("rows of each instance together"),
    ),
    "frame with text": (
        changed(multiindex(), lambda f: f.insert(1, "E", "x")),
        Refused("'E'.*astype"),
    ),
    "time before channels": (SWAPPED, Warned(r"more channels \(16\) than time points \(2\)")),
    "frames of other columns": (
        [*frames()[:-1], frames(names=["Z", "E"])[-1]],
        Refused(r"missing: \['N'\], not known: \['E'\]"),
    ),
}


@pytest.mark.parametrize("row", PANELS)
def test_panels(row):
    X, outcome = PANELS[row]
    value = None if isinstance(outcome, Refused) else classifier().fit(PLAIN, TEXT).predict(PLAIN)
    if row == "time before channels":
        value = classifier().fit(SWAPPED, TEXT).predict(SWAPPED)
    check(outcome, lambda: classifier().fit(X, TEXT).predict(X), value)


@pytest.mark.parametrize("kind", [np.int8, np.int16, np.uint8, np.float16, np.float32, bool])
def test_other_numbers_are_what_they_are_as_doubles(kind):
    X = (100 * PLAIN / np.abs(PLAIN).max()).round().astype(kind)
    as_doubles = classifier().fit(X.astype(float), TEXT).predict_proba(X.astype(float))
    got = classifier().fit(X, TEXT).predict_proba(X)
    np.testing.assert_allclose(got, as_doubles, atol=1e-3)


REFUSED_LATER = [row for row, (_, outcome) in PANELS.items() if isinstance(outcome, Refused)]


@pytest.mark.parametrize("row", REFUSED_LATER)
def test_panels_to_predict(row):
    X, outcome = PANELS[row]
    fitted = classifier().fit(PLAIN, TEXT)
    check(outcome, lambda: fitted.predict(X), None)


BEFORE_TRAINING = [
    "masked", "complex", "objects with text", "instances of other channels", "row twice",
]  # fmt: skip


@pytest.mark.parametrize("row", BEFORE_TRAINING)
def test_everyone_refuses_them(row):
    X, outcome = PANELS[row]
    network = MagNetClassifier(n_epochs=1, random_state=0)
    search = OmegaSearch(network, sources=["EMG-simulated"])
    for act in (
        lambda: network.clone().fit(X, TEXT),
        lambda: network.clone().fit(PLAIN, TEXT, validation_data=(X, TEXT)),
        lambda: search.clone().fit(X, TEXT),
        lambda: search.clone().fit(PLAIN, TEXT, validation_data=(X, TEXT)),
        lambda: rank_sources(X, TEXT, "MagNet", ["EMG-simulated"]),
        lambda: SourceFeatures(["EMG-simulated"], ["MagNet"]).fit(X),
    ):
        check(outcome, act, None)


@pytest.mark.parametrize("form", ["unequal length", "unequal length, nested"])
def test_who_takes_no_series_of_unequal_length(form):
    X = PANELS[form][0]
    for act, words in (
        (lambda: ConvNetQuakeINGVClassifier().fit(X, TEXT), "ConvNetQuake.*'pad'.*'resample'"),
        (lambda: TCNSequenceRegressor().fit(X, NUMBERS), "Regressor supports no unequal"),
        (lambda: rank_sources(X, TEXT, "MagNet", ["EMG-simulated"]), "pad or cut them first"),
        (lambda: OmegaSearch(ConvNetQuakeINGVClassifier()).fit(X, TEXT), ""),
    ):
        with pytest.raises(ValueError, match=f"equal length.*{words}.*13 to 16 time points"):
            act()


@pytest.mark.parametrize("row", ["None", "NaN in text", "text and number", "masked"])
def test_everyone_refuses_such_labels(row):
    y, outcome = LABELS[row]
    network = MagNetClassifier(n_epochs=1, random_state=0)
    search = OmegaSearch(network, sources=["EMG-simulated"])
    fitted = classifier().fit(PLAIN, TEXT)
    for act in (
        lambda: network.clone().fit(PLAIN, y),
        lambda: network.clone().fit(PLAIN, TEXT, validation_data=(PLAIN, y)),
        lambda: search.clone().fit(PLAIN, y),
        lambda: rank_sources(PLAIN, y, "MagNet", ["EMG-simulated"]),
        lambda: fitted.score(PLAIN, y),
    ):
        check(outcome, act, None)


@pytest.mark.parametrize(
    "row", ["list", "categorical", "objects of text", "polars", "series", "floats", "half floats"]
)
def test_labels_to_score(row):
    y = LABELS[row][0]
    labels = y if "floats" in row else TEXT
    assert classifier().fit(PLAIN, labels).score(PLAIN, y) == 1


def test_labels_that_are_floats_are_classes_to_everyone():
    floats = CODES / 2
    network = MagNetClassifier(n_epochs=1, random_state=0)
    by_text, by_floats = (network.clone().fit(PLAIN, y) for y in (TEXT, floats))
    pd.testing.assert_frame_equal(by_floats.history_, by_text.history_)
    tables = [
        rank_sources(PLAIN, y, "MagNet", ["EMG-simulated"], task="classification")
        for y in (TEXT, floats)
    ]
    pd.testing.assert_frame_equal(*[table.drop(columns="seconds") for table in tables])


def test_numbers_to_score():
    fitted = regressor().fit(PLAIN, NUMBERS)
    expected = fitted.score(PLAIN, NUMBERS)
    for y in (OF_NUMBERS, pd.array(NUMBERS, "Float64"), NUMBERS.astype(object)):
        assert fitted.score(PLAIN, y) == expected


def test_a_matrix_is_series_of_one_channel_and_says_so():
    flat = PLAIN[:, 0]
    with pytest.warns(UserWarning, match=r"shape \(12, 16\) is taken as 12 series of one channel"):
        fitted = classifier().fit(flat, TEXT)
    plain = classifier().fit(PLAIN[:, :1], TEXT)
    np.testing.assert_array_equal(fitted.predict(flat), plain.predict(PLAIN[:, :1]))


# --- time before channels ----------------------------------------------------------------------
@pytest.mark.parametrize("who", ["network", "search", "ranking", "features", "probe"])
def test_time_before_the_channels_of_a_source(who):
    X = RNG.normal(size=(N, 300, 3))  # the source has three channels
    network = MagNetClassifier(source="EMG-simulated", n_epochs=1)
    act = {
        "network": lambda: network.fit(X, TEXT),
        "search": lambda: OmegaSearch(network).fit(X, TEXT),
        "ranking": lambda: rank_sources(X, TEXT, "MagNet", ["EMG-simulated"]),
        "features": lambda: SourceFeatures(["EMG-simulated"], ["MagNet"]).fit_transform(X),
        "probe": lambda: LinearProbeClassifier(["EMG-simulated"], ["MagNet"]).fit(X, TEXT),
    }[who]
    with (
        pytest.warns(UserWarning, match="more channels"),
        pytest.raises(ValueError, match=r"300 channels of 3 time points.*'EMG-simulated' has 3"),
    ):
        act()


# --- channels by name --------------------------------------------------------------------------
OTHER_ORDER = {
    "multi-index": lambda: multiindex()[["N", "Z"]],
    "nested": lambda: nested()[["N", "Z"]],
    "list of frames": lambda: [one[["N", "Z"]] for one in frames()],
    "frames of several orders": lambda: [
        one[["N", "Z"]] if number % 2 else one for number, one in enumerate(frames())
    ],
}


@pytest.mark.parametrize("row", OTHER_ORDER)
@pytest.mark.parametrize("trained", [multiindex, nested, frames])
def test_channels_are_found_by_name(row, trained):
    fitted = classifier().fit(trained(), TEXT)
    np.testing.assert_array_equal(fitted.predict(OTHER_ORDER[row]()), TEXT)
    assert fitted.score(OTHER_ORDER[row](), TEXT) == 1


@pytest.mark.parametrize("make", [multiindex, nested, frames])
@pytest.mark.parametrize("names", [["Z", "E"], ["Z"], ["Z", "N", "E"], ["var_0", "Z"]])
def test_channels_with_other_names_are_refused(make, names):
    X = np.concatenate([PLAIN, PLAIN], axis=1)[:, : len(names)]
    fitted = classifier().fit(make(), TEXT)
    with pytest.raises(ValueError, match=r"channels of the training, \['Z', 'N'\]"):
        fitted.predict(make(X, names))


@pytest.mark.parametrize("names", [[0, 1], ["0", "1"], ["var_0", "var_1"], ["dim_0", "dim_1"]])
def test_numbered_channels_have_no_names(names):
    fitted = classifier().fit(multiindex(), TEXT)
    np.testing.assert_array_equal(fitted.predict(multiindex(names=names)), TEXT)
    np.testing.assert_array_equal(fitted.predict(PLAIN), TEXT)
    np.testing.assert_array_equal(
        classifier().fit(multiindex(names=names), TEXT).predict(nested()), TEXT
    )


def test_validation_data_by_name():
    options = {"n_epochs": 2, "batch_size": 8, "random_state": 0}
    network = MagNetClassifier(**options)
    search = OmegaSearch(network, sources=["EMG-simulated"], omegas=[0.5])
    for estimator in (network, search):
        by_name = (multiindex()[["N", "Z"]], OF_TEXT)
        given = estimator.clone().fit(multiindex(), OF_TEXT, validation_data=by_name)
        plain = estimator.clone().fit(PLAIN, TEXT, validation_data=(PLAIN, TEXT))
        np.testing.assert_array_equal(given.predict(OTHER_ORDER["nested"]()), plain.predict(PLAIN))
    with pytest.raises(ValueError, match=r"missing: \['N'\]"):
        network.fit(multiindex(), TEXT, validation_data=(multiindex(names=["Z", "E"]), TEXT))


def test_features_by_name():
    table = SourceFeatures(["EMG-simulated"], ["MagNet"], pooling=("mean",)).fit(multiindex())
    expected = table.transform(multiindex())
    pd.testing.assert_frame_equal(table.transform(multiindex()[["N", "Z"]]), expected)


def test_y_in_another_order_than_x():
    X = multiindex()
    y = pd.Series(OF_TEXT, index=range(N))
    shuffled = y.sample(frac=1, random_state=0)
    with pytest.raises(ValueError, match="y must be in the order of X"):
        classifier().fit(X, shuffled)
    with pytest.raises(ValueError, match="y must be in the order of X"):
        classifier().fit(X, y).score(X, shuffled)
    # The order of what is shuffled together is right.
    assert classifier().fit(PLAIN[shuffled.index], shuffled).score(PLAIN, TEXT) == 1


# --- one class ---------------------------------------------------------------------------------
@pytest.mark.filterwarnings("ignore:only single label")
@pytest.mark.parametrize("attribute", ["history_", "network_", "best_epoch_", "source_"])
def test_one_class_has_nothing_to_show(attribute):
    fitted = MagNetClassifier().fit(PLAIN, ["a"] * N)
    assert fitted.predict(PLAIN).tolist() == ["a"] * N
    assert not hasattr(fitted, attribute)
    with pytest.raises(AttributeError, match=f"has no {attribute}: y had one class, 'a'"):
        getattr(fitted, attribute)


@pytest.mark.filterwarnings("ignore:only single label")
def test_one_class_cannot_be_saved_or_searched(tmp_path):
    with pytest.raises(ValueError, match=r"needs a trained network.*y with the class \['a'\]"):
        MagNetClassifier().fit(PLAIN, ["a"] * N).save_pretrained(tmp_path / "a")
    search = OmegaSearch(MagNetClassifier(source="EMG-simulated")).fit(PLAIN, [3] * N)
    for attribute in ("best_params_", "cv_results_", "best_estimator_"):
        with pytest.raises(AttributeError, match=r"y had one class, .*3"):
            getattr(search, attribute)
    with pytest.raises(AttributeError, match="weights_: y had one class"):
        classifier().fit(PLAIN, [True] * N).weights_  # noqa: B018


def test_before_a_fit_nothing_is_said_of_classes():
    with pytest.raises(AttributeError, match="has no network before fit"):
        MagNetClassifier().network_  # noqa: B018
    with pytest.raises(AttributeError, match="history_"):
        MagNetClassifier().history_  # noqa: B018


# --- names -------------------------------------------------------------------------------------
NAMES = [
    "me/model", "../up", ".hidden", "hf://a/b", "a\\b", "", " ", "mine ", "~/mine", "/tmp/mine",
    "..", "line\nbreak", "STEAD-simulated", "UCR", "available", "bundled",
]  # fmt: skip


@pytest.fixture(scope="module")
def fitted():
    return MagNetClassifier(n_epochs=1, random_state=0).fit(PLAIN, TEXT)


@pytest.mark.parametrize("name", NAMES)
def test_names_that_no_source_can_have(name, fitted, sktl_home):
    with pytest.raises(ValueError, match=r"Received: name="):
        fitted.save_pretrained(name=name)
    assert not list(sktl_home.rglob("card.json"))


@pytest.mark.parametrize("name", ["mine", "S&P 500", "Überlingen (2)", "v1.0", "a-b_c"])
def test_names_that_are_found_again(name, fitted):
    fitted.save_pretrained(name=name)
    again = MagNetClassifier(source=name, n_epochs=1, random_state=0).fit(PLAIN, TEXT)
    assert again.source_.name == name


def test_a_file_where_a_source_should_be(fitted, tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(OSError, match="A source is a folder"):
        fitted.save_pretrained(tmp_path / "file")
    assert (tmp_path / "file").read_text() == "mine"


def test_what_systems_leave_behind_does_not_protect_a_source(fitted, tmp_path):
    folder = fitted.save_pretrained(tmp_path / "mine")
    (folder / ".DS_Store").write_bytes(b"x")
    assert fitted.save_pretrained(tmp_path / "mine") == folder


# --- the command line --------------------------------------------------------------------------
COMMANDS = {
    "": (0, "usage: sktl"),
    "sources show STEAD --architecture magnet": (1, "Did you mean 'MagNet'?.*Received: architec"),
    "sources show STEAD --architecture nothing": (1, "Those with sources: .*MagNet"),
    "sources show STEAD": (0, "MagNet +STEAD"),
    "sources --architecture magnet": (1, "one of .*Did you mean 'MagNet'"),
    "sources show nothing": (1, "No architecture has a source of this name. Names: .*STEAD"),
    "sources show hf://a/b": (1, "--architecture of a source on the Hub"),
    "pretrain STEAD --architecture nothing": (1, "architecture must be one of"),
    "pretrain EMG --architecture MagNet --name ../up --out {folder}": (1, "Received: name='../up'"),
    "pretrain EMG --architecture MagNet --out {file}": (1, "must be a folder"),
    "pretrain EMG --architecture MagNet --every 0": (1, "every must be"),
    "report {folder} --out {file}": (1, "out must be a folder.*is a file"),
    "fetch nothing": (1, "A dataset is one of"),
    "fetch S&P500 --path {file}": (1, "Date and Close|no CSV"),
    "simulate EMG --n-instances 0 --out {folder}/a.hdf5": (1, "n_instances"),
}


@pytest.mark.parametrize("line", COMMANDS)
def test_the_command_line(line, tmp_path, capsys):
    import re

    from sktl.cli import main

    (tmp_path / "file").write_text("not,this\n1,2\n")
    arguments = [word.format(folder=tmp_path, file=tmp_path / "file") for word in line.split()]
    code, words = COMMANDS[line]
    assert main(arguments) == code
    printed = capsys.readouterr()
    said = printed.err if code else printed.out
    assert re.search(words, said, re.DOTALL), said
    assert "Errno" not in said


def test_without_a_network_one_sentence():
    """A server's name that nobody knows, asked by a process of its own."""
    code = (
        "import sktl.datasets._checksums as c, requests\n"
        "c.ZENODO_API = 'https://nowhere.invalid/records'\n"
        "try: c.ask_zenodo(1)\n"
        "except OSError as error: print(error)\n"
    )
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=100, check=True
    ).stdout
    assert said.startswith("Zenodo's record 1 could not be asked for checksums: ")
    assert "HTTPSConnectionPool" not in said
    assert len(said) < 200


# --- parameters --------------------------------------------------------------------------------
PARAMETERS = {
    "omega": [-1, "1", NAN, np.inf, None, True],
    "n_epochs": [-5, 2.5, "10", True],
    "head": ["linear", 1, None],
    "schedule": ["slow", None],
    "batch_size": [0, 1.5, None],
    "learning_rate": [0, -1e-3, "fast", np.inf],
    "validation_size": [0, 1, 1.5, -0.1, "half"],
    "early_stopping_patience": [0, 1.5, "never"],
    "reduce_lr_factor": [0, 1, 2],
    "stream_max": ["max", 1, "Standard"],
    "channel_adaptation": ["repeat", None],
    "monitor": ["loss", "accuracy", None],
}


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in PARAMETERS.items() for value in values]
)
def test_parameters(name, value):
    with pytest.raises((TypeError, ValueError), match=f"{name} must .*Received: {name}="):
        MagNetClassifier(**{name: value}).fit(PLAIN, TEXT)
