"""How long a first result takes, from the start of Python to predictions, and how good it is.

    python -m benchmarks.performance.time_to_result --tsai-python PATH --page

Magnitudes of 200 simulated records of LEN-DB's format, three channels of 540 points, and of 200
more of other earthquakes to predict. sktl's seismic sources are left out: they were trained on such
simulations. Each method is a process of its own; all take turns. Deep learners whose defaults ask
for 1,500 epochs, hours here, train one network for 50. What has not ended after --limit seconds is
stopped.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np
import pandas as pd

from benchmarks.performance.performance_page import (
    add_page_option,
    conditions,
    markdown,
    write_block,
)

N_TRAINING, N_TEST = 200, 200
SEISMIC = ("STEAD", "LEN-DB", "LOMAX")
# X and y to train on, X_new to predict; each program leaves `predicted`.
PROGRAMS = {
    "AutoTransfer": """
from sktl.model_selection import AutoTransferRegressor
predicted = AutoTransferRegressor(sources=SOURCES).fit(X, y).predict(X_new)
""",
    "MultiRocket and amplitudes + ridge (aeon)": """
from aeon.transformations.collection.convolution_based import MultiRocket
from benchmarks.studies.few_labels.peers import ALPHAS, amplitude_features
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
rocket = MultiRocket(random_state=0).fit(X)
tables = [np.concatenate([rocket.transform(p), amplitude_features(p)], 1) for p in (X, X_new)]
ridge = make_pipeline(StandardScaler(), RidgeCV(ALPHAS)).fit(tables[0], y)
predicted = ridge.predict(tables[1])
""",
    "InceptionTime (sktime, 50 epochs)": """
from sktime.regression.deep_learning import InceptionTimeRegressor
predicted = InceptionTimeRegressor(n_epochs=50, random_state=0).fit(X, y).predict(X_new)
""",
    "InceptionTime (aeon, 50 epochs)": """
from aeon.regression.deep_learning import IndividualInceptionRegressor
predicted = IndividualInceptionRegressor(n_epochs=50, random_state=0).fit(X, y).predict(X_new)
""",
    "InceptionTime (tsai, 50 epochs)": """
from tsai.all import TSRegressor, mae
import torch
torch.manual_seed(0)
part = np.random.default_rng(0).permutation(len(y))
splits = part[: len(y) * 4 // 5].tolist(), part[len(y) * 4 // 5 :].tolist()
learner = TSRegressor(X, y, splits=splits, arch="InceptionTime", metrics=mae, verbose=False)
with learner.no_bar(), learner.no_logging():
    learner.fit_one_cycle(50, 1e-3)
    predicted = np.ravel(learner.get_X_preds(X_new)[0]).astype(float)
""",
}
PROGRAM = """
import sys, warnings
import numpy as np
warnings.simplefilter("ignore")
with np.load(sys.argv[1]) as file:
    X, y, X_new = file["X"], file["y"], file["X_new"]
    SOURCES = file["sources"].tolist()
{method}
np.save(sys.argv[2], predicted)
"""


def data(path):
    """Write the data for all programs; return what is to be predicted."""
    from sktl.datasets import load_dataset
    from sktl.sources import list_sources

    dataset = load_dataset("LEN-DB-simulated", split="grouped", n_instances=2000, random_state=7)
    training, test = dataset.reduced(N_TRAINING).train, dataset.test
    X_new, y_new = test.X[:N_TEST], test.y[:N_TEST]
    table = list_sources()
    table = table[table["where"] == "bundled"]
    seismic = table["source"].str.startswith(SEISMIC)
    sources = list(dict.fromkeys(table["source"][~seismic]))
    np.savez(path, X=training.X, y=training.y, X_new=X_new, sources=sources)
    return y_new


def run(python, code, limit, *paths):
    """Run a program in a process of its own, in the folder of the paths.

    Return its seconds on the wall, or infinity.
    """
    started = time.perf_counter()
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": os.getcwd()}
    try:
        done = subprocess.run(
            [python, "-c", code, *map(str, paths)],
            env=environment, cwd=paths[0].parent, capture_output=True, text=True, timeout=limit,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return float("inf")
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return time.perf_counter() - started


def _median(taken, limit):
    middle = median(taken)
    return f"{middle:.0f}" if np.isfinite(middle) else f"not ended after {limit:.0f}"


def _error(error):
    return f"{error:.3f}" if np.isfinite(error) else "-"


def main():
    """Print, and write, the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tsai-python", help="interpreter that has tsai; default: without tsai")
    parser.add_argument("--turns", type=int, default=1)
    parser.add_argument("--limit", type=float, default=400, help="seconds for each process")
    add_page_option(parser)
    arguments = parser.parse_args()
    programs = {
        name: code for name, code in PROGRAMS.items() if "tsai" not in name or arguments.tsai_python
    }
    seconds, errors = {name: [] for name in programs}, {}
    with tempfile.TemporaryDirectory() as folder:
        given, found = Path(folder) / "data.npz", Path(folder) / "predicted.npy"
        y = data(given)
        for turn in range(-1, arguments.turns):
            for name, method in programs.items():
                # Once before: numba compiles, and files are read from the disk.
                if turn < 0 and "InceptionTime" in name:
                    continue
                python = arguments.tsai_python if "tsai" in name else sys.executable
                if float("inf") in seconds[name]:
                    continue
                # A program may need more than the limit where numba compiles.
                limit = arguments.limit if turn >= 0 else None
                taken = run(python, PROGRAM.format(method=method), limit, given, found)
                ended = np.isfinite(taken)
                errors[name] = np.abs(np.load(found).ravel() - y).mean() if ended else np.nan
                if turn >= 0:
                    seconds[name].append(taken)
                print(f"{name}: {taken:.1f} s, {errors[name]:.3f}", flush=True)
    table = pd.DataFrame(
        {
            "method": list(programs),
            "seconds": [_median(taken, arguments.limit) for taken in seconds.values()],
            "mean absolute error (magnitude)": [_error(errors[name]) for name in programs],
        }
    )
    text = markdown(table) + "\n\n" + conditions(arguments, "sktl", "sktime", "aeon", "numpy")
    print(text)
    if arguments.page:
        write_block("time to result", text)


if __name__ == "__main__":
    main()
