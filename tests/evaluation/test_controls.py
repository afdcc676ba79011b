import numpy as np
import pandas as pd
import pytest

from sktl.evaluation import controls, null_draws
from sktl.evaluation.defects import suspect_reruns
from sktl.evaluation.records import Records


def by_name(found):
    return {(control.name, control.without): control for control in found}


def test_numbers_of_the_honest_reading_of_the_published_results(published):
    suspects = suspect_reruns(published)
    found = by_name(controls.all_controls(published, suspects=suspects))
    assert list(suspects) == ["6"]
    assert found["published", ()].wins == 204
    assert found["published", ("6",)].wins == 182
    assert found["honest", ("6",)].wins == 152
    fixed = found["omega = 1", ("6",)]
    assert (fixed.wins, fixed.n, fixed.significant) == (122, 240, False)
    null = found["null (published)", ()]
    assert (null.wins, null.low, null.n) == (48, 48, 48)
    # Without choosing on the test score the null wins as often as it loses.
    honest = found["null (honest)", ("6",)]
    assert honest.low < 24 < honest.high
    best = found["best-of-k references", ("6",)]
    assert 122 < best.wins < 182
    assert ("best-of-k references", ()) not in found


def test_expected_best_against_simulation():
    rng = np.random.default_rng(0)
    values, selection = rng.normal(size=(2, 6))
    drawn = rng.integers(6, size=(200_000, 4))
    best = np.take_along_axis(drawn, selection[drawn].argmax(axis=1)[:, None], axis=1)
    assert null_draws.expected_best(values, selection, 4) == pytest.approx(
        values[best].mean(), abs=0.01
    )
    assert null_draws.expected_best(values, values, 1) == pytest.approx(values.mean())


def test_best_of_k_uses_further_references_and_validation(frame):
    records = Records.from_frame(frame)
    control = controls.best_of_k_references(records)
    assert "validation" in control.statement
    assert control.wins == 12  # a true gain of a fifth survives
    strong = frame[frame["source"].isna()].copy()
    strong["repeat"] = 1
    up = strong["metric"] == "f1_weighted"
    for column in ("test_score", "validation_score"):
        strong[column] = np.where(up, 0.99, 0.01)
    beaten = controls.best_of_k_references(
        Records.from_frame(pd.concat([frame, strong], ignore_index=True))
    )
    assert beaten.wins == 0


def test_null_is_reproducible_and_has_no_gain_by_validation_noise(frame):
    records = Records.from_frame(frame)
    first, again = (controls.null(records, random_state=3) for _ in range(2))
    assert (first.wins, first.low, first.high) == (again.wins, again.low, again.high)
    rng = np.random.default_rng(0)
    frame["validation_score"] = rng.uniform(size=len(frame))  # validation that knows nothing
    null = controls.null(Records.from_frame(frame), "honest")
    assert null.low <= null.n / 2 <= null.high
    assert null.n == 6


def test_unknown_protocol_of_the_null(frame):
    with pytest.raises(ValueError, match="protocol='honets'"):
        controls.null(Records.from_frame(frame), "honets")


def test_published_null_wins_where_there_is_no_gain_at_all(frame):
    # Two omegas from three references: best of two against the mean of the three.
    null = controls.null(Records.from_frame(frame), "published", repetitions=2000, random_state=0)
    assert null.n == 6
    assert null.wins > 4
    assert np.isnan(null.pvalue)
    assert not null.significant


def test_groups_with_too_few_references_are_named(frame):
    """Two of three references of one group failed, all transfers stayed."""
    failed = (
        frame["source"].isna()
        & (frame["architecture"] == "tcn")
        & (frame["target"] == "stead")
        & (frame["rerun"] > 0)
    )
    frame.loc[failed, "test_score"] = np.nan
    found = by_name(controls.all_controls(Records.from_frame(frame)))
    for name in ("best-of-k references", "null (published)", "null (honest)"):
        assert found[name, ()].left_out == ("TCN STEAD 300",)
    assert found["published", ()].n == 12
    assert found["best-of-k references", ()].n == 10
    assert found["null (published)", ()].n == 5
    assert found["omega = 1", ()].left_out == ()


def test_a_control_that_cannot_be_made_says_why_and_spares_the_others(frame):
    frame = frame[frame["rerun"] == 0].drop(columns="validation_score")
    found = by_name(controls.all_controls(Records.from_frame(frame)))
    assert found["published", ()].n == found["omega = 1", ()].n == 12
    assert "cannot be chosen without the test" in found["honest", ()].problem
    assert "two usable references" in found["null (honest)", ()].problem
    assert not found["honest", ()].significant
