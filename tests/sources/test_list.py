import numpy as np
import pytest

from sktl.cli import main
from sktl.sources import list_sources, own_sources_directory, save_source


@pytest.fixture
def several(make_card, bundled):
    score = {"metric": "mae", "value": 0.25, "split": "validation"}
    folder = own_sources_directory() / "MagNet" / "mine"
    save_source(folder, make_card(score=score, simulated=False), {"a/b": np.ones(2)})
    card = make_card("LOMAX-simulated", architecture="TCN", simulated=True)
    save_source(bundled / "TCN" / "LOMAX-simulated", card, {"a/b": np.ones(2)})
    return folder


def test_all_of_them(several):
    table = list_sources().set_index(["architecture", "source"])
    table = table.loc[["MagNet", "TCN"]]  # others may have published weights, too
    assert table["where"].to_dict() == {
        ("MagNet", "mine"): "own",
        ("MagNet", "STEAD"): "published",
        ("TCN", "LOMAX-simulated"): "bundled",
    }
    assert table["data"].to_list() == ["real", "real", "simulated"]
    assert table["available"].to_list() == [True, False, True]
    mine = table.loc[("MagNet", "mine")]
    assert (mine["metric"], mine["score"], mine["split"]) == ("mae", 0.25, "validation")
    assert table["sha256"].str.len().eq(64).all()
    assert list(list_sources("TCN")["source"]) == ["LOMAX-simulated"]
    assert list_sources("LSTM").empty


def test_published_is_available_through_a_mirror(shared, monkeypatch):
    monkeypatch.setenv("SKTL_MIRROR", str(shared("data/magnet")))
    table = list_sources("MagNet").set_index("where")
    assert table.loc["published", "available"]


def test_a_damaged_card_is_a_row_with_its_problem(several):
    (several / "card.json").write_text("{}")
    row = list_sources("MagNet").iloc[0]
    assert "is not the file that was recorded" in row["problem"]
    assert not row["available"]


def test_command_lists(several, capsys):
    assert main(["sources"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:5] == ["architecture", "source", "data", "where", "available"]
    rows = [line.split() for line in lines[1:]]
    named = [row[1] for row in rows if row[0] in ("MagNet", "TCN")]
    assert named == ["mine", "STEAD", "LOMAX-simulated"]
    assert "to download" in next(line for line in lines if "STEAD" in line)
    assert main(["sources", "--architecture", "TCN"]) == 0
    assert "MagNet" not in capsys.readouterr().out
    assert main(["sources", "--architecture", "LSTM"]) == 0
    assert "No sources" in capsys.readouterr().out
    (several / "card.json").write_text("{}")
    assert main(["sources"]) == 0
    assert "damaged" in capsys.readouterr().err


def test_command_lists_a_group_in_one_line(capsys):
    assert main(["sources"]) == 0
    out = capsys.readouterr().out
    assert "UCR/GunPoint" not in out
    assert "and 128 sources UCR/... of MLSTMFCN, 0 of them on this machine" in out
    assert main(["sources", "--architecture", "MLSTMFCN", "--domain", "ECG"]) == 0
    out = capsys.readouterr().out
    assert out.count("UCR/") == 6
    assert "and 128" not in out
    assert main(["sources", "--domain", "finances"]) == 1
    assert "Did you mean 'finance'?" in capsys.readouterr().err


def test_command_shows_a_card(several, capsys):
    import json

    assert main(["sources", "show", str(several), "--architecture", "MagNet"]) == 0
    assert json.loads(capsys.readouterr().out)["score"]["value"] == 0.25
    assert main(["sources", "show", "STAED", "--architecture", "MagNet"]) == 1
    assert "Did you mean 'STEAD'" in capsys.readouterr().err
