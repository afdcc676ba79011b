"""No class takes the place of a private method of another library that is not meant for it."""

import importlib
import inspect
import pkgutil

import sktl

# What sktime tells those who write estimators to define.
MEANT = {"_fit", "_predict", "_predict_proba", "_transform", "_tags"}
# What pandas and Jupyter look for in a subclass of a table.
MEANT_TABLE = {"_constructor", "_repr_html_"}


def classes():
    for module in pkgutil.walk_packages(sktl.__path__, "sktl."):
        for one in vars(importlib.import_module(module.name)).values():
            if inspect.isclass(one) and one.__module__ == module.name:
                yield one


def replaced(one):
    """Give the private names of a class that a base of another library has, too."""
    foreign = [base for base in one.__mro__[1:] if not base.__module__.startswith("sktl")]
    for name in vars(one):
        private = name.startswith("_") and not name.startswith("__") and name != "_abc_impl"
        if private and any(name in vars(base) for base in foreign):
            yield name


def test_no_private_method_of_another_library_is_replaced():
    found = {f"{one.__name__}.{name}" for one in classes() for name in replaced(one)}
    # It looks at all: these are what it should find.
    assert {"_LinearProbe", "PanelInput"} <= {one.__name__ for one in classes()}
    assert "LinearProbeClassifier._predict" in found
    assert {one for one in found if one.split(".")[1] not in MEANT | MEANT_TABLE} == set()
