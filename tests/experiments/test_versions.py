"""The hash of the code that computes results changes with what computes, and with nothing else."""

import io
import tokenize
from pathlib import Path

import pytest

import sktl
from sktl.experiments import versions
from sktl.experiments._versions import computing_files, what_computes

CODE = '''"""A module."""

import math  # of Python


def area(radius):
    """Give the area.

    >>> area(1)
    """
    # The famous formula.
    hint = "# no comment"
    return math.pi * radius**2, hint
'''


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("A module.", "Another text."),
        ("# of Python", "# of the standard library"),
        ("    >>> area(1)\n", ""),
        ("    # The famous formula.\n", ""),
        ("\n\n\ndef", "\n\ndef"),
        ("Give the area.", "Give\n    the area."),
    ],
)
def test_words_change_nothing(old, new):
    assert old in CODE
    assert what_computes(CODE.replace(old, new)) == what_computes(CODE)


@pytest.mark.parametrize(
    ("old", "new"),
    [("radius**2", "radius**3"), ("# no comment", "# none"), ("math.pi", "3.14")],
)
def test_code_changes_it(old, new):
    assert old in CODE
    assert what_computes(CODE.replace(old, new)) != what_computes(CODE)


def test_nothing_else_is_left_out():
    """Against Python's own tokenizer: all but comments, strings alone and blank lines."""

    def tokens(source):
        found, line = [], []
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type in (tokenize.NEWLINE, tokenize.ENDMARKER):
                words = len(line) == 1 and line[0].endswith('"""')
                found += [] if words else line
                line = []
            elif token.string.strip() and token.type != tokenize.COMMENT:
                line.append("\n".join(filter(str.strip, token.string.splitlines())))
        return found

    files = [path for path in computing_files() if path.parent.name in ("sources", "experiments")]
    assert len(files) > 20
    for path in [*files, Path(__file__)]:
        source = path.read_text(encoding="utf-8")
        assert tokens(what_computes(source)) == tokens(source), path


def test_whatever_computes_a_result_is_in_it():
    package = Path(sktl.__file__).parent
    files = {path.relative_to(package).as_posix() for path in computing_files()}
    assert {
        "_checks.py", "evaluation/metrics.py", "experiments/_trial.py", "experiments/_execute.py",
        "layers/convolution.py", "training/loop.py", "estimators/base.py", "sources/_adapt.py",
        "datasets/simulators/prices.py",
    } <= files  # fmt: skip
    for room in ("layers", "training", "estimators", "sources", "datasets"):
        assert {p.relative_to(package).as_posix() for p in (package / room).rglob("*.py")} <= files
    assert {"numpy", "scipy", "sktime", "keras", "scikit-learn"} <= versions().keys()
