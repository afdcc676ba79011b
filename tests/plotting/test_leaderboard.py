from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from sktl.plotting import plot_leaderboard


def searched():
    board = pd.DataFrame(
        {
            "candidate": ["average", "ridge", "forest", "median", "TCN"],
            "kind": ["average", "ridge", "trees", "constant", "sources"],
            "score": [1.0, 1.5, 2.0, 9.0, np.nan],
            "standard_error": [0.1, 0.2, 0.3, 0.4, np.nan],
            "weight": [np.nan, 0.25, 0.0, 0.75, np.nan],
            "problem": [None, None, None, None, "took too long"],
        }
    )
    return SimpleNamespace(leaderboard_=board, _kind="regressor")


def test_the_best_is_at_the_top_and_members_always_shown():
    ax = plot_leaderboard(searched(), n=2)
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["median", "ridge", "average"]
    assert ax.get_yticks().tolist() == [0, 1, 2]
    assert {text.get_text() for text in ax.texts} == {"weight", "25%", "75%"}
    assert ax.get_title(loc="left") == "3 of 4 candidates; 1 not compared"
    points = [bar.lines[0].get_xdata()[0] for bar in ax.containers]
    assert points == [9.0, 1.5, 1.0]


def test_what_is_no_search_is_refused():
    with pytest.raises(TypeError, match="without leaderboard_"):
        plot_leaderboard(3)
    with pytest.raises(ValueError, match=r"at least 1. Received: n=0"):
        plot_leaderboard(searched(), n=0)
