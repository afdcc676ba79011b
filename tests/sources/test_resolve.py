import os
import pickle
import shutil
import warnings

import numpy as np
import pytest

from sktl.sources import (
    SimulatedSourceWarning,
    _resolve,
    find_card,
    list_sources,
    load_source,
    own_sources_directory,
    save_source,
)


def save_at(folder, make_card, mark, **card):
    return save_source(folder, make_card(folder.name, **card), {"a/b": np.full(2, float(mark))})


def mark(source):
    return source.arrays["a/b"][0]


@pytest.fixture
def own(sktl_home):
    return sktl_home / "sources" / "MagNet"


def test_own_directory_is_below_the_home(sktl_home):
    assert own_sources_directory() == sktl_home / "sources"
    assert not own_sources_directory().exists()


def test_order_path_own_published_bundled(tmp_path, make_card, own, bundled, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save_at(bundled / "MagNet" / "STEAD", make_card, 3)
    assert find_card("STEAD", "MagNet").n_timepoints == 3000  # the published one
    save_at(own / "STEAD", make_card, 2)
    found = load_source("STEAD", "MagNet")
    assert (mark(found), found.origin, found.path) == (2, "own", own / "STEAD")
    save_at(tmp_path / "STEAD", make_card, 1)
    found = load_source("STEAD", "MagNet")
    assert (mark(found), found.origin, found.path) == (1, "path", tmp_path / "STEAD")


def test_bundled_is_found_last(make_card, bundled):
    save_at(bundled / "MagNet" / "LOMAX", make_card, 3)
    found = load_source("LOMAX", "MagNet")
    assert (mark(found), found.origin) == (3, "bundled")


def test_a_folder_of_the_same_name_without_a_card_is_no_source(
    tmp_path, make_card, own, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").mkdir()
    save_at(own / "mine", make_card, 2)
    assert load_source("mine", "MagNet").origin == "own"


@pytest.mark.parametrize("as_type", [str, lambda path: path])
def test_paths(tmp_path, make_card, monkeypatch, as_type):
    folder = save_at(tmp_path / "mine", make_card, 1)
    assert mark(load_source(as_type(folder), "MagNet")) == 1
    monkeypatch.setenv("HOME", str(tmp_path))
    assert mark(load_source("~/mine", "MagNet")) == 1
    with pytest.raises(FileNotFoundError, match="other"):
        load_source(as_type(tmp_path / "other"), "MagNet")
    with pytest.raises(FileNotFoundError, match="no source"):
        load_source("../mine-not-here", "MagNet")


@pytest.mark.parametrize("source", [None, 3, ["STEAD"]])
def test_other_types_are_refused(source):
    with pytest.raises(TypeError, match="source must be"):
        load_source(source, "MagNet")


def test_unknown_names(make_card, own, bundled):
    save_at(own / "mine", make_card, 1)
    save_at(bundled / "TCN" / "LOMAX", make_card, 1, architecture="TCN")
    for wrong in ("STAED", "stead"):
        with pytest.raises(
            ValueError, match=rf"Did you mean 'STEAD'\? Available: mine, STEAD.*'{wrong}'"
        ):
            load_source(wrong, "MagNet")
    with pytest.raises(ValueError, match="There is one for TCN"):
        load_source("LOMAX", "MagNet")
    with pytest.raises(ValueError, match=r"of this architecture\. Those with sources: .*MagNet"):
        load_source("x", "LSTM")
    with pytest.raises(ValueError, match="source=''"):
        load_source("", "MagNet")


def test_another_architecture_is_named(tmp_path, make_card):
    folder = save_at(tmp_path / "mine", make_card, 1)
    for function in (load_source, find_card):
        with pytest.raises(ValueError, match=r"TCN needs .* this one is of MagNet"):
            function(folder, "TCN")


def test_a_bundled_simulated_source_warns_once(make_card, bundled):
    save_at(bundled / "MagNet" / "LOMAX-simulated", make_card, 3, simulated=True)
    with pytest.warns(SimulatedSourceWarning) as caught:
        load_source("LOMAX", "MagNet")
    assert len(caught) == 1
    assert "sktl pretrain LOMAX --architecture MagNet --data real" in str(caught[0].message)
    assert caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert mark(load_source("LOMAX-simulated", "MagNet")) == 3
        find_card("LOMAX", "MagNet")


def test_only_bundled_simulated_sources_warn(tmp_path, make_card, own, bundled):
    save_at(own / "mine", make_card, 1, simulated=True)
    save_at(bundled / "MagNet" / "LOMAX", make_card, 3, simulated=False)
    path = save_at(tmp_path / "x", make_card, 1, simulated=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for name in ("mine", "LOMAX", path):
            load_source(name, "MagNet")


@pytest.mark.parametrize("simulated", [None, False, True])
def test_the_suffix_asks_for_the_bundled_one_always(make_card, own, bundled, simulated):
    save_at(own / "LOMAX", make_card, 1, simulated=simulated)
    save_at(own / "LOMAX-simulated", make_card, 2, simulated=simulated)
    save_at(bundled / "MagNet" / "LOMAX-simulated", make_card, 3, simulated=True)
    assert mark(load_source("LOMAX", "MagNet")) == 1
    found = load_source("LOMAX-simulated", "MagNet")
    assert (mark(found), found.origin) == (3, "bundled")


def test_a_bundled_real_one_and_its_simulated_one_are_two(make_card, own, bundled):
    save_at(bundled / "MagNet" / "S&P 500", make_card, 1, simulated=False)
    save_at(bundled / "MagNet" / "S&P 500-simulated", make_card, 3, simulated=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        real, simulated = (load_source(f"S&P 500{end}", "MagNet") for end in ("", "-simulated"))
    assert (mark(real), real.card.simulated) == (1, False)
    assert (mark(simulated), simulated.card.simulated) == (3, True)
    save_at(own / "S&P 500", make_card, 5, simulated=True)
    assert mark(load_source("S&P 500-simulated", "MagNet")) == 3  # always the bundled one


def test_the_warning_names_the_nearest_real_source(make_card, bundled):
    save_at(bundled / "MagNet" / "EMG-simulated", make_card, 3, simulated=True)
    with pytest.warns(SimulatedSourceWarning) as caught:
        load_source("EMG", "MagNet")
    assert "nearest" not in str(caught[0].message)
    save_at(bundled / "MagNet" / "EMG-Roshambo", make_card, 1, simulated=False)
    with pytest.warns(SimulatedSourceWarning, match="real data is source='EMG-Roshambo'"):
        assert mark(load_source("EMG", "MagNet")) == 3
    with pytest.raises(ValueError, match="Did you mean 'EMG'"):
        load_source("EMGG", "MagNet")


@pytest.mark.parametrize("simulated", [None, False, True])
def test_the_suffix_never_gives_an_own_one(make_card, own, simulated):
    save_at(own / "mine", make_card, 1, simulated=simulated)
    save_at(own / "other-simulated", make_card, 1, simulated=simulated)
    for name in ("mine-simulated", "other-simulated"):
        with pytest.raises(ValueError, match="no source of this name"):
            load_source(name, "MagNet")


def test_what_is_listed_is_what_is_loaded(make_card, own, bundled):
    save_at(own / "LOMAX", make_card, 1, simulated=True)
    save_at(own / "LOMAX-simulated", make_card, 2, simulated=True)
    save_at(own / "real", make_card, 4)
    save_at(bundled / "MagNet" / "LOMAX-simulated", make_card, 3, simulated=True)
    save_at(bundled / "MagNet" / "EMG", make_card, 5, simulated=False)
    table = list_sources("MagNet").query("`where` != 'published'")
    for row in table.to_dict("records"):
        if row["problem"] is None or row["problem"] != row["problem"]:
            loaded = load_source(row["source"], "MagNet")
            assert loaded.origin == row["where"]
            assert loaded.card.weights_sha256 == row["sha256"]
            assert find_card(row["source"], "MagNet").name == loaded.card.name == row["source"]
    refused = table[table["problem"].notna()]
    assert refused[["where", "source"]].to_numpy().tolist() == [["own", "LOMAX-simulated"]]
    assert not refused["available"].any()


def test_a_process_reads_a_source_once_and_sees_changes(tmp_path, make_card, monkeypatch):
    folder = save_at(tmp_path / "mine", make_card, 1)
    reads = []
    read = _resolve.read_source
    monkeypatch.setattr(_resolve, "read_source", lambda at: reads.append(at) or read(at))
    first, second = load_source(folder, "MagNet"), load_source(folder, "MagNet")
    assert len(reads) == 1
    assert first.arrays["a/b"] is second.arrays["a/b"]
    save_at(folder, make_card, 2)
    assert mark(load_source(folder, "MagNet")) == 2
    assert len(reads) == 2
    os.utime(folder / "weights.safetensors")
    load_source(folder, "MagNet")
    assert len(reads) == 3


def test_callers_cannot_change_what_others_get(tmp_path, make_card):
    folder = save_at(tmp_path / "mine", make_card, 1, parameters={"l2": 1.0})
    source = load_source(folder, "MagNet")
    with pytest.raises(ValueError, match="read-only"):
        source.arrays["a/b"][0] = 5
    source.arrays.clear()
    source.card.parameters["l2"] = 2.0
    again = load_source(folder, "MagNet")
    assert mark(again) == 1
    assert again.card.parameters == {"l2": 1.0}


def test_a_source_can_be_pickled(tmp_path, make_card):
    source = load_source(save_at(tmp_path / "mine", make_card, 1), "MagNet")
    again = pickle.loads(pickle.dumps(source))
    assert again.card == source.card
    np.testing.assert_array_equal(again.arrays["a/b"], source.arrays["a/b"])


def test_finding_a_card_verifies_it_but_reads_no_weights(tmp_path, make_card):
    folder = save_at(tmp_path / "mine", make_card, 1)
    (folder / "weights.safetensors").write_bytes(b"changed")
    assert find_card(folder, "MagNet").name == "mine"
    content = (folder / "card.json").read_text()
    (folder / "card.json").write_text(content.replace('"simulated": null', '"simulated": false'))
    with pytest.raises(ValueError, match=r"card\.json is not the file"):
        find_card(folder, "MagNet")


def test_a_copied_folder_is_a_source(tmp_path, make_card):
    folder = save_at(tmp_path / "mine", make_card, 1)
    shutil.copytree(folder, tmp_path / "copy")
    assert mark(load_source(tmp_path / "copy", "MagNet")) == 1


def test_the_home_of_an_unknown_user_is_no_source():
    with pytest.raises(FileNotFoundError, match="~nobody-of-this-name"):
        load_source("~nobody-of-this-name/x", "MagNet")
