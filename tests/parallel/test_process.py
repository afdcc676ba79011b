"""A process that is to train networks."""

from joblib.externals.loky import process_executor

from sktl._parallel.process import _keep_networks


def test_workers_that_grow_are_kept_and_a_loky_that_cannot_is_left_alone(monkeypatch):
    monkeypatch.setattr(process_executor, "_USE_PSUTIL", True)
    _keep_networks()
    assert process_executor._USE_PSUTIL is False
    monkeypatch.delattr(process_executor, "_USE_PSUTIL")
    _keep_networks()
    assert not hasattr(process_executor, "_USE_PSUTIL")
