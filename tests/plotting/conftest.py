"""No windows, and figures closed after each test."""

import matplotlib
import pytest


@pytest.fixture(autouse=True)
def no_windows():
    import matplotlib.pyplot as plt

    with matplotlib.rc_context({"backend": "agg"}):
        yield
    plt.close("all")
