"""What the result of a trial depends on besides its own description: packages, backend, code."""

from __future__ import annotations

import hashlib
import os
import re
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import sktl
from sktl._parallel import keras_backend
from sktl.layers.fast_forms import PLAIN_LAYERS

_PACKAGES = ("sktime", "keras", "numpy", "scipy", "scikit-learn")
_BACKENDS = {"tensorflow": ("tensorflow", "tensorflow-cpu"), "jax": ("jax",), "torch": ("torch",)}
# What computes results; plan, store and evaluation do not.
_COMPUTING = (
    "layers/**/*.py", "training/**/*.py", "estimators/**/*.py", "sources/**/*.py",
    "datasets/**/*.py", "evaluation/metrics.py", "_checks.py", "_random.py",
    "experiments/_trial.py",
    "experiments/_data.py", "experiments/_execute.py", "experiments/_baselines.py",
    "experiments/_from_file.py", "pretraining/from_file.py",
)  # fmt: skip
# Every worker reads all of this code when it starts: by Python's tokenizer that takes a second.
_WORDS = re.compile(
    r'''(?P<docstring> ^[ \t]* [rR]?"""(?:\\.|[^\\])*?""" [ \t]*$ )
    |  (?P<string> """(?:\\.|[^\\])*?""" | '{3}(?:\\.|[^\\])*?'{3}
                 | "(?:\\.|[^\\"\n])*" | '(?:\\.|[^\\'\n])*' )
    |  (?P<comment> \#[^\n]* )''',
    re.MULTILINE | re.DOTALL | re.VERBOSE,
)


@cache
def code_hash() -> str:
    """Return the sha256 of sktl's code that computes results, 16 hexadecimal digits of it.

    Docstrings, comments and blank lines compute nothing and are left out.
    """
    package = Path(sktl.__file__).parent
    # Plain layers give the same to rounding, and draw other random numbers.
    digest = hashlib.sha256(b"plain" if os.environ.get(PLAIN_LAYERS) == "1" else b"")
    for path in computing_files():
        digest.update(path.relative_to(package).as_posix().encode() + b"\0")
        digest.update(what_computes(path.read_text(encoding="utf-8")).encode() + b"\0")
    return digest.hexdigest()[:16]


def computing_files() -> list[Path]:
    """Return the files of sktl that compute results."""
    package = Path(sktl.__file__).parent
    return sorted({path for pattern in _COMPUTING for path in package.glob(pattern)})


def what_computes(source: str) -> str:
    """Return Python code without its docstrings, comments and blank lines.

    Parameters
    ----------
    source : str
        A module.

    Returns
    -------
    str
        Its other lines, as they are.
    """
    lines = _WORDS.sub(lambda found: found["string"] or "", source).splitlines()
    return "\n".join(line.rstrip() for line in lines if line.strip())


@cache
def _versions(backend: str) -> dict[str, str]:
    found = {"sktl": sktl.__version__, "sktl code": code_hash(), "backend": backend}
    for names in (*((name,) for name in _PACKAGES), _BACKENDS.get(backend, (backend,))):
        for name in names:
            try:
                found[names[0]] = version(name)
                break
            except PackageNotFoundError:
                found[names[0]] = "not installed"
    return found


def versions() -> dict[str, str]:
    """Return the versions that are part of every trial's key.

    Returns
    -------
    dict of str to str
        sktl, a hash of its computing code, sktime, keras, its backend, numpy, scipy, scikit-learn.

    Examples
    --------
    >>> from sktl.experiments import versions
    >>> sorted(versions())[:3]
    ['backend', 'keras', 'numpy']
    """
    return dict(_versions(keras_backend()))
