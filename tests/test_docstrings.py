"""The examples in the docstrings of every module run and give what they show."""

import doctest
import importlib
import pkgutil

import pytest

import sktl

OPTIONS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
MODULES = sorted(found.name for found in pkgutil.walk_packages(sktl.__path__, "sktl."))


@pytest.mark.slow
@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name):
    runner = doctest.DocTestRunner(optionflags=OPTIONS)
    for test in doctest.DocTestFinder().find(importlib.import_module(name)):
        # What a base class shows is filled in, and run, in the classes on top of it.
        if "{name}" not in (test.docstring or ""):
            runner.run(test)
    assert not runner.summarize().failed
