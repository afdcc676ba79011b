import numpy as np
import pytest

from sktl import estimators
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
    assert lines[0].split() == [
        "architecture", "source", "data", "domain", "where", "available", "task", "rate",
        "channels", "length", "score",
    ]  # fmt: skip
    rows = [line.split() for line in lines[1:]]
    mine = next(row for row in rows if row[1] == "mine")
    assert mine[-4:] == ["3", "540", "mae", "0.25"]
    named = [row[1] for row in rows if row[0] in ("MagNet", "TCN")]
    assert named == ["mine", "STEAD", "LOMAX-simulated"]
    assert "to download" in next(line for line in lines if "STEAD" in line)
    assert main(["sources", "--architecture", "TCN"]) == 0
    assert "MagNet" not in capsys.readouterr().out
    assert main(["sources", "--architecture", "LSTM"]) == 0
    assert "No sources. Networks with sources: ConvNetQuakeINGV, " in capsys.readouterr().out
    (several / "card.json").write_text("{}")
    assert main(["sources"]) == 0
    assert "damaged" in capsys.readouterr().err


def test_command_lists_json(several, capsys):
    import json

    assert main(["sources", "--json", "--architecture", "MagNet"]) == 0
    first, second = json.loads(capsys.readouterr().out)
    assert (first["source"], first["n_channels"], first["score"]) == ("mine", 3, 0.25)
    assert first["licence"] is None
    assert second["available"] is False


def test_a_table_prints_what_one_chooses_by(several):
    table = list_sources()
    text = repr(table)
    assert "NaN" not in text
    assert "None" not in text
    assert "..." not in text.replace("UCR/...", "")
    assert "100 Hz" in text
    assert "and 128 sources UCR/... of MLSTMFCN" in text
    assert "<p>and 128 sources" in table._repr_html_()
    # Parts of it: rows print alike, columns as pandas prints them.
    assert "mae 0.25" in repr(table[table["source"] == "mine"])
    assert repr(table[["source"]]).startswith(" " * 10)
    assert repr(table["source"]).endswith("dtype: object") or "Name: source" in repr(
        table["source"]
    )
    ucr = list_sources("MLSTMFCN", domain="ECG")
    assert repr(ucr).count("UCR/") == len(ucr)


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


def test_networks_without_sources_say_so():
    with_sources = set(list_sources().query("where != 'own'")["architecture"])
    networks = (getattr(estimators, name) for name in estimators.__all__)
    for network in (one for one in networks if hasattr(one, "architecture")):
        said = "No source of this network is bundled or published" in network.__doc__
        assert said == (network.architecture not in with_sources), network
