from collections import Counter
from dataclasses import replace

import pytest

from sktl.experiments import Plan, Weights
from sktl.experiments._plan import group_of, groups, shard_of, unit_of


def test_the_default_plan_is_the_published_grid():
    counts = Plan().counts()
    assert counts == {
        "pretraining": 240,
        "reference": 336,
        "transfer": 16_800,
        # Four for S&P 500, three for the others, two sizes, seven reruns.
        "baseline": (4 + 5 * 3) * 14,
    }


def test_transfers_and_references_share_everything_but_source_and_omega(plan):
    trials = list(plan.trials())
    references = {
        (t.architecture, t.data, t.n_train, t.rerun): t for t in trials if t.kind == "reference"
    }
    for trial in (t for t in trials if t.kind == "transfer"):
        reference = references[trial.architecture, trial.data, trial.n_train, trial.rerun]
        assert trial.parameters == reference.parameters
        assert trial.seed == reference.seed
        assert trial.source != trial.data.name
        assert trial.random_state != reference.random_state
    assert len({trial.key for trial in trials}) == len(trials)


def test_the_targets_variant_serves_both_sides():
    plan = Plan(training={"n_epochs": 3})
    assert plan.parameters("ConvNetQuakeINGV", "S&P 500")["l2"] == 0.7
    assert plan.parameters("ConvNetQuakeINGV", "EMG")["l2"] == 0.0
    assert plan.parameters("MagNet", "STEAD") == {"stream_max": None, "n_epochs": 3}
    for trial in plan.pretraining():
        if trial.data.name == "S&P 500" and trial.architecture == "ConvNetQuakeINGV":
            assert trial.parameters["l2"] == 0.7


def test_any_subset_is_a_part_of_the_whole(plan):
    whole = {trial.key for trial in plan.trials()}
    part = Plan(
        architectures="TCN", sources=["emg"], targets="sp500", sizes=[50], omegas=[1.0], reruns=1,
        baselines=[], data="simulated", n_instances=200, training={"n_epochs": 1},
    )  # fmt: skip
    assert part.counts() == {"pretraining": 10, "reference": 1, "transfer": 1}
    assert {trial.key for trial in part.trials()} < whole


def test_names_without_simulated_mean_what_the_plan_says(plan):
    assert {trial.data.name for trial in plan.trials()} == {"EMG-simulated", "S&P 500-simulated"}
    assert all(trial.source.endswith("-simulated") for trial in plan.trials() if trial.source)


def test_sources_that_exist_are_loaded_and_not_pretrained(plan):
    from sktl.sources import list_sources

    names = ["STEAD-simulated", "emg-roshambo", "seismic-simulated"]
    changes = {"data": "real", "sources": [], "targets": ["S&P 500"], "loaded": names}
    loading = replace(plan, **changes, architectures=["TCN", "MLSTMFCN"])
    assert loading.loaded == ("STEAD-simulated", "EMG-Roshambo", "seismic-simulated")
    assert loading.without == {"seismic-simulated": ["MLSTMFCN"]}
    assert loading.counts()["pretraining"] == 0
    weights = loading.loaded_weights()
    table = list_sources().set_index(["architecture", "source"])["sha256"]
    assert {pair: found.sha256 for pair, found in weights.items()} == table[list(weights)].to_dict()
    transfers = [trial for trial in loading.trials(weights) if trial.kind == "transfer"]
    assert len(transfers) == loading.counts()["transfer"] == 5 * 2 * 2
    assert {t.source for t in transfers} == set(loading.loaded)
    assert all(t.source_loaded and t.weights_sha256 for t in transfers)


def test_transfers_need_their_source(plan):
    found = {("TCN", "EMG"): Weights("/a", "1" * 64)}
    transfers = [trial for trial in plan.trials(found) if trial.kind == "transfer"]
    assert len(transfers) == 4
    assert {trial.weights_sha256 for trial in transfers} == {"1" * 64}
    assert {trial.source for trial in transfers} == {"EMG-simulated"}


def test_more_references_are_told_apart(plan):
    more = [t for t in replace(plan, references=3).trials() if t.kind == "reference"]
    assert len(more) == 3 * plan.counts()["reference"]
    assert {trial.repeat for trial in more} == {0, 1, 2}
    assert len({trial.random_state for trial in more}) == len(more)
    assert {t.key for t in more} > {t.key for t in plan.trials() if t.kind == "reference"}


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"architectures": ["MagNte"]}, "Did you mean 'MagNet'.*Received: 'MagNte'"),
        ({"targets": ["STAED"]}, "Did you mean 'STEAD'"),
        ({"loaded": ["EMG-Rosh"]}, "Did you mean 'EMG-Roshambo'.*Received: 'EMG-Rosh'"),
        ({"loaded": ["S&P 500"]}, r"tables mix them up. Received: \['S&P 500'\] twice"),
        ({"sizes": [0]}, r"Received: \(0,\)"),
        ({"reruns": 0}, "Received: 0"),
        ({"omegas": [-1.0]}, "omegas must be 0 or more"),
        ({"data": "synthetic"}, "Received: data='synthetic'"),
        ({"data": "simulated"}, "n_instances"),
        ({"baselines": ["mini rockt"]}, "Did you mean 'MiniRocket'"),
    ],
)
def test_what_cannot_be_is_refused(changes, match):
    with pytest.raises(ValueError, match=match):
        Plan(**changes)


def test_groups_share_data_and_network_and_lose_nothing(plan):
    trials = list(plan.trials())
    found = groups(trials)
    assert sorted(t.key for group in found for t in group) == sorted(t.key for t in trials)
    for group in found:
        assert len({group_of(trial) for trial in group}) == 1
    # Large groups are cut between reruns only.
    for group in groups(trials, largest=1):
        assert len({unit_of(trial) for trial in group}) == 1


def test_shards_are_disjoint_and_together_everything():
    trials = list(Plan(architectures=["TCN", "MagNet"]).trials())
    shards = [shard_of(trials, (number, 12)) for number in range(1, 13)]
    assert sorted(t.key for shard in shards for t in shard) == sorted(t.key for t in trials)
    units = Counter(len({unit_of(trial) for trial in shard}) for shard in shards)
    assert max(units) - min(units) <= 1
    for number in (0, 13):
        with pytest.raises(ValueError, match=f"Received: {number}/12"):
            shard_of(trials, (number, 12))
