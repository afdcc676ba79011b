"""
What omega does
===============

Omega multiplies the learning rate of the transferred layers: 0 freezes them, 1 trains them like
all others. Validation losses of the same network from the same start. Simulated earthquakes.
"""

import matplotlib.pyplot as plt

from sktl.datasets import simulate_len_db
from sktl.estimators import MagNetRegressor

X, y = simulate_len_db(200, random_state=0)
fig, ax = plt.subplots(figsize=(7, 3.4), layout="constrained")
for omega, line in ((0.0, "-"), (0.25, "--"), (1.0, ":")):
    regressor = MagNetRegressor.from_pretrained(
        "STEAD-simulated", omega=omega, head="random", n_epochs=12, random_state=0
    )
    history = regressor.fit(X, y).history_
    ax.plot(history.index, history["val_loss"], line, label=f"omega {omega:g}")
ax.set(xlabel="epoch", ylabel="validation loss")
_ = ax.legend(frameon=False)
