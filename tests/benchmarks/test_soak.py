import pytest

from benchmarks.release.soak import plan_for, soak


@pytest.mark.slow
def test_a_small_soak_loses_nothing(tmp_path):
    pytest.importorskip("distributed")
    found = soak(20, every=0.3, folder=tmp_path, seconds=0.05, most_kills=1)
    assert found["kills"] == 1
    assert found["trials"] == sum(plan_for(20).counts().values()) >= 20
    faults = ("lost", "foreign", "different", "damaged", "twice")
    assert {name: found[name] for name in faults} == dict.fromkeys(faults, 0)
