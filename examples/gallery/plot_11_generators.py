"""
Generated series
================

A real series (BasicMotions) beside what three generators make of its class.
"""

import matplotlib.pyplot as plt
import numpy as np
from sktime.datasets import load_basic_motions

from sktl.synthesis import AugmentationGenerator, ClassMeanGenerator, MixupGenerator

X, y = load_basic_motions(split="train", return_type="numpy3D")
series = {"real": X[y == "running"][0, 0]}
for kind in (AugmentationGenerator, MixupGenerator, ClassMeanGenerator):
    made, _ = kind(random_state=0).fit(X, y).sample(1, y=np.array(["running"]), random_state=0)
    series[kind.__name__] = made[0, 0]

fig, axes = plt.subplots(4, 1, figsize=(7, 5), sharex=True, sharey=True, layout="constrained")
for ax, (name, values) in zip(axes, series.items(), strict=True):
    ax.plot(values, color="#0072B2" if name == "real" else "#D55E00")
    ax.set_title(name, fontsize="medium", loc="left")
_ = axes[-1].set_xlabel("time point")
