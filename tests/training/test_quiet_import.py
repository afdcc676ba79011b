import os

import pytest

from sktl.training.quiet_import import without_log

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
