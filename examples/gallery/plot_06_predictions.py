"""
Predictions: values and classes
===============================

Numbers give a scatter plot with a band of errors, classes a confusion matrix. Left simulated
earthquakes, right real motions (BasicMotions); both of linear probes, on instances that were
not trained on.
"""

import matplotlib.pyplot as plt
from sktime.datasets import load_basic_motions

from sktl.datasets import simulate_len_db
from sktl.estimators import LinearProbeClassifier, LinearProbeRegressor
from sktl.plotting import plot_predictions

fig, axes = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")

X, y = simulate_len_db(300, random_state=0)
probe = LinearProbeRegressor(sources=["STEAD-simulated"], architectures=["MagNet"]).fit(
    X[:150], y[:150]
)
plot_predictions(y[150:], probe.predict(X[150:]), unit="magnitude", ax=axes[0])

X, y = load_basic_motions(split="train", return_type="numpy3D")
X_test, y_test = load_basic_motions(split="test", return_type="numpy3D")
probe = LinearProbeClassifier(sources=["EMG-Roshambo"], architectures=["MagNet"]).fit(
    X[::2], y[::2]
)
_ = plot_predictions(y_test, probe.predict(X_test), ax=axes[1])
