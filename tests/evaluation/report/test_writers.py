"""LaTeX that compiles: checked by its grammar, for want of a TeX in the tests."""

import re

import pytest

from sktl.evaluation.report.document import Table
from sktl.evaluation.report.writers import latex, to_latex

NASTY = ["[x]", "*y", r"a\b{c}", "50 % & #1", "$x_1^2$", "~|<>", "≠ ω –", "-0.5*", "<0.001"]


def body(tex):
    """Check a table's grammar; return its rows as lists of cells."""
    text = "\n".join(line for line in tex.splitlines() if not line.startswith("%"))
    for name in ("table", "tabular"):
        assert text.count(rf"\begin{{{name}}}") == text.count(rf"\end{{{name}}}") == 1
    plain = re.sub(r"\\[\\%&#$_{}]", "", text)  # what is escaped is text
    assert "%" not in plain
    assert "#" not in plain
    assert plain.isascii()
    depth = 0
    for letter in plain:
        depth += (letter == "{") - (letter == "}")
        assert depth >= 0
    assert depth == 0
    outside = re.sub(r"\$[^$\n]*\$", "", plain)
    assert not set("$_^~<>|") & set(outside)
    columns = len(re.search(r"\\begin\{tabular\}\{(l?r*)\}", text)[1])
    inner = text[text.index(r"\toprule") + 8 : text.index(r"\bottomrule")]
    # What follows \\ or a rule must not look like its option.
    assert not re.search(r"(\\\\|rule)\s*[\[*]", inner)
    rows = [row.replace(r"\midrule", "") for row in inner.split("\\\\\n")[:-1]]
    cells = [re.split(r"(?<!\\)&", row) for row in rows]
    assert {len(row) for row in cells} == {columns}
    return [[cell.strip() for cell in row] for row in cells]


def test_nasty_names_stay_one_cell():
    rows = [[name, *NASTY[:3]] for name in NASTY]
    table = Table(
        "t", "100 % of [all]", ["", *NASTY[3:6]], rows, "note_1.", [["", "g", "", ""]] * 9
    )
    tex = to_latex(table, "Protocol & more.")
    assert r"\caption{100 \% of {[}all{]}. note\_1. Protocol \& more.}" in tex
    found = body(tex)
    assert [row[0] for row in found[1:]] == list(map(latex, NASTY))
    assert found[1][1] == r"\textbf{{[}x{]}}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [("-1.2", "$-$1.2"), ("a-b", "a-b"), (r"\{", r"\textbackslash{}\{"), ("1_000", r"1\_000")],
)
def test_escapes(text, expected):
    assert latex(text) == expected


@pytest.mark.slow
def test_every_table_of_a_report(frame, tmp_path):
    from sktl.evaluation.records import Records
    from sktl.evaluation.report import write_report

    frame["architecture"] = frame["architecture"].replace("tcn", "[my] net_1 & 50 %")
    write_report(Records.from_frame(frame), tmp_path)
    tables = sorted((tmp_path / "tables").glob("*.tex"))
    assert len(tables) >= 7
    for path in tables:
        assert len(body(path.read_text())) > 1
