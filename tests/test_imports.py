"""Importing is light, and dependencies point one way (the architecture page's rules)."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "sktl"
MODULES = sorted(
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
    for path in PACKAGE.rglob("*.py")
)
# Each room may import from these others, and every room the ground floor.
GROUND = {"_paths", "_files"}
ALLOWED = {
    "datasets": set(),
    "sources": set(),
    "evaluation": set(),
    "estimators": {"sources"},
    "model_selection": {"estimators", "sources"},
    "synthesis": {"estimators", "sources", "datasets"},
    "pretraining": {"estimators", "sources", "datasets", "evaluation"},
    "experiments": {
        "estimators", "sources", "datasets", "evaluation", "model_selection", "synthesis",
    },
}  # fmt: skip


def imported_rooms(path):
    for node in ast.walk(ast.parse(path.read_text())):
        names = []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module]
            if node.module == "sktl":
                names = [f"sktl.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        for name in names:
            parts = name.split(".")
            if parts[0] == "sktl" and len(parts) > 1 and parts[1] != "__version__":
                yield parts[1]


@pytest.mark.parametrize("room", ALLOWED)
def test_dependencies_point_one_way(room):
    for path in (PACKAGE / room).rglob("*.py"):
        foreign = set(imported_rooms(path)) - {room} - ALLOWED[room] - GROUND
        assert not foreign, f"{path.relative_to(PACKAGE)} imports {foreign}"


def test_importing_every_module_loads_neither_keras_nor_a_backend():
    code = "import importlib, sys\n"
    code += "".join(f"importlib.import_module({name!r})\n" for name in MODULES)
    code += "heavy = {'keras', 'tensorflow', 'jax', 'torch', 'matplotlib'} & set(sys.modules)\n"
    code += "assert not heavy, heavy\n"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_importing_touches_no_disk(tmp_path):
    code = "".join(f"import {name}\n" for name in MODULES)
    home = tmp_path / "home"
    subprocess.run([sys.executable, "-c", code], check=True, env={"SKTL_HOME": str(home)})
    assert not home.exists()
