"""Classifiers and regressors whose convolutions may start from a source.

Each architecture has a file of its own, whose estimators are exported here; of other files the
names in ``__all__``. A new architecture inherits from `base` and `tasks`.
"""

from importlib import import_module
from pkgutil import iter_modules

__all__ = []
for _entry in iter_modules(__path__):
    if not _entry.name.startswith("_"):
        _module = import_module(f"{__name__}.{_entry.name}")
        for _name, _object in vars(_module).items():
            own = getattr(_object, "__module__", None) == _module.__name__
            named = _name in vars(_module).get("__all__", ())
            if named or (own and hasattr(_object, "architecture") and not _name.startswith("_")):
                globals()[_name] = _object
                __all__.append(_name)
