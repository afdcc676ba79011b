"""Repeats at the same time: the source of one process, and deaths of workers."""

import numpy as np
import pytest

from sktl._parallel import Workers, workers_for
from sktl.cli import main
from sktl.pretraining import pretrain
from sktl.pretraining._repeats import Repeats
from sktl.sources import load_source

from .test_pretrain import TINY


def test_workers_make_the_source_of_one_process(tmp_path):
    distributed = pytest.importorskip("distributed")
    said = []
    arguments = {"source": "S&P 500", "architecture": "ConvNetQuakeINGV", "n_repeats": 2, **TINY}
    alone = pretrain(out=tmp_path / "alone", **arguments)
    with distributed.Client(
        n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None
    ):
        spread = pretrain(
            out=tmp_path / "spread", backend="dask", progress=said.append, **arguments
        )
    assert spread.repeats == alone.repeats
    assert sorted(line.split(", validation")[0] for line in said) == [
        f"ConvNetQuakeINGV S&P 500: repeat {number} of 2" for number in (1, 2)
    ]
    assert spread.card.training == alone.card.training
    arrays = [load_source(made.path, "ConvNetQuakeINGV").arrays for made in (alone, spread)]
    assert all(np.array_equal(arrays[0][name], arrays[1][name]) for name in arrays[0])
    assert [path.name for path in spread.path.parent.iterdir() if path.name[0] == "."] == []


class KilledWorker(Exception):
    """As Dask's."""


def test_a_death_loses_no_repeat_and_deaths_in_a_row_end(tmp_path, monkeypatch):
    made = []
    monkeypatch.setattr(Repeats, "train", lambda self, number: made.append(number))
    repeats = Repeats(None, None, False, tmp_path / "kept", "x", 0)

    def dying(function, items, shared, seconds):
        for item in items:
            if item == 1 and made.count(0) == 1 and 1 not in made:
                made.append(1)
                raise KilledWorker
            yield function(item, *shared)

    assert sorted(repeats.each(range(3), Workers(1, dying))) == [0, 1, 2]
    assert made == [0, 1, 1, 2]

    def dead(function, items, shared, seconds):
        raise KilledWorker
        yield

    with pytest.raises(RuntimeError, match="died 3 times in a row"):
        list(repeats.each(range(3), Workers(1, dead)))


def test_the_command_says_what_is_absent(monkeypatch, capsys):
    import sys

    monkeypatch.setitem(sys.modules, "ray", None)
    command = ["pretrain", "S&P 500", "--architecture", "ConvNetQuakeINGV", "--backend", "ray"]
    assert main(command) == 1
    assert "pip install 'sktl[ray]'" in capsys.readouterr().err
    assert main([*command[:-2], "--n-jobs", "2"]) == 1
    assert "backend_params need a backend" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["loky", "ray"])
def test_processes_train_the_same_source(backend, tmp_path):
    if backend == "ray":
        pytest.importorskip("ray")
    arguments = {"source": "S&P 500", "architecture": "ConvNetQuakeINGV", "n_repeats": 2, **TINY}
    spread = pretrain(
        out=tmp_path / "a", backend=backend, backend_params={"n_jobs": 2}, **arguments
    )
    with workers_for("loky", {"n_jobs": 2}) as workers:
        (alone,) = workers(lambda out: pretrain(out=out, **arguments).repeats, [tmp_path / "b"])
    assert spread.repeats == alone
