"""Pictures of fits, searches, data and sources; each function takes axes and returns axes.

matplotlib (``pip install 'sktl[plots]'``) is imported when something is drawn.
"""

from sktl.plotting.features import plot_features
from sktl.plotting.history import plot_history
from sktl.plotting.instances import plot_instances
from sktl.plotting.leaderboard import plot_leaderboard
from sktl.plotting.predictions import plot_predictions
from sktl.plotting.search import plot_search
from sktl.plotting.source import plot_source

__all__ = [
    "plot_features",
    "plot_history",
    "plot_instances",
    "plot_leaderboard",
    "plot_predictions",
    "plot_search",
    "plot_source",
]
