"""
Which source does a linear probe use?
=====================================

``weights_`` says what each block of features is worth: how much the left-out error grows
without it. Simulated earthquakes.
"""

import matplotlib.pyplot as plt

from sktl.datasets import simulate_len_db
from sktl.estimators import LinearProbeRegressor

X, y = simulate_len_db(100, random_state=0)
sources = ["LOMAX-simulated", "STEAD-simulated", "EMG-Roshambo", "SPEECH-simulated", None]
probe = LinearProbeRegressor(sources=sources, architectures=["MagNet"]).fit(X, y)
print(probe.weights_)

fig, ax = plt.subplots(figsize=(7, 3), layout="constrained")
ax.barh(probe.weights_.index.astype(str), probe.weights_["error_alone"], color="#0072B2")
_ = ax.set(xlabel="left-out error of the block alone (1: as good as the mean)")
