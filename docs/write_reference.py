"""Write the pages of the reference: a page a room, and a list of all names."""

from importlib import import_module
from pathlib import Path

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


def names_of(room: str) -> list[str]:
    """Return the public names of a room, so that a new one needs no line here."""
    return getattr(import_module(room), "__all__", None) or ["all_estimators"]


def autosummary(names: list[str], *options: str) -> str:
    """Return a directive that lists names with their first sentences."""
    lines = [".. autosummary::", *(f"   {option}" for option in options), ""]
    return "\n".join([*lines, *(f"   {name}" for name in names)]) + "\n"


def write(folder: Path) -> None:
    """Write the pages into a folder."""
    folder.mkdir(exist_ok=True)
    everything = []
    for room, title in ROOMS.items():
        full = [f"{room}.{name}" for name in names_of(room)]
        everything += full
        text = f"{room}\n{'=' * len(room)}\n\n{title}.\n\n" + autosummary(
            full, ":toctree: generated", ":nosignatures:"
        )
        (folder / f"{room.split('.')[1]}.rst").write_text(text)
    by_name = sorted(everything, key=lambda name: name.rpartition(".")[2].lower())
    (folder / "names.inc").write_text(autosummary(by_name, ":nosignatures:"))
