"""
Magnitudes of earthquakes
=========================

How large was an earthquake, from the seismogram of one station? We have 120 labelled
seismograms. They are **simulated** (60 s, 100 Hz, three components, as in STEAD), so that this
page runs anywhere.
"""

# %%
# The series
# ----------
#
# A panel is an array of shape (instances, channels, time points). The groups are the
# earthquakes: seismograms of one earthquake must not lie on both sides of a split.

from sktl.datasets import simulate_stead
from sktl.plotting import plot_instances

X, y, earthquakes = simulate_stead(120, random_state=0, return_groups=True)
print(X.shape, "magnitudes from", y.min().round(1), "to", y.max().round(1))
_ = plot_instances(X, y, n=3, sampling_rate=100, channels=["E", "N", "Z"], label="magnitude")

# %%
# The sampling rate
# -----------------
#
# The sources for earthquakes were trained at 20 Hz. Kernels see samples, not seconds, so we
# bring the seismograms to that rate, and keep the first 27 s.

from sktl.datasets import resample
from sktl.sources import find_card

card = find_card("LEN-DB-simulated", "MagNet")
X = resample(X, from_hz=100, to=card)[..., :540]
print(X.shape, "at", card.sampling_rate, "Hz")

# %%
# A test part
# -----------
#
# 40 % of the earthquakes are put aside until the end.

from sklearn.model_selection import GroupShuffleSplit

split = GroupShuffleSplit(n_splits=1, test_size=0.4, random_state=0)
train, test = next(split.split(X, y, earthquakes))
print(len(train), "to learn from,", len(test), "to test on")

# %%
# One call
# --------
#
# It compares baselines with linear models on many features, among them those of the pretrained
# networks. All predict the same left-out earthquakes. With ``"fast"`` it takes at most 20
# seconds.

from sktl.model_selection import AutoTransferRegressor

regressor = AutoTransferRegressor("fast", random_state=0)
regressor.fit(X[train], y[train], groups=earthquakes[train])
print(regressor.decision_)
regressor.leaderboard_[["candidate", "kind", "score", "weight"]].head(8).round(3)

# %%
# The picture of it: errors on left-out earthquakes with their standard errors, and on the right
# the weight of each candidate in what predicts.

from sktl.plotting import plot_leaderboard

_ = plot_leaderboard(regressor, n=10)

# %%
# Earthquakes that it has not seen
# --------------------------------
#
# The band holds 90 % of the test seismograms.

from sktl.plotting import plot_predictions

predicted = regressor.predict(X[test])
ax = plot_predictions(y[test], predicted, unit="magnitude")

# %%
# Is that good? The simplest rival is a straight line through the logarithm of the amplitude.

import numpy as np
from sklearn.linear_model import LinearRegression
from sklearn.metrics import mean_absolute_error

amplitude = np.log10(np.abs(X).max(axis=(1, 2)))[:, None]
line = LinearRegression().fit(amplitude[train], y[train])
for name, values in {
    "mean of the training part": np.full(len(test), y[train].mean()),
    "line through log amplitude": line.predict(amplitude[test]),
    "AutoTransfer": predicted,
}.items():
    print(f"{name:28} mean absolute error {mean_absolute_error(y[test], values):.2f}")

# %%
# What to keep in mind
# --------------------
#
# The bundled seismological sources were trained on seismograms of the same simulator. On real
# seismograms they gain less; :doc:`the results </measured>` say how much. For seismograms of
# your own see :doc:`/own_data`.
