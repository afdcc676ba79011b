"""Write the pages of the reference: a page a room, and a list of all names."""

from importlib import import_module
from pathlib import Path
from types import ModuleType

ROOMS = {
    "sktl.estimators": "Networks that may start from a source, and linear probes",
    "sktl.transformations": "Frozen sources as transformers",
    "sktl.sources": "Pretrained weights",
    "sktl.datasets": "Datasets, real and simulated",
    "sktl.pretraining": "Training sources",
    "sktl.synthesis": "Generators of series, and pre-training on generated series",
    "sktl.model_selection": "AutoTransfer, and the search over omega and sources",
    "sktl.experiments": "Grids of trials that resume",
    "sktl.evaluation": "Scores, statistics, report",
    "sktl.plotting": "Pictures of fits, searches, data and sources",
    "sktl.registry": "All estimators by name",
}


def names_of(room: str) -> tuple[list[str], dict[str, object]]:
    """Return what a room has in public, so that a new name needs no line here.

    Returns
    -------
    list of str
        Names of classes and functions.
    dict of str to object
        Its constants.
    """
    module = import_module(room)
    # Where names are imported lazily, `dir` has all of them.
    names = module.__dir__() if "__dir__" in vars(module) else getattr(module, "__all__", None)
    found = {name: getattr(module, name) for name in names or ["all_estimators"]}
    documented = [
        name for name, value in found.items() if callable(value) or isinstance(value, ModuleType)
    ]
    return documented, {name: found[name] for name in found if name not in documented}


def autosummary(names: list[str], *options: str) -> str:
    """Return a directive that lists names with their first sentences."""
    lines = [".. autosummary::", *(f"   {option}" for option in options), ""]
    return "\n".join([*lines, *(f"   {name}" for name in names)]) + "\n"


def write(folder: Path) -> None:
    """Write the pages into a folder."""
    folder.mkdir(exist_ok=True)
    everything = []
    for room, title in ROOMS.items():
        names, constants = names_of(room)
        full = [f"{room}.{name}" for name in names]
        everything += full
        text = f"{room}\n{'=' * len(room)}\n\n{title}.\n\n" + autosummary(
            full, ":toctree: generated", ":nosignatures:"
        )
        if constants:
            text += "\nConstants\n---------\n\n"
            shown = {name: list(value) for name, value in constants.items()}
            text += "".join(f"- ``{name}``: ``{value}``\n" for name, value in shown.items())
        (folder / f"{room.split('.')[1]}.rst").write_text(text)
    rooms = (f"- :doc:`/api/{room.split('.')[1]}`: {title}\n" for room, title in ROOMS.items())
    (folder / "rooms.inc").write_text("".join(rooms))
    by_name = sorted(everything, key=lambda name: name.rpartition(".")[2].lower())
    (folder / "names.inc").write_text(autosummary(by_name, ":nosignatures:"))
