"""
A training
==========

Losses, score and learning rate of a fine-tuning. The dotted line is the epoch whose weights are
used; epoch 0 is the linear probe from which it starts. Simulated earthquakes.
"""

from sktl.datasets import simulate_len_db
from sktl.estimators import MagNetRegressor
from sktl.plotting import plot_history

X, y = simulate_len_db(200, random_state=0)
regressor = MagNetRegressor.from_pretrained(
    "STEAD-simulated", omega=0.25, n_epochs=12, random_state=0
)
_ = plot_history(regressor.fit(X, y))
