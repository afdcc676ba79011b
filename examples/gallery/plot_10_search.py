"""
A search over omega and sources
===============================

Transfer is kept only where it leaves the grey band around scratch (dashed). Simulated earthquakes.
"""

from sktl.datasets import simulate_len_db
from sktl.estimators import MagNetRegressor
from sktl.model_selection import OmegaSearch
from sktl.plotting import plot_search

X, y = simulate_len_db(150, random_state=0)
network = MagNetRegressor(n_epochs=8, random_state=0)
search = OmegaSearch(network, omegas=(0.0, 0.5, 1.0), sources=["STEAD-simulated", "EMG-Roshambo"])
_ = plot_search(search.fit(X, y))
