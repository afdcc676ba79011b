import numpy as np
import pytest
from sklearn.metrics import confusion_matrix, mean_absolute_error, r2_score

from sktl.plotting import plot_predictions


def test_the_band_holds_its_share():
    rng = np.random.default_rng(0)
    true = rng.normal(size=200)
    predicted = true + rng.normal(size=200)
    ax = plot_predictions(true, predicted, coverage=0.8, unit="m/s")
    (band,) = ax.collections
    corners = band.get_paths()[0].vertices
    half = np.abs(corners[:, 1] - corners[:, 0]).max()
    assert np.mean(np.abs(predicted - true) <= half + 1e-12) == pytest.approx(0.8, abs=0.006)
    assert ax.get_xlabel() == "true (m/s)"
    assert f"{mean_absolute_error(true, predicted):.3g}" in ax.get_title()
    assert f"R² {r2_score(true, predicted):.2f}" in ax.get_title()


def test_labels_give_scikit_learns_confusion_matrix():
    true, predicted = [1, 2, 2, 3], [1, 2, 3, 3]
    ax = plot_predictions(true, predicted)
    shown = [text.get_text() for text in ax.texts]
    assert shown == confusion_matrix(true, predicted).ravel().astype(str).tolist()
    assert ax.get_title() == "3 of 4 correct (75 %)"


def test_numbers_of_classes_stay_in_order():
    ax = plot_predictions([1, 2, 10], [1, 2, 10])
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["1", "2", "10"]


@pytest.mark.parametrize(
    ("true", "predicted", "options", "message"),
    [
        ([1.0], [1.0, 2.0], {}, "Received: 1 of y_true, 2 of y_pred"),
        ([], [], {}, "an instance or more"),
        ([1.0, np.nan], [1.0, 2.0], {}, "must be finite"),
        ([1.0], [1.0], {"coverage": 0}, "Received: coverage=0"),
    ],
)
def test_what_cannot_be_drawn_is_refused(true, predicted, options, message):
    with pytest.raises(ValueError, match=message):
        plot_predictions(true, predicted, **options)
