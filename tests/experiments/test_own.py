"""The user's own data in a grid: its keys, its copy in the store, and other processes."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from sktl.datasets import load_npz, make_dataset
from sktl.experiments import Plan, Store, Trial, _data, run, same_result
from sktl.experiments._execute import execute

X = np.random.default_rng(0).normal(size=(80, 2, 30)).astype(np.float32)


def own(name="mine", shift=0.0, **changes):
    return make_dataset(name, X + shift, np.tile(["a", "b"], 40), **changes)


@pytest.fixture
def mixed(plan):
    """Return a plan with the user's own data as source and target beside one of the six."""
    mine = own()
    return replace(plan, sources=["EMG", mine], targets=[mine, "S&P 500"])


def test_own_data_is_one_dataset_more(mixed):
    counts = mixed.counts()
    # Two networks; EMG and mine; mine from EMG, S&P 500 from both.
    assert (counts["pretraining"], counts["transfer"]) == (4, 2 * 2 * 2 * 3)
    trials = list(mixed.trials())
    names = {trial.architecture for trial in trials if trial.data.own and trial.kind == "baseline"}
    assert names == {"class prior", "linear"}
    for trial in trials:
        assert trial.data.simulated == (trial.data.name == "S&P 500-simulated")
        assert trial.source in (None, "EMG-simulated", "mine")
    assert mixed.size("mine") == (80, 30)
    assert replace(mixed, n_instances=60, max_timepoints=20, sizes=[40]).size("mine") == (60, 20)


def test_keys_know_what_the_data_holds(mixed):
    def keys(mine):
        return {t.key for t in replace(mixed, targets=[mine], sources=["EMG"]).trials()}

    assert keys(own()) == keys(own())
    assert not keys(own()) & keys(own(shift=1e-4))
    assert not keys(own()) & keys(own(random_state=1))


@pytest.mark.slow
def test_every_process_finds_the_data_and_goes_on(mixed, tmp_path, stand_in):
    store, log = Store(tmp_path / "store"), tmp_path / "log"
    summary = run(mixed, store, n_jobs=2, execute=partial(stand_in.execute, log=log))
    assert summary.complete
    records = {record["key"]: record for record in store.iter_records()}
    assert len(records) == summary.done == len(log.read_text().split())
    of_mine = [record for record in records.values() if record["target"] == "mine"]
    assert {record["metric"] for record in of_mine} == {"f1_weighted"}
    assert {record["target_domain"] for record in of_mine} == {None}
    assert {record["simulated"] for record in of_mine} == {False, True}  # the source is simulated
    # Another object with the same content is the same data; what is there is not run again.
    same = replace(mixed, sources=["EMG"], targets=[own()])
    assert run(same, store, backend="sequential", execute=None).done == 0
    # Other content: its trials are run, those of the old content are no longer compared with.
    changed = replace(mixed, sources=["EMG"], targets=[own(shift=1.0)])
    again = run(changed, store, backend="sequential", execute=stand_in.execute)
    assert again.retired == again.done > 0
    back = run(same, store, backend="sequential", execute=None)
    assert (back.done, back.retired) == (0, again.done)
    for record in store.iter_records():
        assert same_result(record, records[record["key"]])


def test_the_store_has_a_copy_of_its_own(mixed, tmp_path):
    store, data = Store(tmp_path).create(), mixed.dataset("mine")
    (dataset,) = mixed.own
    store.keep(data, dataset)
    assert load_npz(store.data_file(data)).fingerprint(None) == data.content
    trial = Trial("baseline", "linear", data, n_train=40, rerun=0)
    scores = execute(trial, store)
    assert 0 < scores["test_score"] < 1
    # A damaged copy is no data, and is written again by the next run.
    store.data_file(data).write_bytes(b"damaged")
    for cached in (_data._limited, _data._reduced):
        cached.cache_clear()
    with pytest.raises(ValueError, match="damaged"):
        execute(replace(trial, rerun=1), store)
    store.keep(data, dataset)
    assert execute(replace(trial, rerun=1), store)["n_train"] == 40


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"targets": [own("emg")]}, "must not have a name of.*Received: name='emg'"),
        ({"targets": [own("mine-simulated")]}, "'-simulated'"),
        ({"targets": [own("a/b")]}, "must begin with a letter or a digit.*Received: name='a/b'"),
        ({"targets": [own(), own()]}, "two datasets of the name 'mine'"),
        ({"sizes": [57]}, r"between 2 and 56, the training part of mine\. Received: sizes=\(57,\)"),
        ({"n_instances": 60}, r"between 2 and 42, the training part of mine with n_instances=60"),
        ({"targets": ["mine.npz"]}, r"see make_dataset and load_npz.*Received: 'mine\.npz'"),
    ],
)
def test_what_cannot_be_used_is_refused_before_anything_runs(changes, match):
    given = {"sources": ["EMG"], "targets": own(), "sizes": [50]} | changes
    with pytest.raises(ValueError, match=match):
        Plan(**given)


def test_a_part_without_instances_is_refused():
    dataset = own()
    dataset.parts["validation"] = dataset.parts["validation"][:0]
    with pytest.raises(ValueError, match=r"Each part of mine must have.*'validation': 0"):
        Plan(targets=[dataset], sizes=[10])
