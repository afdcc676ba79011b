import logging
import os
import sys

import numpy as np
import pytest

from sktl.training.quiet_import import import_keras, without_log

# As TensorFlow 2.21 writes them on a machine without a graphics card.
LOGGED = (
    "2026-01-02 03:04:05.678901: I tensorflow/core/util/port.cc:153] oneDNN custom operations are "
    "on. You may see slightly different numerical results\n"
    "WARNING: All log messages before absl::InitializeLog() is called are written to STDERR\n"
    "I0000 00:00:1795871414.203073   13426 cudart_stub.cc:31] Could not find cuda drivers on your "
    "machine, GPU will not be used.\n"
    "To enable the following instructions: AVX2 FMA, in other operations, rebuild TensorFlow with "
    "the appropriate compiler flags.\n"
)
OTHERS = "UserWarning: IWE of 2026-01-02\nF0000 00:00:1 fatal\n"


def test_only_the_log_is_left_out(capfd):
    with without_log():
        os.write(2, (LOGGED + OTHERS).encode())
    assert capfd.readouterr().err == OTHERS


def test_after_an_error_everything_is_told(capfd):
    @without_log()
    def fail():
        os.write(2, (LOGGED + OTHERS).encode())
        raise ImportError

    with pytest.raises(ImportError):
        fail()
    assert capfd.readouterr().err == LOGGED + OTHERS


@pytest.mark.skipif(
    os.environ.get("KERAS_BACKEND", "tensorflow") != "tensorflow",
    reason="the advice is TensorFlow's",
)
def test_advice_on_retracing_is_left_out_for_our_functions_alone(caplog):
    import_keras()
    import tensorflow as tf

    from sktl.estimators import ConvNetQuakeINGVRegressor

    logger = logging.getLogger("tensorflow")
    logger.addHandler(caplog.handler)
    try:
        for length in range(30, 37):
            X = np.zeros((4, 1, length), np.float32)
            ConvNetQuakeINGVRegressor(n_layers=1, n_epochs=0, random_state=0).fit(X, np.arange(4.0))
        assert "retracing" not in caplog.text
        for _ in range(7):
            tf.function(lambda x: x + 1)(tf.constant(1.0))
        assert "retracing" in caplog.text
    finally:
        logger.removeHandler(caplog.handler)


def test_a_backend_that_is_not_installed_is_named(monkeypatch):
    class Missing:
        """Stands for a Keras whose backend is missing."""

        def find_spec(self, name, path=None, target=None):
            if name == "keras":
                raise ModuleNotFoundError("No module named 'tensorflow'", name="tensorflow")

    monkeypatch.delitem(sys.modules, "keras", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Missing(), *sys.meta_path])
    with pytest.raises(
        ModuleNotFoundError,
        match=r"for tensorflow, which is not installed\. Set KERAS_BACKEND.*Received: KERAS_BA",
    ):
        import_keras()
