"""An architecture is one file, and so is a dataset: every part of the package finds them."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
DATASET = '''
"""Toy: sine waves of noise, whose frequency is to be found."""

import numpy as np

from sktl.datasets import DatasetSpec, MemoryReader, RemoteFile
from sktl.datasets._contract import make_fetcher


def read_toy(path):
    """Read toy.npz."""
    with np.load(path) as file:
        return MemoryReader(file["X"], file["y"], file["groups"])


SPEC = DatasetSpec(
    name="Toy", module="toy", title="Toy waves", domain="toys", task="regression",
    target="frequency", n_channels=1, n_timepoints=24, rate_hz=None, unit="nothing", group="day",
    n_instances=200, stream_max=True, licence="CC0", citation="Nobody (2020).",
    url="https://example.org",
    files=(RemoteFile("toy.npz", "https://example.org/toy.npz", manual="Ask for toy.npz."),),
    read=read_toy,
)

fetch_toy = make_fetcher(SPEC)
'''
USE = """
import copy, pickle, sys
import numpy as np
from sklearn.base import clone, is_classifier
from sktl.cli import main
from sktl.datasets import fetch_toy, list_datasets
from sktl.estimators import TinyNetClassifier, TinyNetRegressor
from sktl.model_selection import OmegaSearch, rank_sources
from sktl.registry import all_estimators

sources, grid = sys.argv[1:]
assert {"TinyNetClassifier", "TinyNetRegressor"} <= {name for name, _ in all_estimators()}
assert "Toy" in [spec.name for spec in list_datasets()]
X, y = fetch_toy(n_instances=60)
assert X.shape == (60, 1, 24)
for cls, target in ((TinyNetClassifier, np.digitize(y, [3.0])), (TinyNetRegressor, y)):
    fitted = cls(**cls.get_test_params()[0]).fit(X, target)
    assert is_classifier(fitted) == (cls is TinyNetClassifier)
    copies = pickle.loads(pickle.dumps(fitted)), copy.deepcopy(fitted), fitted.clone()
    for again in (*copies[:2], copies[2].fit(X, target)):
        assert np.array_equal(again.predict(X), fitted.predict(X))
    assert clone(fitted).get_params() == fitted.get_params()
assert not main(["pretrain", "Toy", "--architecture", "TinyNet", "--data", "real", "--out", sources,
                 "--n-instances", "140", "--epochs", "25", "--batch-size", "8"])
source = sources + "/TinyNet/Toy"
table = rank_sources(X, y, "TinyNet", [source])
assert table["logme"].notna().all() and len(table) == 2
network = TinyNetRegressor(n_epochs=2, batch_size=8, random_state=0)
search = OmegaSearch(network, [0.5], [source])
search.fit(X, y)
assert search.cv_results_["error"].isna().all() and len(search.cv_results_) == 2
assert search.best_estimator_.predict(X).shape == (60,)
assert not main("grid --architectures TinyNet --sources Other --targets Toy --data real --sizes 30 "
                "--omegas 0.5 --reruns 1 --repeats 1 --n-epochs 2 --baselines constant "
                "--backend sequential --no-report --out".split() + [grid])
"""


@pytest.fixture
def package(tmp_path):
    """A copy of the package that has one file more in two of its rooms, and data for one."""
    import numpy as np

    copy = tmp_path / "with_both"
    shutil.copytree(
        ROOT / "sktl", copy / "sktl", copy_function=os.symlink,
        ignore=shutil.ignore_patterns("__pycache__", "bundled"),
    )  # fmt: skip
    page = (ROOT / "docs" / "new_architecture.md").read_text()
    code = re.search(r"```python\n(.*?)```", page, re.DOTALL)[1]
    (copy / "sktl" / "estimators" / "tiny_net.py").write_text(code)
    # A grid transfers from one dataset to another.
    other = DATASET.replace("Toy", "Other").replace("toy", "other")
    (copy / "sktl" / "datasets" / "toy.py").write_text(DATASET)
    (copy / "sktl" / "datasets" / "other.py").write_text(other)
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    rng = np.random.default_rng(0)
    y = rng.uniform(1, 5, 200)
    X = np.sin(y[:, None, None] * np.arange(24) / 4) + 0.1 * rng.normal(size=(200, 1, 24))
    for name in ("toy", "other"):
        np.savez(mirror / f"{name}.npz", X=X.astype("float32"), y=y, groups=np.arange(200) % 20)
    return copy


def test_one_file_an_architecture_and_one_a_dataset(package, tmp_path):
    environment = os.environ | {
        "PYTHONPATH": str(package), "SKTL_HOME": str(tmp_path / "home"),
        "SKTL_MIRROR": str(tmp_path / "mirror"),
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", USE, str(tmp_path / "sources"), str(tmp_path / "grid")],
        env=environment, cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    kinds = [json.loads(p.read_text())["kind"] for p in (tmp_path / "grid/records").rglob("*.json")]
    assert {"reference", "transfer", "baseline"} <= set(kinds)
