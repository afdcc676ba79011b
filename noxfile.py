"""The tests on every Python and on the lowest and newest versions of what sktl depends on.

Each session has an environment of its own: `pip install 'nox[uv]'`, then `nox -s lowest`, or
`nox -s tests-3.12 -- tests/estimators`.
"""

from pathlib import Path

import nox

nox.options.default_venv_backend = "uv"
PYTHONS = ["3.11", "3.12", "3.13"]  # those that TensorFlow has wheels for
TESTS = ("pytest", "-n", "2", "--dist", "worksteal")


@nox.session(python=PYTHONS)
def tests(session):
    """What pip installs today."""
    session.install("-e", ".[dev]")
    session.run(*TESTS, *session.posargs)


@nox.session(python=PYTHONS[0])
def lowest(session):
    """The lowest versions that pyproject.toml declares."""
    session.install("--resolution", "lowest-direct", "-e", ".[dev]")
    session.run(*TESTS, *session.posargs)


@nox.session(python=PYTHONS[-1])
def newest(session):
    """The newest versions, pre-releases as well."""
    session.install("--prerelease", "allow", "-e", ".[dev]")
    session.run(*TESTS, *session.posargs)


@nox.session(python=PYTHONS[0])
def torch(session):
    """Networks and generators on PyTorch, where TensorFlow is not installed."""
    without = Path(session.create_tmp(), "without.txt")
    without.write_text("tensorflow; python_version < '3'\n")
    session.install("--override", str(without), "-e", ".[dev,torch]")
    rooms = [f"tests/{room}" for room in ("layers", "training", "estimators", "synthesis")]
    session.run(*TESTS, *(session.posargs or rooms), env={"KERAS_BACKEND": "torch"})
