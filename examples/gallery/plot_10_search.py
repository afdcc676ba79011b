"""
A search over omega and sources
===============================

Transfer is kept only where it leaves the grey band around scratch (dashed). Real motions
(BasicMotions).
"""

from sktime.datasets import load_basic_motions

from sktl.estimators import MagNetClassifier
from sktl.model_selection import OmegaSearch
from sktl.plotting import plot_search

X, y = load_basic_motions(split="train", return_type="numpy3D")
network = MagNetClassifier(n_epochs=8, validation_size=0.4, random_state=0)
search = OmegaSearch(network, omegas=(0.0, 0.5, 1.0), sources=["EMG-Roshambo", "SPEECH-simulated"])
_ = plot_search(search.fit(X, y))
