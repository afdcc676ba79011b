"""
A seismogram as a picture
=========================

What ``ResNetImageClassifier`` and ``ResNetImageRegressor`` see of a series. Simulated
earthquakes.
"""

import matplotlib.pyplot as plt

from sktl.datasets import simulate_stead
from sktl.estimators.images import render_pictures

X, y = simulate_stead(3, random_state=0)
fig, axes = plt.subplots(1, 3, figsize=(9, 3.2), layout="constrained")
for ax, picture, magnitude in zip(axes, render_pictures(X), y, strict=True):
    ax.imshow(picture)
    ax.set_title(f"magnitude {magnitude:.1f}", fontsize="medium")
    ax.set_axis_off()
