"""
The next close of an index
==========================

From 50 daily closes predict the next. The prices are **simulated** (in the manner of the S&P
500). This tutorial shows what forecasting with few series needs: a split in time, the last
value as a baseline, and targets relative to the series.
"""

# %%
# The series
# ----------

import matplotlib.pyplot as plt
import numpy as np

from sktl.datasets import simulate_sp500

X, y = simulate_sp500(300, random_state=0)
print(X.shape)
fig, ax = plt.subplots(figsize=(8, 3), layout="constrained")
ax.plot(y, color="#0072B2")
ax.set(xlabel="window, in the order of time", ylabel="next close (dollars)", yscale="log")
ax.axvspan(200, len(y), color="0.9")
_ = ax.text(205, y.min(), "test")

# %%
# A split in time
# ---------------
#
# The last third is the test part. Nearly all prices there are higher than before: a model that
# learns levels must fail.

train, test = slice(0, 200), slice(200, None)
errors = {"last value": np.abs(X[test, 0, -1] - y[test]).mean()}
errors["mean of the training part"] = np.abs(y[train].mean() - y[test]).mean()

# %%
# A network, twice
# ----------------
#
# First as it is, then with ``target_scaling="instance"``: the target is then relative to the
# last value and the range of each series, and the network need not know levels.

from sktl.estimators import MagNetRegressor

networks = {}
for name, scaling in {"levels": "standard", "relative to each series": "instance"}.items():
    network = MagNetRegressor(target_scaling=scaling, n_epochs=30, random_state=0)
    networks[name] = network.fit(X[train], y[train])
    errors[f"MagNet, {name}"] = np.abs(network.predict(X[test]) - y[test]).mean()
for name, error in errors.items():
    print(f"{name:34} mean absolute error {error:8.1f} dollars")

# %%

from sktl.plotting import plot_history

_ = plot_history(networks["relative to each series"])

# %%
# One call
# --------
#
# AutoTransfer finds by itself that y continues the series. Folds in the order of time keep it
# from learning from the future.

from sklearn.model_selection import TimeSeriesSplit

from sktl.model_selection import AutoTransferRegressor

regressor = AutoTransferRegressor("fast", cv=TimeSeriesSplit(4), random_state=0)
regressor.fit(X[train], y[train])
errors["AutoTransfer"] = np.abs(regressor.predict(X[test]) - y[test]).mean()
print(regressor.decision_)

# %%
# The result
# ----------

fig, ax = plt.subplots(figsize=(8, 2.8), layout="constrained")
ax.plot(list(errors.values()), list(errors), "o", color="#0072B2")
ax.grid(axis="x", alpha=0.3)
ax.set(xlabel="mean absolute error on the test part (dollars)", xscale="log")
ax.invert_yaxis()

# %%
# What to keep in mind
# --------------------
#
# Nothing here is a forecast to trade on. The last value is hard to beat, on real prices as on
# these: on the real index no network came nearer than its error (see :doc:`/transfer`). A tool
# that says so is worth more than a lucky split.
