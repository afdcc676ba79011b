"""Parts of a report, which the writers convert to HTML, Markdown, LaTeX and CSV."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

PLAIN, OTOVIC2022 = STYLES = ("plain", "otovic2022")


@dataclass(frozen=True)
class Table:
    """A table of texts.

    ``marks`` has one class per body cell (``g``, ``r``, ``m`` or nothing) for its colour. The text
    has the same mark, so that nothing depends on colour alone. ``b`` makes a cell bold. ``paper``
    is the number of the table in Otović et al. (2022).
    """

    name: str
    caption: str
    header: list[str]
    rows: list[list[str]]
    note: str = ""
    marks: list[list[str]] = field(default_factory=list)
    paper: str = ""


@dataclass(frozen=True)
class Picture:
    """A figure as SVG text; ``alt`` is its alternative text."""

    name: str
    caption: str
    svg: str
    alt: str
    paper: str = ""


@dataclass(frozen=True)
class Bullets:
    """A list of sentences."""

    items: list[str]


Block = str | Table | Picture | Bullets


@dataclass(frozen=True)
class Section:
    """A headed part of the report."""

    title: str
    blocks: list[Block]

    @property
    def anchor(self) -> str:
        """The title as an HTML id."""
        return "".join(c if c.isalnum() else "-" for c in self.title.lower()).strip("-")


def numbered(sections: list[Section], style: str) -> list[Section]:
    """Number tables and figures, in their order or as in the paper.

    Parameters
    ----------
    sections : list of Section
        Sections without numbers.
    style : {"plain", "otovic2022"}
        With ``otovic2022``, files are also named by the paper's numbers, and tables and figures
        that are not in the paper have no number.

    Returns
    -------
    list of Section
        Sections with numbered captions.

    Examples
    --------
    >>> from sktl.evaluation.report.document import Section, Table, numbered
    >>> table = Table("wins", "Cells won", ["cells"], [["3"]], paper="Table 3")
    >>> for style in ("plain", "otovic2022"):
    ...     (section,) = numbered([Section("Wins", [table])], style)
    ...     print(section.blocks[0].name, "|", section.blocks[0].caption)
    wins | Table 1: Cells won
    table3 | Table 3: Cells won
    """
    counts = {Table: 0, Picture: 0}

    def number(block: Block) -> Block:
        if not isinstance(block, Table | Picture):
            return block
        if style == OTOVIC2022:
            if not block.paper:
                return block
            name = block.paper.lower().replace(" ", "")
            return replace(block, name=name, caption=f"{block.paper}: {block.caption}")
        counts[type(block)] += 1
        kind = "Table" if isinstance(block, Table) else "Figure"
        return replace(block, caption=f"{kind} {counts[type(block)]}: {block.caption}")

    return [replace(one, blocks=[number(block) for block in one.blocks]) for one in sections]


@dataclass(frozen=True)
class Document:
    """A whole report; ``protocol`` is printed on every output."""

    title: str
    protocol: str
    origin: str
    sections: list[Section]

    @property
    def tables(self) -> list[Table]:
        """All tables in order."""
        return [b for section in self.sections for b in section.blocks if isinstance(b, Table)]

    @property
    def pictures(self) -> list[Picture]:
        """All figures in order."""
        return [b for section in self.sections for b in section.blocks if isinstance(b, Picture)]
