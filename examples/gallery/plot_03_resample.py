"""
Bring series to the rate of a source
====================================

One simulated earthquake at 100 Hz, and at the 20 Hz of the sources for earthquakes.
"""

import matplotlib.pyplot as plt
import numpy as np

from sktl.datasets import resample, simulate_stead
from sktl.sources import find_card

X, _ = simulate_stead(1, random_state=3)
card = find_card("STEAD-simulated", "MagNet")
slow = resample(X, from_hz=100, to=card)

fig, ax = plt.subplots(figsize=(8, 3), layout="constrained")
ax.plot(np.arange(X.shape[-1]) / 100, X[0, 2], color="0.7", label="100 Hz")
ax.plot(np.arange(slow.shape[-1]) / 20, slow[0, 2], color="#0072B2", label="20 Hz", linewidth=1)
ax.set(xlabel="time (s)", ylabel="vertical (counts)", xlim=(0, 30))
_ = ax.legend(frameon=False)
