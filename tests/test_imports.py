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
GROUND = {
    "_lengths", "_paths", "_files", "_checks", "_panels", "_targets", "_random", "_untrusted",
    "_tables", "_hdf5_files", "_parallel", "_words",
}  # fmt: skip
NETWORKS = {"estimators", "training", "layers", "sources"}
BELOW_EXPERIMENTS = {
    *NETWORKS, "transformations", "datasets", "evaluation", "model_selection", "synthesis",
    "pretraining",
}  # fmt: skip
ALLOWED = {
    "layers": set(),
    "datasets": set(),
    "sources": set(),
    "evaluation": set(),
    "training": {"layers"},
    "estimators": NETWORKS,
    "transformations": NETWORKS,
    "model_selection": {*NETWORKS, "transformations"},
    "synthesis": {*NETWORKS, "datasets"},
    "pretraining": {*NETWORKS, "datasets", "evaluation"},
    "experiments": BELOW_EXPERIMENTS,
    "plotting": {*BELOW_EXPERIMENTS, "experiments"},
}


def imported_modules(path):
    """Give the modules of sktl that a file imports, and the names it imports from them."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def imported_rooms(path):
    for name in imported_modules(path):
        top, *below = name.split(".")
        if top == "sktl" and below and below[0] != "__version__":
            yield below[0]


def test_every_room_is_known():
    rooms = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert {"layers", "training", "estimators", "evaluation"} <= rooms <= {*ALLOWED, *GROUND}


@pytest.mark.parametrize("room", ALLOWED)
def test_dependencies_point_one_way(room):
    for path in (PACKAGE / room).rglob("*.py"):
        foreign = set(imported_rooms(path)) - {room} - ALLOWED[room] - GROUND
        assert not foreign, f"{path.relative_to(PACKAGE)} imports {foreign}"


def test_no_room_imports_a_private_module_of_another():
    found = []
    for path in [*PACKAGE.rglob("*.py"), *(PACKAGE.parent / "benchmarks").rglob("*.py")]:
        if path.name in ("fuzz_cases.py", "fuzz_values.py"):  # they test the innermost readers
            continue
        own = path.relative_to(PACKAGE).parts[0] if path.is_relative_to(PACKAGE) else "benchmarks"
        for name in imported_modules(path):
            top, *below = name.split(".")
            if top != "sktl" or not below or below[0] == own:
                continue
            private = [part for part in below[1:] if part.startswith("_") and part[:2] != "__"]
            if private:
                found.append(f"{path.relative_to(PACKAGE.parent)} imports {name}")
    assert not found, "\n".join(found)


def test_no_modules_import_each_other():
    names = {name: set() for name in MODULES}
    for name in MODULES:
        path = PACKAGE.parent.joinpath(*name.split("."))
        path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        for imported in at_run_time(ast.parse(path.read_text())):
            module = imported if imported in names else imported.rpartition(".")[0]
            names[name] |= {module} & set(names) - {name}
    # What neither imports nor is imported by a circle is taken away until nothing else is left.
    while True:
        ends = {name for name, imported in names.items() if not imported}
        if not ends:
            break
        names = {name: imported - ends for name, imported in names.items() if name not in ends}
    assert not names, f"in or above a circle: {sorted(names)}"


def at_run_time(node):
    """Give what `imported_modules` gives, without what only readers of types import."""
    if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING":
        return
    if isinstance(node, ast.ImportFrom) and node.module:
        yield from (f"{node.module}.{alias.name}" for alias in node.names)
    for child in ast.iter_child_nodes(node):
        yield from at_run_time(child)


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
