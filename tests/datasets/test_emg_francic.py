"""EMG-Francic: official text files, the same as an archive of segments, persons apart."""

import numpy as np
import pytest

from sktl.datasets import get_spec, load_dataset, read_emg_francic

GESTURES = ["flexion", "extension", "radial deviation", "ulnar deviation", "pronation",
            "supination", "fist"]  # fmt: skip


def write(path, emg, codes):
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savetxt(path, np.column_stack([emg, codes]), fmt="%d", delimiter=",")


@pytest.fixture
def made(tmp_path):
    """Four people, one of them in two sessions: rest and a gesture take turns of 150 samples."""
    rng = np.random.default_rng(0)
    recordings = {}
    for session in ("11111-1", "11111-2", "22222-1", "33333-1", "44444-1"):
        for gesture in range(1, 8):
            emg = rng.integers(-128, 128, (450, 8))
            codes = np.repeat([0, gesture, 0], 150)
            write(tmp_path / "_readings_right_hand" / session / f"{gesture}.txt", emg, codes)
            recordings[session, gesture] = emg
    return tmp_path, recordings


def test_official_files(made):
    folder, recordings = made
    reader = read_emg_francic(folder)
    # In a segment of 150 samples, windows of 80 begin at 0 and at 40.
    assert len(reader) == 5 * 7 * 2
    X, _ = reader.read(np.arange(2))
    emg = recordings["11111-1", 1]
    np.testing.assert_array_equal(X[0], emg[150:230].T)
    np.testing.assert_array_equal(X[1], emg[190:270].T)
    assert list(reader.y[:14:2]) == GESTURES
    assert set(reader.groups) == {"11111", "22222", "33333", "44444"}
    assert sorted(set(reader.y)) == list(get_spec("EMG-Francic").classes)
    assert reader.skipped == {}


def test_an_archive_is_the_same(made, tmp_path):
    folder, recordings = made
    person = {"11111": 0, "22222": 1, "33333": 2, "44444": 3}
    table = [(session, gesture, i) for session, gesture in recordings for i in range(3)]
    arrays = {
        "emg": np.concatenate(list(recordings.values())).astype(np.int8),
        "person": np.array([person[session[:5]] for session, *_ in table]),
        "gesture": np.array([gesture if i == 1 else 0 for _, gesture, i in table]),
        "start": np.arange(len(table)) * 150,
        "stop": np.arange(len(table)) * 150 + 150,
    }
    np.savez(tmp_path / "segments.npz", **arrays)
    for options in ({}, {"rest": True, "channels": (7, 0)}):
        one = read_emg_francic(folder, **options)
        other = read_emg_francic(tmp_path / "segments.npz", **options)
        np.testing.assert_array_equal(one.y, other.y)
        np.testing.assert_array_equal(
            [f"person{person[who]:02d}" for who in one.groups], other.groups
        )
        rows = np.arange(len(one))
        np.testing.assert_array_equal(one.read(rows)[0], other.read(rows)[0])
    assert set(one.y) == {*GESTURES, "rest"}


def test_people_lie_in_one_part(made):
    dataset = load_dataset("EMG-Francic", path=made[0], split="grouped")
    people = [set(dataset.part(part).groups) for part in ("train", "validation", "test")]
    assert sum(map(len, people)) == len(set.union(*people)) == 4


def test_what_cannot_be_used_is_counted_or_refused(made, tmp_path):
    folder, _ = made
    right = folder / "_readings_right_hand"
    (right / "11111-1" / "1.txt").write_text("1,2,3,4,5,6,7,8,1\n1,2\n")
    write(right / "11111-1" / "2.txt", np.zeros((200, 7)), np.ones(200))
    write(right / "11111-1" / "3.txt", np.zeros((200, 8)), np.full(200, 9))
    assert read_emg_francic(folder).skipped == {
        "damaged recording": 1,
        "recording without 8 channels and a label": 1,
        "recording with an unknown gesture": 1,
    }
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match=r"<person>-<session>/<gesture>\.txt"):
        read_emg_francic(tmp_path / "empty")
    np.savez(tmp_path / "a.npz", emg=np.zeros((9, 8)))
    with pytest.raises(ValueError, match=r"arrays \['gesture', 'person', 'start', 'stop'\]"):
        read_emg_francic(tmp_path / "a.npz")
    np.savez(tmp_path / "b.npz", emg=np.zeros((99, 8), np.int8), person=[1, 1, 2],
             gesture=[9, 1, 1], start=[0, 0, 0], stop=[90, 200, 90])  # fmt: skip
    reader = read_emg_francic(tmp_path / "b.npz")
    assert list(reader.groups) == ["person02"]
    assert reader.skipped == {
        "segment with an unknown gesture": 1, "segment outside the recording": 1,
    }  # fmt: skip


def test_real_recordings(shared):
    path = shared("data/emg_francic/segments.npz")
    reader = read_emg_francic(path)
    assert len(reader) == get_spec("EMG-Francic").n_instances
    assert len(set(reader.groups)) == 41
    assert reader.skipped == {}
    with np.load(path) as archive:
        number = int(np.flatnonzero(archive["gesture"] == 7)[0])
        start, who = archive["start"][number], archive["person"][number]
        expected = archive["emg"][start + 40 : start + 120].T
    rows = np.flatnonzero((reader.groups == f"person{who:02d}") & (reader.y == "fist"))
    np.testing.assert_array_equal(reader.read(rows[1:2])[0][0], expected)
