"""Conversion of a report's document to HTML, Markdown, LaTeX and CSV."""

from __future__ import annotations

import base64
import csv
import io
import re
from html import escape

from sktl.evaluation.report.document import Block, Bullets, Document, Picture, Table

_STYLE = """
:root { color-scheme: light; --ink: #1b1f24; --quiet: #57606a; --line: #d0d7de; --link: #0550ae; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 66rem; padding: 1rem; color: var(--ink); background: #fff;
  font: 1rem/1.55 system-ui, sans-serif; overflow-wrap: break-word; }
h1 { font-size: 1.6rem; line-height: 1.2; margin: .5rem 0; }
h2 { font-size: 1.25rem; margin: 2.5rem 0 .5rem; border-bottom: 1px solid var(--line); }
a { color: var(--link); }
.skip { position: absolute; left: -99rem; }
.skip:focus { position: static; }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1rem; padding: 0; list-style: none; }
nav a { display: inline-block; padding: .3rem 0; }
.protocol { border-left: 4px solid var(--link); background: #f1f6fc; padding: .6rem .9rem; }
.warning { border-left: 4px solid #b35900; background: #fff6eb; padding: .1rem .9rem; }
.wide { overflow-x: auto; margin: .5rem 0 0; }
table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
figcaption { color: var(--quiet); font-size: .9rem; padding: .3rem 0; }
th, td { padding: .3rem .6rem; border-bottom: 1px solid var(--line); text-align: right;
  white-space: nowrap; }
.words { text-align: left; white-space: normal; min-width: 11rem; }
th { font-weight: 600; } th:first-child { text-align: left; position: sticky; left: 0;
  background: #fff; white-space: normal; min-width: 6.5rem; }
.g { background: #cfe3f5; } .r { background: #fbd9c6; } .m { background: #eee; }
figure { margin: 1.2rem 0; } figure img { display: block; max-width: 100%; height: auto; }
.note { margin: .3rem 0; } .note, footer { color: var(--quiet); font-size: .9rem; }
@media (max-width: 40rem) { figure img { max-width: none; width: 40rem; } }
@media print { nav, .skip { display: none; } }
"""


def to_html(document: Document) -> str:
    """Return one self-contained HTML page without scripts, other files or external links."""
    contents = "".join(
        f'<li><a href="#{s.anchor}">{escape(s.title)}</a></li>' for s in document.sections
    )
    body = "".join(
        f'<section id="{s.anchor}" aria-labelledby="h-{s.anchor}"'
        f"{' class=warning' if s.title == 'Warnings' else ''}>"
        f'<h2 id="h-{s.anchor}">{escape(s.title)}</h2>\n'
        + "\n".join(map(_html_block, s.blocks))
        + "</section>\n"
        for s in document.sections
    )
    protocol = f'<p class="protocol"><strong>{escape(document.protocol)}</strong></p>'
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<link rel="icon" href="data:,">\n'
        f"<title>{escape(document.title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        '<a class="skip" href="#main">Skip to the results</a>\n'
        f"<header><h1>{escape(document.title)}</h1>\n{protocol}\n"
        f"<p>Records: {escape(document.origin)}</p></header>\n"
        f'<nav aria-label="Contents"><ul>{contents}</ul></nav>\n<main id="main" tabindex="-1">\n'
        f"{body}</main>\n<footer><p>{escape(document.protocol)} Made by sktl.</p></footer>\n"
        "</body>\n</html>\n"
    )


def _html_block(block: Block) -> str:
    if isinstance(block, str):
        return f"<p>{escape(block)}</p>"
    if isinstance(block, Bullets):
        return "<ul>" + "".join(f"<li>{escape(item)}</li>" for item in block.items) + "</ul>"
    caption = escape(block.caption)
    # A scrollable region must be reachable by keyboard, hence tabindex and a name.
    scroll = f'<div class="wide" tabindex="0" role="region" aria-label="{caption}">'
    if isinstance(block, Picture):
        data = base64.b64encode(block.svg.encode()).decode()
        image = f'<img alt="{escape(block.alt)}" src="data:image/svg+xml;base64,{data}">'
        return f"<figure>{scroll}{image}</div><figcaption>{caption}</figcaption></figure>"
    columns = zip(block.header, zip(*block.rows, strict=True), strict=True)
    head = "".join(
        f'<th scope="col"{_class(max(cells, key=len), "")}>{escape(text)}</th>'
        for text, cells in columns
    )
    rows = []
    for number, row in enumerate(block.rows):
        marks = block.marks[number] if block.marks else [""] * len(row)
        cells = "".join(
            f"<td{_class(text, mark)}>{_strong(escape(text), mark)}</td>"
            for text, mark in zip(row[1:], marks[1:], strict=True)
        )
        rows.append(f'<tr><th scope="row">{escape(row[0])}</th>{cells}</tr>')
    note = f'<p class="note">{escape(block.note)}</p>' if block.note else ""
    return (
        f"<figure><figcaption>{caption}</figcaption>{scroll}"
        f'<table aria-label="{caption}"><thead><tr>'
        f"{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>{note}</figure>"
    )


