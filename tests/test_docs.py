"""Every page is built and linked, and what two pages state is stated alike."""

import re
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
DOCS = REPOSITORY / "docs"
# Pages that Sphinx writes itself; one of ours of such a name would be lost without a warning.
SPHINX_OWN = {"search", "genindex", "modindex", "py-modindex"}


def pages():
    return {
        path.relative_to(DOCS).with_suffix("").as_posix()
        for path in DOCS.rglob("*.md")
        if "_build" not in path.parts
    }


def test_no_page_has_the_name_of_one_of_sphinxs_own():
    assert not {page for page in pages() if page in SPHINX_OWN}


def test_every_page_is_in_a_table_of_contents():
    listed = {"index"}
    for page in pages():
        folder = Path(page).parent
        text = (DOCS / f"{page}.md").read_text()
        for tree in re.findall(r"```\{toctree\}(.*?)```", text, re.DOTALL):
            entries = (line.strip() for line in tree.splitlines())
            listed |= {
                (folder / entry).as_posix()
                for entry in entries
                if entry and not entry.startswith(":")
            }
    assert pages() <= listed


def test_links_between_pages_lead_somewhere():
    for page in pages():
        text = (DOCS / f"{page}.md").read_text()
        for target in re.findall(r"\]\(([\w/.-]+\.md)(?:#[\w-]*)?\)", text):
            assert (DOCS / page).parent.joinpath(target).is_file(), (page, target)


def _rounded(value):
    exponent = "1" if value >= 10 else "0.1"
    return str(Decimal(str(value)).quantize(Decimal(exponent), ROUND_HALF_UP))


def test_the_ratios_of_the_performance_page_are_those_that_were_measured():
    page = (DOCS / "development/performance.md").read_text()
    short = (DOCS / "performance.md").read_text()
    names = {
        "TCN": "TCN", "MLSTM-FCN": "MLSTMFCN", "ConvNetQuake INGV": "ConvNetQuakeINGV",
        "MagNet": "MagNet",
    }  # fmt: skip
    stated = re.findall(r"^\| ([\w -]+) \| (.+?) \| ([\d.]+) to ([\d.]+) \|$", short, re.MULTILINE)
    assert len(stated) == 5
    for network, other, low, high in stated:
        block = rf"<!-- peers {names[network]} -->(.*?)<!-- end of peers"
        lines = re.search(block, page, re.DOTALL)[1].strip().splitlines()
        head, _, *rows = ([cell.strip() for cell in line.strip("|").split("|")] for line in lines)
        column = head.index(other.replace(" `fit`", "") + ", times")
        ratios = [float(row[column].split()[0]) for row in rows if row[0] == "1"]
        assert (low, high) == (_rounded(min(ratios)), _rounded(max(ratios))), (network, other)


def test_the_start_page_names_what_there_is():
    from sktl import datasets, estimators, model_selection, transformations
    from sktl.sources import list_sources

    text = (DOCS / "start.md").read_text()
    rooms = (datasets, estimators, model_selection, transformations)
    calls = set(re.findall(r"`(\w+)[.(]", text)) - {"sktl"}
    assert len(calls) >= 6
    assert not [name for name in calls if not any(hasattr(room, name) for room in rooms)]
    named = set(re.findall(r'"([A-Z][\w &-]+)"', text))
    assert named <= set(list_sources()["source"])
