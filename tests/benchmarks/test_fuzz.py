"""A few examples of the fuzz of all readers; benchmarks/release/fuzz.py makes thousands."""

import warnings

import pytest

from benchmarks.release.fuzz import rng_of
from benchmarks.release.fuzz_cases import ALLOWED, CASES

# Those that need nothing but numpy, and no library that damaged files could end the tests with.
QUICK = (
    "npz", "dspspeech", "francic", "roshambo", "pinch", "myo-npz", "wav", "wav-float", "overthrust",
    "zip", "tar", "tar-gz", "git-tree", "checksums", "card", "weights", "torch-old", "resnet-tfjs",
    "resnet-npm", "index",
)  # fmt: skip
EXAMPLES = 12


@pytest.mark.parametrize("name", QUICK)
def test_damaged_files_end_in_errors_that_are_documented(name, tmp_path, sktl_home):
    case = CASES[name]
    file, read = case.make(tmp_path)
    whole = file.read_bytes()
    ends = set()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        read()
        for number in range(EXAMPLES):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(case.damage(whole, rng_of(name, number, 0)))
            try:
                read()
            except ALLOWED as error:
                ends.add(str(error))
    assert "" not in ends
    # Readers of many instances count what is damaged; the others refuse it.
    counts = {"pinch", "wav", "wav-float", "index"}
    assert ends or name in counts
