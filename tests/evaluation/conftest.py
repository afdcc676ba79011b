import copy

import numpy as np
import pandas as pd
import pytest

from sktl.evaluation.readers import read_records


@pytest.fixture(scope="session")
def published(shared):
    """Return the records of the original experiment."""
    return read_records(shared("published/published_results.csv.gz"))


@pytest.fixture
def rows(all_rows):
    """Return the simulated experiment, to be changed at will."""
    return copy.deepcopy(all_rows)


@pytest.fixture(scope="session")
def all_rows():
    """Return a simulated, complete experiment with known gains: 2 networks, 3 datasets, 3 reruns.

    Transfer at omega 1 is better by a fifth, at omega 0.1 worse by a tenth; the validation score
    says so, while the test score of omega 0.1 is best by luck in rerun 0 alone.
    """
    rng = np.random.default_rng(0)
    table = []
    metrics = {"stead": "mae", "emg": "f1_weighted", "etna": "mae"}
    for architecture in ("magnet", "tcn"):
        for target, metric in metrics.items():
            up = metric == "f1_weighted"
            for rerun in range(3):
                base = (0.5 if up else 1.0) + 0.02 * rng.standard_normal()
                row = {
                    "architecture": architecture, "target": target, "n_train": 300,
                    "metric": metric, "rerun": rerun, "loss": "x", "monitor": "val_loss",
                    "epochs": 20, "best_epoch": 10, "simulated": True, "n_parameters": 1000,
                }  # fmt: skip
                curve = base * (1 + (-0.5 if up else 1) * 0.8 ** np.arange(20))
                table.append(row | {
                    "source": None, "omega": None, "test_score": base, "seconds": 2.0,
                    "validation_score": base, "curves": {"test": curve.tolist()},
                })  # fmt: skip
                for source in metrics:
                    if source == target:
                        continue
                    for omega, better in ((0.1, -0.1), (1.0, 0.2)):
                        score = base * (1 + (1 if up else -1) * better)
                        lucky = omega == 0.1 and rerun == 0
                        curve = score * (1 + (-0.5 if up else 1) * 0.5 ** np.arange(20))
                        table.append(row | {
                            "source": source, "omega": omega, "seconds": 1.0,
                            "validation_score": score * 1.01,
                            "test_score": base * (1.6 if up else 0.4) if lucky else score,
                            "curves": {"test": curve.tolist()},
                        })  # fmt: skip
    return table


@pytest.fixture
def frame(rows):
    """Return the simulated experiment as a table without curves."""
    return pd.DataFrame([{k: v for k, v in row.items() if k != "curves"} for row in rows])
