"""What numba compiles once on a machine."""

import os
import subprocess
import sys

import pytest

from sktl.estimators.features import competing_kernels
from sktl.model_selection import _auto_compiled
from sktl.model_selection._auto_compiled import COMPILED, LONG, compile_features


@pytest.fixture
def compiled(monkeypatch, tmp_path):
    """Blocks in the order in which they were compiled, by this process or by others."""
    found = []
    monkeypatch.setattr(competing_kernels, "n_threads", lambda: 8)
    monkeypatch.setattr(_auto_compiled, "_stamp", lambda: tmp_path / "stamp")
    monkeypatch.setattr(_auto_compiled, "compile_block", found.append)

    class Process:
        def __init__(self, command, **options):
            assert command[:2] == [sys.executable, "-c"]
            exec(command[2], {})

        def wait(self): ...

        def kill(self): ...

    monkeypatch.setattr(_auto_compiled.subprocess, "Popen", Process)
    return found


def test_processes_compile_once(compiled):
    compile_features(list(COMPILED), keras=False)
    assert compiled == [*LONG, *COMPILED]
    compile_features(list(COMPILED), keras=False)
    assert compiled == [*LONG, *COMPILED, *COMPILED]


@pytest.mark.parametrize(("cores", "names"), [(1, list(COMPILED)), (8, ["minirocket"])])
def test_one_core_or_one_block_begins_no_process(cores, names, compiled, monkeypatch):
    monkeypatch.setattr(competing_kernels, "n_threads", lambda: cores)
    compile_features(names, keras=False)
    assert compiled == names


@pytest.mark.slow
def test_processes_fill_the_cache_of_numba(tmp_path):
    code = "from sktl.model_selection._auto_compiled import *; compile_features(COMPILED, False)"
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path), "NUMBA_NUM_THREADS": "2"}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
    names = {file.name.split("-")[0] for file in tmp_path.rglob("*.nbi")}
    for part in ("_compete", "catch22", "minirocket", "multirocket"):
        assert any(part in name for name in names), names
    assert list(tmp_path.rglob("compiled-*"))
