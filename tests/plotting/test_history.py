from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from sktl.plotting import plot_history


def fitted(best=2, **columns):
    columns = columns or {
        "loss": [4.0, 0.2, 0.1],
        "val_loss": [5.0, 0.4, 0.5],
        "val_score": [2.0, 1.0, 1.5],
        "learning_rate": [1e-3, 1e-3, 2e-4],
    }
    history = pd.DataFrame(columns, index=pd.RangeIndex(1, 4))
    return SimpleNamespace(history_=history, best_epoch_=best, _kind="regressor")


def lines(ax):
    return {line.get_label(): line for line in ax.get_lines()}


def test_panels_hold_the_history():
    loss, score, rate = plot_history(fitted())
    assert lines(loss)["training"].get_ydata().tolist() == [4.0, 0.2, 0.1]
    assert lines(loss)["validation"].get_xdata().tolist() == [1, 2, 3]
    assert loss.get_yscale() == "log"  # a factor of 50
    assert score.get_title() == "Mean absolute error"
    assert score.get_yscale() == "linear"
    assert rate.get_lines()[0].get_ydata()[-1] == 2e-4
    assert "best epoch: 2" in lines(loss)


def test_the_probe_is_epoch_0():
    loss, *_ = plot_history(fitted(best=0))
    assert "the probe is best" in lines(loss)


def test_without_validation_there_are_two_panels():
    axes = plot_history(fitted(loss=[3.0, 2.0, 1.0], learning_rate=[1e-3] * 3))
    assert [ax.get_title() for ax in axes] == ["Loss", "Learning rate"]


def test_a_search_shows_its_best_estimator():
    assert len(plot_history(SimpleNamespace(best_estimator_=fitted()))) == 3


def test_axes_are_used_and_counted():
    from matplotlib.figure import Figure

    own = Figure().subplots(1, 3)
    assert (plot_history(fitted(), axes=own) == own).all()
    with pytest.raises(ValueError, match=r"3 axes, one per panel. Received: 2"):
        plot_history(fitted(), axes=own[:2])


def test_what_has_no_history_is_refused():
    with pytest.raises(TypeError, match="Received: ndarray without history_"):
        plot_history(np.zeros(3))
