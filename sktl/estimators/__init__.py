"""Classifiers and regressors whose convolutions may start from a source.

One file an architecture; whatever public class such a file defines is exported here.
"""

from importlib import import_module
from pkgutil import iter_modules

__all__ = []
for _entry in iter_modules(__path__):
    if not _entry.name.startswith("_"):
        _module = import_module(f"{__name__}.{_entry.name}")
        for _name, _object in vars(_module).items():
            if getattr(_object, "__module__", None) == _module.__name__ and _name[0].isupper():
                globals()[_name] = _object
                __all__.append(_name)
