from sktl.experiments._locks import abandoned, lock

HOLD = """
import sys, time
from pathlib import Path
from sktl.experiments._locks import lock
with lock(Path(sys.argv[1])) as held:
    held.note(trial="abc")
    print("held", flush=True)
    time.sleep(600)
"""


def test_a_claim_is_exclusive_and_ends_with_its_holder(tmp_path, python):
    path = tmp_path / "group.lock"
    holder = python(HOLD, path)
    assert holder.stdout.readline() == "held\n"
    with lock(path) as held:
        assert held is None
    assert list(abandoned(tmp_path)) == []
    holder.kill()
    holder.wait()
    assert list(abandoned(tmp_path)) == [{"trial": "abc"}]
    with lock(path) as held:
        assert held is not None
    assert list(abandoned(tmp_path)) == []
