from itertools import pairwise

import numpy as np
import pytest
from scipy.signal import welch

from sktl.datasets.simulators import iter_emg_pinch, simulate_emg_pinch
from sktl.datasets.simulators.emg import CLASSES

pytestmark = pytest.mark.usefixtures("all_subjects")


@pytest.fixture(scope="module")
def pinches(all_subjects):
    return simulate_emg_pinch(704, 0, all_channels=True, return_groups=True)


def test_official_format(pinches):
    X = simulate_emg_pinch(9, 0, n_subjects=2)[0]
    assert X.shape == (9, 3, 80)
    assert X.dtype == np.float32
    np.testing.assert_array_equal(X, np.rint(X))
    assert X.min() >= -128
    assert X.max() <= 127
    every = simulate_emg_pinch(9, 0, n_subjects=2, all_channels=True)[0]
    np.testing.assert_array_equal(X, every[:, [0, 2, 5]])
    assert pinches[0].shape == (704, 8, 80)
    assert len(np.unique(pinches[2])) == 22
    assert set(pinches[1]) == set(CLASSES)
    assert np.unique(pinches[1], return_counts=True)[1].tolist() == [176] * 4


def test_windows_of_a_hold_overlap(pinches):
    X, y, groups = pinches
    own = X[(y == "Pinch2") & (groups == 5)]
    for earlier, later in pairwise(own):
        np.testing.assert_array_equal(earlier[:, 10:], later[:, :-10])


def test_instances_depend_neither_on_the_number_asked_for_nor_on_the_batch_size():
    options = {"n_subjects": 2, "windows_per_hold": 2}
    whole = simulate_emg_pinch(20, 3, return_groups=True, **options)
    np.testing.assert_array_equal(whole[0][:9], simulate_emg_pinch(9, 3, **options)[0])
    batches = list(iter_emg_pinch(20, 3, batch_size=9, **options))
    assert [len(batch[0]) for batch in batches] == [9, 9, 2]
    for one, parts in zip(whole, zip(*batches, strict=True), strict=True):
        np.testing.assert_array_equal(one, np.concatenate(parts))
    assert not np.array_equal(whole[0][:9], simulate_emg_pinch(9, 4, **options)[0])


def test_wrong_options_are_named():
    with pytest.raises(ValueError, match="n_subjects=0"):
        simulate_emg_pinch(2, 0, n_subjects=0)
    with pytest.raises(ValueError, match="windows_per_hold=0"):
        simulate_emg_pinch(2, 0, windows_per_hold=0)
    with pytest.raises(ValueError, match="batch_size=0"):
        next(iter_emg_pinch(2, 0, n_subjects=1, batch_size=0))


def test_new_people_are_harder_than_new_windows(pinches):
    from sklearn.linear_model import RidgeClassifierCV
    from sklearn.model_selection import GroupKFold, StratifiedKFold, cross_val_score

    X, y, groups = pinches
    level = np.log(X.std(axis=2) + 0.3)
    new_people = cross_val_score(RidgeClassifierCV(), level, y, groups=groups, cv=GroupKFold(4))
    mixed = StratifiedKFold(4, shuffle=True, random_state=0)
    new_windows = cross_val_score(RidgeClassifierCV(), level, y, cv=mixed)
    assert new_people.mean() > 0.28
    assert new_windows.mean() > new_people.mean() + 0.05


def test_spectrum_and_neighbours_are_those_of_the_real_armband(pinches, shared):
    def measure(X):
        _, power = welch(X, 200, nperseg=80)
        power = power[X.std(axis=2) > 8]
        power = (power / power.sum(axis=1, keepdims=True)).mean(axis=0)
        bands = 10 * np.log10(power[:40].reshape(8, 5).mean(axis=1))
        pairs = [np.mean([np.corrcoef(x[k], x[(k + 1) % 8])[0, 1] for k in range(8)]) for x in X]
        return bands, np.median(pairs)

    real = []
    for subject in ("S01", "S04", "S07"):
        with np.load(shared(f"data/emg_myo/{subject}.npz")) as recordings:
            signal = recordings["pinch"].T.astype(float)
        windows = signal[:, : signal.shape[1] // 80 * 80].reshape(8, -1, 80).transpose(1, 0, 2)
        real.append(windows[windows.std(axis=(1, 2)) > 8])
    theirs, ours = measure(np.concatenate(real)), measure(pinches[0])
    np.testing.assert_allclose(ours[0], theirs[0], atol=3.0)  # dB
    assert abs(ours[1] - theirs[1]) < 0.15
