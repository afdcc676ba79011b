"""Scores of the magnitude experiment, beside those that the paper prints."""

import numpy as np
import pandas as pd
from sklearn.metrics import accuracy_score, precision_recall_fscore_support

from sktl.estimators.images import magnitude_classes

# Tables 2 and 3 of the paper: percent, then counts of 300 and what it calls variance.
PAPER = {
    "CNN": (79.04, 75.71, 72.13, 178, 237, 0.32993),
    "resnet18 head": (75.44, 71.27, 72.52, 186, 263, 0.29938),
    "resnet18 full": (80.47, 79.55, 79.18, 210, 269, 0.23717),
    "resnet18 scratch": (85.10, 83.48, 82.60, 241, 282, 0.16237),
    "resnet50 head": (72.91, 70.10, 70.97, 155, 207, 0.31531),
    "resnet50 full": (76.63, 75.86, 75.37, 165, 231, 0.24238),
    "resnet50 scratch": (82.65, 81.37, 84.00, 193, 262, 0.22595),
}


def scores(magnitudes, predicted):
    """Score magnitudes as classes and as numbers; precision, recall and F1 are macro means."""
    true, guessed = magnitude_classes(magnitudes), magnitude_classes(predicted)
    precision, recall, f1, _ = precision_recall_fscore_support(
        true, guessed, labels=np.unique(true), average="macro", zero_division=0
    )
    error = predicted - magnitudes
    return {
        "accuracy %": 100 * accuracy_score(true, guessed),
        "precision %": 100 * precision,
        "recall %": 100 * recall,
        "F1 %": 100 * f1,
        "within 0.2 %": 100 * np.mean(np.abs(error) <= 0.2),
        "within 0.3 %": 100 * np.mean(np.abs(error) <= 0.3),
        "error variance": np.var(error),
        "mean abs. error": np.abs(error).mean(),
    }


def intervals(magnitudes, predicted, seed, n_draws=1000):
    """Give each score's 95 % interval by drawing test traces with replacement."""
    rng = np.random.default_rng(seed)
    draws = rng.integers(len(magnitudes), size=(n_draws, len(magnitudes)))
    drawn = pd.DataFrame([scores(magnitudes[i], predicted[i]) for i in draws])
    return {name: np.percentile(drawn[name], [2.5, 97.5]) for name in drawn}


def paper_table():
    """Return the paper's Tables 2 and 3 as percentages."""
    return pd.DataFrame(
        {
            name: {
                "accuracy %": accuracy,
                "precision %": precision,
                "recall %": recall,
                "within 0.2 %": near / 3,
                "within 0.3 %": nearer / 3,
                "error variance": variance,
            }
            for name, (accuracy, precision, recall, near, nearer, variance) in PAPER.items()
        }
    ).T


def beside(ours):
    """Write Markdown: our scores with their intervals, the paper's in brackets where it has any."""
    paper = paper_table()
    columns = [name for name in ours if name.endswith("%") or name == "error variance"]
    yield "| | " + " | ".join([*columns, "epochs"]) + " |"
    yield "|---" * (len(columns) + 2) + "|"
    for name, row in ours.iterrows():
        cells = []
        for column in columns:
            form = ".1f" if column.endswith("%") else ".3f"
            cell = "not run" if np.isnan(row[column]) else f"{row[column]:{form}}"
            if not np.isnan(row[column]) and column not in ("precision %", "recall %", "F1 %"):
                low, high = row[f"{column} from"], row[f"{column} to"]
                cell += f", {low:{form}} to {high:{form}}"
            if name in paper.index and column in paper:
                cell += f" ({paper.loc[name, column]:{form}})"
            cells.append(cell)
        cells.append(f"{row['epochs']:.0f}" if row["epochs"] > 0 else "")
        yield f"| {name} | " + " | ".join(cells) + " |"


def contradictions():
    """Say where the paper's numbers cannot all be right."""
    table = paper_table()
    below = table[table["within 0.2 %"] < table["accuracy %"]]
    yield (
        f"{len(below)} of {len(table)} rows have a smaller share within 0.2 (Table 3) than "
        "accuracy (Table 2), although whoever hits the class errs by at most 0.05."
    )
    yield "The abstract gives 86.33 % within 0.2 for the best model, text and Table 3 80.3 %."
    yield (
        "The third strategy: the abstract and section IV.B start from random weights and, in the "
        "same sentences, from ImageNet's; section III.B trains the last layer alone, which is also "
        "what it says of the first."
    )
    gap = table["recall %"] - table["accuracy %"]
    yield (
        "If the classes are equally large, as its choice of traces suggests, the mean recall is "
        f"the accuracy; in Table 2 it differs by {gap.min():+.1f} to {gap.max():+.1f} points."
    )
