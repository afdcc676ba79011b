"""Every block of Python code in the README and the documentation runs as it is printed.

All blocks run in one fresh process, those of a page one after the other, as a reader types them;
only what makes them long is smaller. A block that cannot run says why in an HTML comment before it.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
BLOCK = re.compile(
    r"(?:<!-- not run: (?P<why>[^>]+) -->\n\n)?^```python\n(?P<code>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)
# Everything that costs time, and what it is here.
SMALLER = (
    (r"\b((?:simulate|iter)_\w+)\((\d[\d_]*)", r"\1(30"),
    (r"\b(n_epochs|n_steps)=\d+", r"\1=2"),
    (r"\bn_instances=\d+", "n_instances=40"),
    (r"AutoTransfer(\w+)\(\)", r'AutoTransfer\1("fast", architectures=["MagNet"])'),
    (r"reduced\(\d+", "reduced(9"),
    (r"simulate_layered_earth\(30", "simulate_layered_earth(8"),
    (r"InceptionTimeClassifier\(", "InceptionTimeClassifier(n_modules=1, filters=4, "),
    (r"WGANGPGenerator\(", "WGANGPGenerator(filters=4, "),
)
DRIVER = """
import json, os, sys, traceback
from dataclasses import replace

import sktl.estimators.base as base
from sktl.estimators import convnetquake
from sktl.sources import published

convnetquake._ConvNetQuakeINGV._jit = False  # XLA takes seconds to compile a network

# Where there is no number of epochs to make smaller.
resolved = base.BaseTransferEstimator.schedule_for
base.BaseTransferEstimator.schedule_for = lambda self, n_instances: (
    (found := resolved(self, n_instances)) | {"n_epochs": min(2, found["n_epochs"])}
)
# No test asks the network: a download fails at once, and bundled sources stand in.
published.PUBLISHED = tuple(
    replace(entry, url="http://127.0.0.1:9/" + entry.filename) for entry in published.PUBLISHED
)
failed = 0
for page, blocks in json.load(sys.stdin).items():
    names = {"__name__": "__main__"}
    for line, code in blocks:
        try:
            # With the page's lines, so that a traceback names the line of the page.
            exec(compile("\\n" * line + code, page, "exec"), names)
        except Exception:
            failed += 1
            print(f"{page}, line {line}:\\n{traceback.format_exc()}", file=sys.stderr)
sys.exit(bool(failed))
"""


def pages():
    found = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").rglob("*.md"))]
    return [page for page in found if "_build" not in page.parts]


def blocks(page):
    """Give (line, code, why it is not run or None) of every block."""
    text = page.read_text()
    for match in BLOCK.finditer(text):
        yield text[: match.start("code")].count("\n"), match["code"], match["why"]


def smaller(code):
    for pattern, replacement in SMALLER:
        code = re.sub(pattern, replacement, code)
    return code


@pytest.mark.slow  # `make docs` runs it
@pytest.mark.timeout(1800)
def test_every_block_runs(tmp_path):
    import json

    to_run = {
        str(page.relative_to(REPOSITORY)): [
            (line, smaller(code)) for line, code, why in blocks(page) if why is None
        ]
        for page in pages()
    }
    assert sum(map(len, to_run.values())) >= 20
    environment = os.environ | {
        "SKTL_HOME": str(tmp_path / "home"),
        "NO_PROXY": "127.0.0.1",
        "MPLBACKEND": "agg",
        "PYTHONPATH": str(REPOSITORY),
    }
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", DRIVER],
        input=json.dumps(to_run),
        capture_output=True,
        text=True,
        cwd=tmp_path,  # some blocks write files
        env=environment,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-6000:]


def test_every_block_is_seen_and_every_exception_has_its_block():
    for page in pages():
        text = page.read_text()
        found = list(blocks(page))
        assert len(found) == len(re.findall(r"^```python", text, re.MULTILINE)), page
        assert sum(why is not None for *_, why in found) == text.count("<!-- not run:"), page


def test_what_is_made_smaller_is_small():
    code = "X, y = simulate_len_db(1000)\nN(n_epochs=20)\nAutoTransferRegressor().fit(X, y)"
    assert smaller(code) == (
        "X, y = simulate_len_db(30)\nN(n_epochs=2)\n"
        'AutoTransferRegressor("fast", architectures=["MagNet"]).fit(X, y)'
    )
