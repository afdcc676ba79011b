"""Small, strange and bad input: it works, or the error says why not."""

import numpy as np
import pandas as pd
import pytest
from sktime.datatypes import convert_to

from .conftest import gives_series, make_panel


@pytest.mark.others_slow("ConvNetQuakeINGVClassifier")
def test_history_has_one_row_an_epoch(cls, small, panel):
    fitted = cls(**small | {"n_epochs": 3}).fit(*panel)
    history = fitted.history_
    assert isinstance(history, pd.DataFrame)
    assert history.index.tolist() == [0, 1, 2, 3]  # 0 is the probe
    columns = {"loss", "val_loss", "val_score", "learning_rate"}
    assert columns <= set(history.columns)
    assert 0 <= fitted.best_epoch_ <= 3
    assert fitted.source_ is None


@pytest.mark.others_slow
def test_without_validation_the_training_loss_decides(cls, small, panel):
    fitted = cls(**small | {"validation_size": None, "n_epochs": 4}).fit(*panel)
    assert list(fitted.history_.columns) == ["loss", "learning_rate"]
    assert fitted.best_epoch_ == fitted.history_["loss"].idxmin()


@pytest.mark.others_slow
def test_network_is_the_one_that_predicts(cls, small, panel):
    X, y = panel
    fitted = cls(**small).fit(X, y)
    outputs = np.array(fitted.network_([a for a in network_inputs(fitted, X)]))
    if cls._task == "classification":
        np.testing.assert_allclose(fitted.predict_proba(X), outputs, atol=1e-5)
    else:
        expected = (
            outputs.reshape(y.shape) * fitted._facts.targets.scale + fitted._facts.targets.center
        )
        np.testing.assert_allclose(fitted.predict(X), expected, rtol=1e-4, atol=1e-5)


def network_inputs(fitted, X):
    series, *rest = fitted._facts.preprocessing.transform(X)
    return [series.transpose(0, 2, 1), *rest]


def test_no_network_before_fit(cls):
    assert not hasattr(cls(), "network_")


@pytest.mark.others_slow("ConvNetQuakeINGVClassifier")
def test_panels_of_any_type(cls, small, panel):
    X, y = panel
    expected = cls(**small).fit(X, y).predict(X)
    frame = convert_to(X, "pd-multiindex")
    assert np.array_equal(cls(**small).fit(frame, y).predict(frame), expected)
    flat = X[:, 0]
    assert len(cls(**small).fit(flat, y).predict(flat)) == len(y)


@pytest.mark.others_slow("ConvNetQuakeINGVClassifier")
def test_one_time_point_and_constant_series(cls, small, panel):
    X, y = panel
    for series in (X[:, :, :1], np.full_like(X, 3.0)):
        target = y[:, : series.shape[2]] if gives_series(cls) else y
        prediction = cls(**small).fit(series, target).predict(series)
        assert prediction.size == target.size
        if cls._task == "regression":
            assert np.isfinite(prediction).all()


@pytest.mark.others_slow
def test_constant_target(regressor):
    X, _ = make_panel(regressor)
    params = regressor.get_test_params()[0] | {"n_epochs": 20}
    fitted = regressor(**params).fit(X, np.full(len(X), 4.0))
    # Where the series itself enters the output, two epochs do not unlearn it.
    np.testing.assert_allclose(fitted.predict(X), 4.0, atol=5 if gives_series(regressor) else 2.5)


@pytest.mark.others_slow
def test_one_class_is_predicted_without_training(classifier):
    X, _ = make_panel(classifier)
    fitted = classifier(**classifier.get_test_params()[0]).fit(X, np.array(["only"] * len(X)))
    assert set(fitted.predict(X)) == {"only"}
    assert not hasattr(fitted, "history_")


@pytest.mark.others_slow
def test_class_of_one_stays_in_training(classifier):
    X, y = make_panel(classifier)
    y[0] = "rare"
    fitted = classifier(**classifier.get_test_params()[0]).fit(X, y)
    assert fitted.predict_proba(X).shape == (len(X), 4)


@pytest.mark.others_slow
def test_one_instance(cls, small, panel):
    X, y = panel
    if cls._task == "regression":
        with pytest.raises(ValueError, match="Pass validation_data to fit, or validation_size"):
            cls(**small).fit(X[:1], y[:1])
        assert (
            cls(**small | {"validation_size": None}).fit(X[:1], y[:1]).predict(X).shape == y.shape
        )
    else:
        with pytest.raises(ValueError, match="two of one class"):
            cls(**small).fit(X[:2], y[:2])


