"""Blocks of sources by their names."""

import pytest

from sktl.estimators.features.source_blocks import source_blocks


def test_blocks_of_names_of_groups_and_of_random_kernels():
    def names(*arguments):
        return [block.name for block in source_blocks(*arguments)]

    assert names(["EMG-simulated", None], ["MagNet", "TCN"]) == [
        "MagNet/EMG-simulated", "TCN/EMG-simulated", "MagNet/random", "TCN/random",
    ]  # fmt: skip
    bundled = names("bundled", ["MagNet"])
    assert len(bundled) == len(set(bundled)) > 1
    assert all(name.startswith("MagNet/") for name in bundled)
    assert set(bundled) <= set(names("available", ["MagNet"]))
    assert names([]) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((["STAED"], ["MagNet"]), r"Available:.*Received: source='STAED'"),
        (("all",), r"'bundled', 'available'.*Received: sources='all'"),
        ((["EMG-simulated"], ["MagNot"]), r"MagNet.*Received: architectures='MagNot'"),
    ],
)
def test_unknown_names_are_refused(arguments, message):
    with pytest.raises(ValueError, match=f"(?s){message}"):
        source_blocks(*arguments)
