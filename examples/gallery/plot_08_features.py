"""
A map of features
=================

Real motions (BasicMotions) in the features of a network that was trained on EMG: their first
two principal components.
"""

from sktime.datasets import load_basic_motions

from sktl.plotting import plot_features
from sktl.transformations import SourceFeatures

X, y = load_basic_motions(split="train", return_type="numpy3D")
features = SourceFeatures(["EMG-Roshambo"], ["MagNet"]).fit_transform(X)
_ = plot_features(features, y, label="motion")