def _strong(text: str, mark: str) -> str:
    return f"<strong>{text}</strong>" if mark == "b" else text


def _class(text: str, mark: str) -> str:
    words = len(text) > 12 and "±" not in text
    name = mark.replace("b", "") or ("words" if words else "")
    return f' class="{name}"' if name else ""


def to_markdown(document: Document) -> str:
    """Return Markdown with links to the figures in ``figures/``."""
    parts = [f"# {document.title}", f"**{document.protocol}**", f"Records: {document.origin}"]
    for section in document.sections:
        parts.append(f"## {section.title}")
        for block in section.blocks:
            if isinstance(block, str):
                parts.append(_plain(block))
            elif isinstance(block, Bullets):
                parts.append("\n".join(f"- {_plain(item)}" for item in block.items))
            elif isinstance(block, Picture):
                parts += [f"![{_plain(block.alt)}](figures/{block.name}.svg)", f"*{block.caption}*"]
            else:
                rows = [[_plain(text) for text in row] for row in block.rows]
                for row, marks in zip(rows, block.marks, strict=False):
                    row[:] = [
                        f"**{t}**" if m == "b" else t for t, m in zip(row, marks, strict=True)
                    ]
                ruler = ["---"] + ["---:"] * (len(block.header) - 1)
                lines = [[_plain(text) for text in block.header], ruler, *rows]
                table = "\n".join("| " + " | ".join(row) + " |" for row in lines)
                parts += [f"**{_plain(block.caption)}**", table] + [block.note] * bool(block.note)
    return "\n\n".join(parts) + f"\n\n---\n{document.protocol}\n"


def _plain(text: str) -> str:
    return re.sub(r"([|*_<>\[\]])", r"\\\1", text).replace("\n", " ")


_LATEX = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "<": r"\textless{}", ">": r"\textgreater{}", "ω": r"$\omega$", "≠": r"$\neq$", "–": "--",
    "√": r"$\surd$", "|": r"\textbar{}", "±": r"$\pm$", "↑": r"$\uparrow$", "↓": r"$\downarrow$",
    # After the end of a row these would be parsed as its options.
    "[": "{[}", "]": "{]}", "*": "{*}",
}  # fmt: skip


def latex(text: str) -> str:
    r"""Escape a text for LaTeX; the hyphen of a negative number becomes a minus sign.

    Examples
    --------
    >>> from sktl.evaluation.report.writers import latex
    >>> print(latex("50 % & more"), latex("-0.5"), latex("no-op"))
    50 \% \& more $-$0.5 no-op
    """
    escaped = "".join(_LATEX.get(letter, letter) for letter in text)
    return re.sub(r"^-(?=\d)", "$-$", escaped)


def to_latex(table: Table, protocol: str) -> str:
    """Return a LaTeX table for ``booktabs``; marked cells are bold."""
    rows = []
    for number, row in enumerate(table.rows):
        marks = table.marks[number] if table.marks else [""] * len(row)
        cells = [
            rf"\textbf{{{latex(text)}}}" if mark else latex(text)
            for text, mark in zip(row, marks, strict=True)
        ]
        rows.append("  " + " & ".join(cells) + r" \\")
    sentences = " ".join(f"{text.rstrip('.')}." for text in (table.caption, table.note) if text)
    return "\n".join(
        [
            r"% Needs \usepackage{booktabs}.",
            f"% {protocol}",
            r"\begin{table}",
            r"\centering",
            rf"\caption{{{latex(f'{sentences} {protocol}')}}}",
            rf"\label{{tab:{table.name.replace('_', '-')}}}",
            rf"\begin{{tabular}}{{l{'r' * (len(table.header) - 1)}}}",
            r"\toprule",
            "  " + " & ".join(map(latex, table.header)) + r" \\",
            r"\midrule",
            *rows,
            r"\bottomrule",
            r"\end{tabular}",
            r"\end{table}",
            "",
        ]
    )


def to_csv(table: Table, protocol: str) -> str:
    """Return a table as CSV with the printed texts; the first line is a comment."""
    buffer = io.StringIO()
    buffer.write(f"# {protocol}\n")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(table.header)
    writer.writerows(table.rows)
    return buffer.getvalue()
