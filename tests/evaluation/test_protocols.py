import numpy as np
import pandas as pd
import pytest

from sktl.evaluation.protocols import compare
from sktl.evaluation.records import Records


def test_honest_is_the_default_and_goes_by_validation(frame):
    comparison = compare(Records.from_frame(frame))
    assert comparison.protocol == "honest"
    assert "validation" in comparison.statement
    assert (comparison.pairs["omega"] == 1).all()
    np.testing.assert_allclose(comparison.pairs["gain"], 20)
    assert (comparison.cells["outcome"] == 1).all()


def test_published_takes_the_lucky_test_score(frame):
    comparison = compare(Records.from_frame(frame), "published")
    lucky = comparison.pairs["rerun"] == "0"
    assert (comparison.pairs.loc[lucky, "omega"] == 0.1).all()
    np.testing.assert_allclose(comparison.pairs.loc[lucky, "gain"], 60)
    assert (comparison.pairs.loc[~lucky, "omega"] == 1).all()


def test_leave_one_rerun_out_looks_at_the_other_reruns_only(frame):
    comparison = compare(Records.from_frame(frame.drop(columns="validation_score")))
    assert "leave-one-rerun-out" in comparison.statement
    # Reruns 1 and 2 speak for omega 1; seen from them, the lucky rerun 0 speaks for omega 0.1.
    omegas = comparison.pairs.groupby("rerun")["omega"].unique().map(list)
    assert omegas.to_dict() == {"0": [1.0], "1": [0.1], "2": [0.1]}


def test_cells_without_all_validation_scores_are_named_in_the_rule(frame):
    frame.loc[frame.index[frame["source"] == "etna"][0], "validation_score"] = np.nan
    assert (
        "in 1 cell without complete validation scores"
        in compare(Records.from_frame(frame)).statement
    )


def test_one_rerun_without_validation_has_no_honest_choice(frame):
    single = frame[frame["rerun"] == 0].drop(columns="validation_score")
    with pytest.raises(ValueError, match="cannot be chosen without the test"):
        compare(Records.from_frame(single))
    assert compare(Records.from_frame(single), omega=1.0).cells["n_reruns"].eq(1).all()
    one_omega = single[single["omega"] != 0.1]
    assert len(compare(Records.from_frame(one_omega)).cells) == 12


def test_missing_reference_is_a_named_exclusion(frame):
    gone = frame["source"].isna() & (frame["target"] == "stead") & (frame["rerun"] == 1)
    comparison = compare(Records.from_frame(frame[~gone]))
    # Of each network, two sources with two omegas.
    assert [(e.count, e.reason[:12]) for e in comparison.exclusions] == [(4, "no reference")] * 2
    assert comparison.cells.set_index("target").loc["stead", "n_reruns"].eq(2).all()


def test_unknown_architecture_is_named_with_a_near_one(frame):
    frame.loc[frame["source"].notna() & (frame["architecture"] == "magnet"), "architecture"] = (
        "magnett"
    )
    reasons = [e.reason for e in compare(Records.from_frame(frame)).exclusions]
    assert reasons == ["no reference of the architecture 'magnett' at all (did you mean 'magnet'?)"]


def test_reruns_and_omega_are_left_out_or_fixed_by_name(frame):
    comparison = compare(Records.from_frame(frame), "published", exclude_reruns=[0])
    assert "without rerun 0" in comparison.statement
    np.testing.assert_allclose(comparison.pairs["gain"], 20)
    fixed = compare(Records.from_frame(frame), omega=0.1, exclude_reruns=["0"])
    np.testing.assert_allclose(fixed.pairs["gain"], -10)
    assert "omega fixed at 0.1" in fixed.statement


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"protocol": "honets"}, r"one of \['published', 'honest'\].*'honets'"),
        ({"omega": 3}, r"omega must be one of \[0.1, 1.0\].*3"),
        ({"exclude_reruns": [9]}, r"reruns of the records: \['0', '1', '2'\].*\['9'\]"),
    ],
)
def test_unknown_settings_say_what_is_allowed(frame, settings, message):
    with pytest.raises(ValueError, match=message):
        compare(Records.from_frame(frame), **settings)


