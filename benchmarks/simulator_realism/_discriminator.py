"""How well a classifier tells simulated from real: the honest figure of merit of a simulator."""

from __future__ import annotations

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import RidgeClassifierCV
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import RepeatedStratifiedKFold, StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def forest_auc(
    real: np.ndarray, simulated: np.ndarray, random_state: int = 0
) -> tuple[float, float, np.ndarray]:
    """Cross-validated AUC of a random forest on features; 0.5 is perfect, 1 is told apart.

    Parameters
    ----------
    real, simulated : numpy.ndarray of shape (n_instances, n_features)
        Features of each.
    random_state : int, default=0
        Seed of folds and trees.

    Returns
    -------
    tuple
        Mean and standard deviation over three repeats of five folds, and how much each feature
        matters.
    """
    X = np.concatenate([real, simulated])
    y = np.repeat([1, 0], [len(real), len(simulated)])
    scores, importances = [], []
    folds = RepeatedStratifiedKFold(n_splits=5, n_repeats=3, random_state=random_state)
    for train, test in folds.split(X, y):
        forest = RandomForestClassifier(
            200, class_weight="balanced", min_samples_leaf=2, random_state=random_state
        ).fit(X[train], y[train])
        scores.append(roc_auc_score(y[test], forest.predict_proba(X[test])[:, 1]))
        importances.append(forest.feature_importances_)
    return float(np.mean(scores)), float(np.std(scores)), np.mean(importances, axis=0)


def rocket_auc(real: np.ndarray, simulated: np.ndarray, random_state: int = 0) -> float:
    """Cross-validated AUC of MiniRocket with a ridge classifier on panels.

    Parameters
    ----------
    real, simulated : numpy.ndarray of shape (n_instances, n_channels, n_timepoints)
        Panels, scaled as the networks see them.
    random_state : int, default=0
        Seed of folds and kernels.

    Returns
    -------
    float
        Area under the ROC curve of the out-of-fold scores.
    """
    from sktime.transformations.panel.rocket import MiniRocketMultivariate

    X = np.concatenate([real, simulated]).astype(np.float32)
    y = np.repeat([1, 0], [len(real), len(simulated)])
    features = MiniRocketMultivariate(2000, random_state=random_state).fit_transform(X)
    ridge = make_pipeline(
        StandardScaler(), RidgeClassifierCV(np.logspace(-1, 5, 10), class_weight="balanced")
    )
    folds = StratifiedKFold(5, shuffle=True, random_state=random_state)
    score = cross_val_predict(ridge, features.to_numpy(), y, cv=folds, method="decision_function")
    return float(roc_auc_score(y, score))
