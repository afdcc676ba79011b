"""
Your own study, from records to a table for a paper
===================================================

Does a source help on your data? A study repeats every training with other training instances,
chooses omega on validation data only, and tests the difference. This one takes **real** series
that come with sktime (BasicMotions: four motions, six channels of a watch) and is small enough
to run here.
"""

# %%
# The trials
# ----------
#
# In each rerun, 20 training instances are drawn. From the same instances one network is trained
# from scratch (the *reference*, without source and omega) and others from two sources with two
# omegas. A *trial* is one training; its *record* is one row.

import numpy as np
import pandas as pd
from sklearn.metrics import f1_score
from sklearn.model_selection import train_test_split
from sktime.datasets import load_basic_motions

from sktl.estimators import MagNetClassifier

X, y = load_basic_motions(split="train", return_type="numpy3D")
X_test, y_test = load_basic_motions(split="test", return_type="numpy3D")
RERUNS, N_TRAIN = 3, 20
CANDIDATES = [(None, None)] + [
    (source, omega) for source in ("EMG-Roshambo", "SPEECH-simulated") for omega in (0.0, 0.5)
]

records = []
for rerun in range(RERUNS):
    rows, _ = train_test_split(
        np.arange(len(y)), train_size=N_TRAIN, stratify=y, random_state=rerun
    )
    for source, omega in CANDIDATES:
        network = MagNetClassifier(
            source=source,
            omega=1.0 if omega is None else omega,
            n_epochs=12,
            validation_size=0.3,
            random_state=rerun,
        )
        network.fit(X[rows], y[rows])
        records.append(
            {
                "architecture": "MagNet",
                "source": source,
                "target": "BasicMotions",
                "n_train": N_TRAIN,
                "omega": omega,
                "rerun": rerun,
                "metric": "f1_weighted",
                "test_score": f1_score(y_test, network.predict(X_test), average="weighted"),
                "validation_score": network.history_["val_score"].loc[network.best_epoch_],
            }
        )
records = pd.DataFrame(records)
records.head(6)

# %%
# The table
# ---------
#
# Omega is chosen by the *validation* score of each rerun. The test score of the chosen one
# counts.

records["method"] = records["source"].fillna("from scratch")
chosen = records.loc[records.groupby(["method", "rerun"])["validation_score"].idxmax()]
table = chosen.groupby("method")["test_score"].agg(["mean", "std"])
table["BasicMotions, F1"] = [f"{mean:.2f} ± {std:.2f}" for mean, std in table.to_numpy()]
table[["BasicMotions, F1"]]

# %%
# As LaTeX:

print(table[["BasicMotions, F1"]].to_latex())

# %%
# The report
# ----------
#
# ``write_report`` reads such records, from a table or a CSV file, and makes one page with the
# tests, the controls and the figures. ``sktl report records.csv --out report`` does the same.

import tempfile
from pathlib import Path

from sktl.evaluation import write_report
from sktl.evaluation.records import Records

folder = Path(tempfile.mkdtemp())
checked = Records.from_frame(
    records.drop(columns="method"), domains={"BasicMotions": "motion", "EMG-Roshambo": "EMG",
                                             "SPEECH-simulated": "audio"}
)  # fmt: skip
page = write_report(checked, folder / "report")
print(*sorted(path.name for path in page.parent.iterdir()))

# %%
# What it concludes, in words:

text = (page.parent / "report.md").read_text()
print("\n## ".join(text.split("\n## ")[:2]))

# %%
# A picture
# ---------

import matplotlib.pyplot as plt

fig, ax = plt.subplots(figsize=(6, 3), layout="constrained")
for place, (_, rows) in enumerate(chosen.groupby("method")):
    ax.plot(rows["test_score"], np.full(len(rows), place), "o", color="#0072B2")
    ax.plot(rows["test_score"].mean(), place, "|", color="#D55E00", markersize=20)
ax.set(yticks=range(table.shape[0]), yticklabels=table.index, xlabel="weighted F1 on the test part")
_ = ax.set_title("One point per rerun, the bar is the mean", fontsize="medium")

# %%
# What to keep in mind
# --------------------
#
# Three reruns of one target decide nothing, and the report says so. ``sktl grid --targets
# mine.npz`` runs more architectures, sources and targets in parallel, continues after an
# interruption, and compares naive baselines on the same instances: :doc:`/experiments`. What the
# report computes: :doc:`/evaluation`.