def test_a_trial_that_misses_the_fixed_omega_is_named(frame):
    one = frame.index[(frame["omega"] == 1) & (frame["rerun"] == 2)][0]
    comparison = compare(Records.from_frame(frame.drop(index=one)), omega=1.0)
    assert [(e.count, e.reason) for e in comparison.exclusions] == [(1, "no trial with omega 1")]


def test_a_reference_of_zero_has_no_percentage(frame):
    first = frame.index[frame["source"].isna() & (frame["target"] == "emg")][0]
    frame.loc[first, "test_score"] = 0.0
    comparison = compare(Records.from_frame(frame))
    assert comparison.pairs["gain"].isna().sum() == 2
    assert any("reference's score is 0" in e.reason for e in comparison.exclusions)
    assert (comparison.cells["outcome"] == 1).all()


def test_convergence_comes_from_curves_by_the_protocols_preference(rows, frame):
    curves = {index: {"test": np.array(row["curves"]["test"])} for index, row in enumerate(rows)}
    comparison = compare(Records.from_frame(frame, curves=curves))
    assert comparison.convergence == "test_convergence_rate"
    assert (comparison.cells["convergence_outcome"] == 1).all()  # 0.5 ** t falls before 0.8 ** t
    curves = {index: {"validation": curve["test"]} for index, curve in curves.items()}
    comparison = compare(Records.from_frame(frame, curves=curves))
    assert comparison.convergence == "validation_convergence_rate"


@pytest.mark.parametrize(
    ("protocol", "omega", "without", "wins"),
    [
        ("published", None, [], 204),
        ("published", None, [6], 182),
        ("honest", None, [6], 152),
        ("honest", 1.0, [6], 122),
        ("published", 1.0, [6], 122),
    ],
)
def test_wins_of_the_published_results_by_protocol(published, protocol, omega, without, wins):
    outcomes = compare(published, protocol, omega, without).cells["outcome"]
    assert outcomes.value_counts().to_dict() == {1: wins, -1: 240 - wins}


def test_validation_decides_even_where_it_misleads(frame):
    transfer = frame["source"].notna()
    best = frame["metric"].map({"mae": 0.0, "f1_weighted": 1.0})
    frame.loc[transfer & (frame["omega"] == 0.1), "validation_score"] = best
    comparison = compare(Records.from_frame(frame))
    assert (comparison.pairs["omega"] == 0.1).all()
    later = comparison.pairs["rerun"] != "0"
    np.testing.assert_allclose(comparison.pairs.loc[later, "gain"], -10)


def test_an_infinite_validation_score_is_none(frame):
    one = frame.index[(frame["omega"] == 0.1) & (frame["target"] == "emg")][0]
    frame.loc[one, "validation_score"] = np.inf
    statement = compare(Records.from_frame(frame)).statement
    assert "in 1 cell without complete validation scores" in statement


def test_a_repeated_transfer_is_named(frame):
    again = frame[frame["omega"] == 1].head(2).assign(repeat=1, test_score=0.9)
    table = pd.concat([frame.assign(repeat=0), again], ignore_index=True)
    comparison = compare(Records.from_frame(table))
    assert [(e.count, e.reason[:20]) for e in comparison.exclusions] == [
        (2, "repeat of a transfer")
    ]
    np.testing.assert_allclose(comparison.pairs["gain"], 20)


def test_one_rerun_to_leave_out_needs_no_list(frame):
    named = Records.from_frame(frame.assign(rerun=frame["rerun"] + 10))
    assert compare(named, exclude_reruns="10").exclude_reruns == ("10",)
    assert compare(named, exclude_reruns=10.0).exclude_reruns == ("10",)
    with pytest.raises(ValueError, match="no transfer can be compared"):
        compare(named, exclude_reruns=[10, 11, 12])
