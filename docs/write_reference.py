"""Write the pages of the reference: one page per package, and a list of all names."""

from importlib import import_module
from pathlib import Path
from types import ModuleType

ROOMS = {
    "sktl.estimators": "Networks, optionally with a source, and linear probes",
    "sktl.transformations": "Features of frozen sources, as transformers",
    "sktl.sources": "Pretrained weights",
    "sktl.datasets": "Datasets, real and simulated",
    "sktl.pretraining": "Training of sources",
    "sktl.synthesis": "Generators of series, and pre-training on generated series",
    "sktl.model_selection": "AutoTransfer, and the search over omega and sources",
    "sktl.experiments": "Resumable grids of trials",
    "sktl.evaluation": "Scores, statistics and reports",
    "sktl.plotting": "Plots of fits, searches, data and sources",
    "sktl.registry": "All estimators by name",
}


def names_of(room: str) -> tuple[list[str], dict[str, object]]:
    """Return the public names of a package, so that a new name needs no change here.

    Returns
    -------
    list of str
        Names of classes and functions.
    dict of str to object
        Constants.
    """
    module = import_module(room)
    # `__dir__` also lists names that are imported lazily.
    names = module.__dir__() if "__dir__" in vars(module) else getattr(module, "__all__", None)
    found = {name: getattr(module, name) for name in names or ["all_estimators"]}
    documented = [
        name for name, value in found.items() if callable(value) or isinstance(value, ModuleType)
    ]
    return documented, {name: found[name] for name in found if name not in documented}


def autosummary(names: list[str], *options: str) -> str:
    """Return a directive that lists names with their summaries."""
    lines = [".. autosummary::", *(f"   {option}" for option in options), ""]
    return "\n".join([*lines, *(f"   {name}" for name in names)]) + "\n"


def write(folder: Path) -> None:
    """Write the pages to a folder."""
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