@pytest.mark.others_slow
def test_batch_larger_than_the_data(cls, small, panel):
    X, y = panel
    assert len(cls(**small | {"batch_size": 1000}).fit(X, y).predict(X)) == len(X)


@pytest.mark.others_slow
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_not_finite(cls, small, panel, value):
    X, y = panel
    X[3, 1, 4] = value
    with pytest.raises(ValueError, match=r"1 NaN or infinite values of 1440|missing values"):
        cls(**small).fit(X, y)
    fitted = cls(**small).fit(np.nan_to_num(X, posinf=0), y)
    with pytest.raises(ValueError, match=r"NaN or infinite values|missing values"):
        fitted.predict(X)


@pytest.mark.others_slow("ConvNetQuakeINGVClassifier")
def test_another_shape_in_predict(cls, small, panel):
    X, y = panel
    fitted = cls(**small).fit(X, y)
    with pytest.raises(ValueError, match=r"Received: .*\(2, 20\)"):
        fitted.predict(X[:, :2])
    if cls.get_class_tag("capability:unequal_length"):
        with pytest.warns(UserWarning, match="had 20 time points each.*19 to 19"):
            assert len(fitted.predict(X[:, :, :-1])) == len(y)
    elif not gives_series(cls):
        with pytest.raises(ValueError, match=r"Received: .*\(3, 19\)"):
            fitted.predict(X[:, :, :-1])


@pytest.mark.others_slow
def test_targets_that_are_not_finite(regressor):
    X, y = make_panel(regressor)
    y[2] = np.nan
    with pytest.raises(ValueError, match=r"y must be finite|missing"):
        regressor(**regressor.get_test_params()[0]).fit(X, y)


@pytest.mark.others_slow
def test_bad_validation_data(cls, small, panel):
    X, y = panel
    with pytest.raises(ValueError, match=r"pair \(X, y\)"):
        cls(**small).fit(X, y, validation_data=X)
    with pytest.raises(ValueError, match=r"\(3, 20\)\. Received: \(3, 7\)"):
        cls(**small).fit(X, y, validation_data=(X[:, :, :7], y))
    if cls._task == "classification":
        with pytest.raises(ValueError, match=r"Received: \['d'\]"):
            cls(**small).fit(X, y, validation_data=(X[:1], np.array(["d"])))


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"omega": -0.1}, r"\[0, inf\). Received: omega=-0.1"),
        ({"omega": "1"}, r"Received: omega='1'"),
        ({"stream_max": "standart"}, r"Did you mean 'standard'\? Received: stream_max='standart'"),
        ({"channel_adaptation": "copy"}, "'replicate', 'replicate_scaled'"),
        ({"validation_size": 1.0}, r"in \(0, 1\) or None"),
        (
            {"n_epochs": 0, "head": "random"},
            "n_epochs must be at least 1 or 'auto'. Received: n_epochs=0",
        ),
        ({"batch_size": 2.5}, "batch_size must be a whole number"),
        ({"monitor": "val_lose"}, "Did you mean 'val_loss'"),
        ({"learning_rate": 0}, r"\(0, inf\)"),
        ({"random_state": "zero"}, "Received: random_state='zero'"),
        ({"kernel_size": 0}, "kernel_size must be at least 1"),
        ({"filters": ()}, "filters must be a whole number"),
    ],
)
def test_bad_parameters(cls, panel, params, message):
    if not set(params) <= set(cls.get_param_names()):
        pytest.skip("the architecture has no such parameter")
    with pytest.raises((ValueError, TypeError), match=message):
        cls(**params).fit(*panel)


@pytest.mark.others_slow("ConvNetQuakeINGVClassifier")
def test_verbose_draws_a_bar(cls, small, panel, capsys):
    cls(**small | {"verbose": True}).fit(*panel)
    captured = capsys.readouterr()
    assert "2/2" in captured.err.splitlines()[-1].split("\r")[-1]
    assert not captured.out


def test_docstring_has_every_parameter(cls):
    for name in cls.get_param_names():
        assert f"\n{name} : " in cls.__doc__, name
    for heading in ("Parameters", "Attributes", "References", "Examples"):
        assert f"\n{heading}\n---" in cls.__doc__
