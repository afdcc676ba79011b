"""
Simulated earthquakes
=====================

Three components in counts, 60 s at 100 Hz, from small to large magnitudes. Simulated.
"""

from sktl.datasets import simulate_stead
from sktl.plotting import plot_instances

X, y = simulate_stead(40, random_state=0)
_ = plot_instances(X, y, n=4, sampling_rate=100, channels=["E", "N", "Z"], label="magnitude")
