import numpy as np
import pytest

from sktl.cli import main
from sktl.sources import list_sources, own_sources_directory, remove_source, save_source


@pytest.fixture
def own(make_card, bundled):
    def make(name="mine", architecture="MagNet"):
        folder = own_sources_directory() / architecture / name
        save_source(folder, make_card(name, architecture=architecture), {"a/b": np.ones(2)})
        folder.with_name(f"{name}.curves.csv").write_text("repeat,epoch\n")
        return folder

    card = make_card("LOMAX-simulated", architecture="TCN", simulated=True)
    save_source(bundled / "TCN" / "LOMAX-simulated", card, {"a/b": np.ones(2)})
    return make


def test_nothing_of_it_is_left(own):
    folder = own()
    other = own("other")
    assert remove_source("mine") == folder
    assert sorted(path.name for path in folder.parent.iterdir()) == ["other", "other.curves.csv"]
    assert other.is_dir()
    assert "mine" not in list_sources("MagNet")["source"].tolist()


def test_a_damaged_one_can_be_removed(own):
    folder = own()
    (folder / "card.json").write_text("{}")
    remove_source("mine", "MagNet")
    assert not folder.exists()


def test_of_several_the_architecture_chooses(own):
    folders = own(), own(architecture="TCN")
    with pytest.raises(ValueError, match="one of MagNet, TCN as architecture"):
        remove_source("mine")
    remove_source("mine", "TCN")
    assert folders[0].exists()
    assert not folders[1].exists()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("LOMAX-simulated", "Only sources of your own.*this one is bundled"),
        ("STEAD", "Only sources of your own.*this one is published"),
        ("mien", "no source of this name. Did you mean 'mine'"),
        ("../MagNet/mine", "no source of this name"),
        ("", "no source of this name"),
    ],
)
def test_others_are_refused(own, name, message):
    folder = own()
    with pytest.raises(ValueError, match=message):
        remove_source(name)
    assert folder.exists()


def test_a_folder_with_something_else_stays(own):
    folder = own()
    (folder / "thesis.txt").write_text("years of work")
    with pytest.raises(FileExistsError, match=r"holds thesis.txt"):
        remove_source("mine")
    assert (folder / "card.json").exists()


def test_command(own, capsys):
    folder = own()
    assert main(["sources", "remove", "mine"]) == 0
    assert str(folder) in capsys.readouterr().out
    assert main(["sources", "remove", "mine"]) == 1
    assert "You have no source of this name" in capsys.readouterr().err
