"""How Sphinx builds the documentation."""

import os
from importlib import import_module
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import sktl

project = "sktl"
author = "the sktl developers"
copyright = "2026, the sktl developers"
release = version = sktl.__version__
extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "numpydoc",
]
html_theme = "furo"
html_title = f"sktl {release}"
myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
exclude_patterns = ["_build", "api/generated/*.inc"]
autosummary_generate = True
autodoc_member_order = "bysource"
autodoc_typehints = "none"
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False
# Sktime's and scikit-learn's own texts, shown with our classes, refer to their documentation.
suppress_warnings = ["ref.term", "ref.ref", "ref.doc", "docutils"]

ROOMS = {
    "sktl.estimators": "Networks that may start from a source",
    "sktl.transformations": "Frozen sources as transformers",
    "sktl.sources": "Pretrained weights",
    "sktl.datasets": "Datasets, real and simulated",
    "sktl.pretraining": "Making sources",
    "sktl.synthesis": "Series that are made, and pre-training on them",
    "sktl.model_selection": "Choosing what serves a target",
    "sktl.experiments": "Many trials, nothing lost",
    "sktl.evaluation": "Scores, statistics, report",
    "sktl.plotting": "Pictures of fits, searches, data and sources",
    "sktl.registry": "What there is",
}


def write_api() -> None:
    """List the public names of every room, so that a new one needs no line here."""
    folder = Path(__file__).parent / "api"
    folder.mkdir(exist_ok=True)
    for name, title in ROOMS.items():
        module = import_module(name)
        names = getattr(module, "__all__", None) or ["all_estimators"]
        listed = "\n   ".join(f"{name}.{item}" for item in names)
        heading = f"{name}\n{'=' * len(name)}\n\n{title}.\n\n"
        summary = f".. autosummary::\n   :toctree: generated\n\n   {listed}\n"
        (folder / f"{name.split('.')[1]}.rst").write_text(heading + summary)


write_api()
