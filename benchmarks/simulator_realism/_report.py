"""Lines of the report that speech, EMG and prices share."""

from __future__ import annotations

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict

from benchmarks.simulator_realism._discriminator import forest_auc, rocket_auc


def quantiles(values: np.ndarray) -> str:
    """Median and 10th to 90th percentile."""
    low, median, high = np.nanpercentile(values, [10, 50, 90])
    return f"{median:.2f} ({low:.2f} to {high:.2f})"


def told_apart(
    real: dict[str, np.ndarray],
    simulated: dict[str, np.ndarray],
    panels: tuple[np.ndarray, np.ndarray],
    random_state: int,
    groups: np.ndarray | None = None,
) -> list[str]:
    """How well classifiers tell simulated from real, and by which features.

    With ``groups`` (people) a forest is also asked about people it has not seen.
    """
    theirs, ours = (np.stack(list(f.values()), axis=1) for f in (real, simulated))
    auc, deviation, importance = forest_auc(theirs, ours, random_state)
    lines = ["### Told apart? (AUC, 0.5 = not at all)", "", "| | AUC |", "|---|---|"]
    lines.append(f"| forest on features | {auc:.3f} ± {deviation:.3f} |")
    if groups is not None:
        forest = RandomForestClassifier(300, min_samples_leaf=2, random_state=random_state)
        X = np.concatenate([theirs, ours])
        y = np.repeat([1, 0], [len(theirs), len(ours)])
        folds = StratifiedGroupKFold(5, shuffle=True, random_state=random_state)
        score = cross_val_predict(forest, X, y, groups=groups, cv=folds, method="predict_proba")
        lines.append(f"| the same, people not seen before | {roc_auc_score(y, score[:, 1]):.3f} |")
    lines.append(f"| MiniRocket | {rocket_auc(*panels, random_state):.3f} |")
    lines += ["", "| what gives it away | real | simulated |", "|---|---|---|"]
    names = list(simulated)
    return lines + [
        f"| {names[k]} | {quantiles(real[names[k]])} | {quantiles(simulated[names[k]])} |"
        for k in np.argsort(-importance)[:8]
    ]
