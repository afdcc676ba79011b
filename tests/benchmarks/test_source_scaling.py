"""What the study of the sources' scaling says of its records."""

import numpy as np
import pandas as pd
import pytest

from benchmarks.studies import source_scaling
from benchmarks.studies.few_labels.targets import DEVELOPMENT, TARGETS


def test_nothing_is_chosen_on_held_out_targets():
    assert {TARGETS[name].half for name in source_scaling.TARGETS} == {DEVELOPMENT}
    assert set(source_scaling.SHORT) < set(source_scaling.TARGETS)
    sizes = {name: source_scaling.sizes_of(name) for name in ("ERing", "ArrowHead", "Myo")}
    assert sizes == {"ERing": [20], "ArrowHead": [20, 30], "Myo": [20, 100]}


def test_scalings_are_compared_pair_by_pair(capsys):
    scores = {("CO2", "own"): 4.0, ("CO2", "source"): 1.0, ("Myo", "own"): 0.8}
    scores |= {("Myo", "source"): 0.6, ("ERing", "own"): 0.9}
    rows = [
        dict(zip(source_scaling.KEY, ("probe", name, 20, 0, "all six", how), strict=True))
        | {"score": value}
        for (name, how), value in scores.items()
    ]
    pairs = source_scaling.paired(pd.DataFrame(rows)).set_index("target")["log_ratio"]
    # A quarter of the error, twice the share that F1 lacks, and no pair.
    assert np.exp(pairs).to_dict() == {"CO2": pytest.approx(0.25), "Myo": pytest.approx(2.0)}
    source_scaling.report(pd.DataFrame(rows))
    said = capsys.readouterr().out
    assert "| all six | 2 | 1 | 1 | 2 | 1 | -29.3 % | 1.00 |" in said
    assert "| CO2 | 20 | 4 | 1 | 1 |" in said
