"""What the package imports is declared, with bounds that have what is used."""

import ast
import re
import sys
import tomllib
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
# Where a distribution's name is not that of its module.
MODULES = {
    "scikit-learn": "sklearn", "scikit-posthocs": "scikit_posthocs", "keras-hub": "keras_hub",
    "keras-tcn": "tcn", "huggingface_hub": "huggingface_hub",
}  # fmt: skip


def declared():
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    extras = [line for lines in project["optional-dependencies"].values() for line in lines]
    found = {}
    for line in (*project["dependencies"], *extras):
        name, bound = re.match(r"([\w-]+)(?:\[[^\]]*\])?(?:>=([\d.]+))?", line).groups()
        found[MODULES.get(name, name.replace("-", "_"))] = bound
    return found


def imported():
    for path in (REPOSITORY / "sktl").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                yield from (alias.name.split(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                yield node.module.split(".")[0]


def test_whatever_is_imported_is_declared():
    # skbase comes with sktime as its base, IPython-like guests are asked for by nobody.
    foreign = set(imported()) - set(sys.stdlib_module_names) - {"sktl", "skbase"}
    assert foreign <= declared().keys()


def test_bounds_have_what_is_used():
    """numpy.trapezoid came with numpy 2.0, the argument rng of scipy.stats with scipy 1.15."""
    text = "".join(path.read_text() for path in (REPOSITORY / "sktl").rglob("*.py"))
    bounds = {
        name: bound and tuple(map(int, bound.split("."))) for name, bound in declared().items()
    }
    assert "np.trapezoid(" in text
    assert bounds["numpy"] >= (2, 0)
    assert "rng=np.random.default_rng" in text
    assert bounds["scipy"] >= (1, 15)


def test_the_page_on_an_installation_without_tensorflow_names_all_others():
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    page = (REPOSITORY / "docs" / "installation.md").read_text()
    command = page.split("pip install --no-deps sktl\npip install torch")[1].split("export")[0]
    names = {re.match(r"[\w-]+", line).group() for line in project["dependencies"]}
    assert set(command.replace("\\", "").split()) == names - {"tensorflow"}


def test_the_citation_is_of_this_version():
    import sktl

    text = (REPOSITORY / "CITATION.cff").read_text()
    assert f"\nversion: {sktl.__version__}\n" in text
