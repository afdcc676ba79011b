"""
Series and their classes
========================

Real: four motions, six channels of a watch (BasicMotions, with sktime).
"""

from sktime.datasets import load_basic_motions

from sktl.plotting import plot_instances

X, y = load_basic_motions(split="train", return_type="numpy3D")
_ = plot_instances(X, y, n=4, sampling_rate=10)
