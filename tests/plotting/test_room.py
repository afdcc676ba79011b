"""The examples run, and a missing matplotlib is named."""

import doctest
import importlib
import sys

import pytest

import sktl.plotting


@pytest.mark.parametrize("name", sktl.plotting.__all__)
def test_examples_run(name):
    module = importlib.import_module(f"sktl.plotting.{name.removeprefix('plot_')}")
    result = doctest.testmod(module)
    assert result.attempted
    assert not result.failed


def test_without_matplotlib_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=r"pip install 'sktl\[plots\]'"):
        sktl.plotting.plot_predictions([1.0], [1.0])
