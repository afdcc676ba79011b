import json
from dataclasses import FrozenInstanceError

import numpy as np
import pytest

from sktl.sources import Card

FULL = {
    "name": "EMG",
    "architecture": "TCN",
    "task": "classification",
    "n_channels": 3,
    "n_timepoints": 80,
    "n_outputs": 2,
    "dataset": "Pinch",
    "simulated": True,
    "domain": "EMG",
    "n_instances": 100,
    "data_sha256": "0" * 64,
    "classes": ["a", "b"],
    "sampling_rate": 200.0,
    "preprocessing": {"scaling": "min-max", "mask": True},
    "parameters": {"omega": 1.0, "dilations": [1, 2], "l2": None},
    "transferable": ["conv1"],
    "score": {"metric": "f1_weighted", "value": 0.9, "split": "validation"},
    "training": {"seed": 0, "epochs": 12},
    "results": [{"target": "digits", "gain": 0.1}],
    "versions": {"keras": "3.15.1"},
    "licence": "cc-by-4.0",
    "citation": "Otović et al. 2022",
    "created": "2026-01-02T03:04:05+00:00",
    "notes": "é",
    "weights_sha256": "f" * 64,
    "format_version": 1,
}


def test_round_trip_through_json():
    card = Card.from_dict(json.loads(json.dumps(FULL)))
    assert card.to_dict() == FULL
    assert Card.from_dict(card.to_dict()) == card


def test_is_frozen():
    with pytest.raises(FrozenInstanceError):
        Card.from_dict(FULL).name = "other"


def test_to_dict_shares_nothing_with_the_card():
    card = Card.from_dict(FULL)
    card.to_dict()["score"]["value"] = 0.1
    assert card.score["value"] == 0.9


def test_numpy_values_become_plain():
    card = Card.from_dict(
        FULL
        | {
            "n_channels": np.int64(3),
            "classes": (np.str_("a"), np.int8(2)),
            "parameters": {"sizes": (np.float32(0.5), np.bool_(True))},
        }
    )
    assert card.classes == ["a", 2]
    assert card.parameters == {"sizes": [0.5, True]}
    json.dumps(card.to_dict(), allow_nan=False)


def test_only_the_necessary_fields_are_necessary(make_card):
    values = {k: v for k, v in make_card().to_dict().items() if v is not None}
    assert set(values) == {
        "name", "architecture", "task", "n_channels", "n_timepoints", "n_outputs", "format_version",
    }  # fmt: skip
    assert Card.from_dict(values) == make_card()
    for name in values:
        with pytest.raises(ValueError, match=f"Missing: {name}"):
            Card.from_dict({k: v for k, v in values.items() if k != name})


def test_unknown_field_suggests_a_near_one():
    with pytest.raises(ValueError, match=r"Did you mean 'licence'\?.*Received: 'license'"):
        Card.from_dict(FULL | {"license": "mit"})


def test_newer_format_is_refused():
    with pytest.raises(ValueError, match=r"install a newer one.*format_version=3"):
        Card.from_dict(FULL | {"format_version": 3, "novelty": 1})


@pytest.mark.parametrize("values", [[], "card", None, 3])
def test_other_json_is_refused(values):
    with pytest.raises(TypeError, match="JSON object"):
        Card.from_dict(values)


@pytest.mark.parametrize(
    ("field", "value", "error"),
    [
        ("name", "", TypeError),
        ("name", None, TypeError),
        ("architecture", 3, TypeError),
        ("task", "clustering", ValueError),
        ("n_channels", "3", TypeError),
        ("n_channels", True, TypeError),
        ("n_channels", 0, ValueError),
        ("n_timepoints", 2.0, TypeError),
        ("n_instances", -1, ValueError),
        ("simulated", "no", TypeError),
        ("simulated", 1, TypeError),
        ("classes", "ab", TypeError),
        ("classes", [None, "b"], TypeError),
        ("classes", ["a"], ValueError),
        ("sampling_rate", 0, ValueError),
        ("sampling_rate", "20 Hz", TypeError),
        ("sampling_rate", float("nan"), ValueError),
        ("data_sha256", "F" * 64, ValueError),
        ("weights_sha256", "f" * 63, ValueError),
        ("preprocessing", [], TypeError),
        ("parameters", {"f": print}, TypeError),
        ("parameters", {1: 2}, TypeError),
        ("parameters", {"x": np.zeros(2)}, TypeError),
        ("transferable", "conv1", TypeError),
        ("score", {"metric": "mae", "value": 1.0}, ValueError),
        ("score", {"metric": "mae", "value": None, "split": "test"}, ValueError),
        ("score", {"metric": "mae", "value": float("inf"), "split": "test"}, ValueError),
        ("versions", {"keras": 3}, TypeError),
        ("created", "yesterday", ValueError),
        ("format_version", None, TypeError),
    ],
)
def test_wrong_values_are_named(field, value, error):
    with pytest.raises(error, match=field):
        Card.from_dict(FULL | {field: value})


def test_regression_has_no_classes():
    with pytest.raises(ValueError, match="regression source has no classes"):
        Card.from_dict(FULL | {"task": "regression"})


@pytest.mark.parametrize("value", ["a\x1b[31mred", "bell\x07", "half \ud800"])
def test_text_that_steers_a_terminal_is_refused(value):
    with pytest.raises(ValueError, match="control characters"):
        Card("mine", "MagNet", "regression", 3, 540, 1, notes=value)
    with pytest.raises(ValueError, match="control characters"):
        Card("mine", "MagNet", "regression", 3, 540, 1, training={"by": [value]})


def test_whole_numbers_have_64_bits():
    with pytest.raises(ValueError, match="64 bits"):
        Card("mine", "MagNet", "regression", 3, 540, 1, sampling_rate=10**400)
