"""A report as plain parts, which the writers turn into HTML, Markdown, LaTeX and CSV."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Table:
    """A table of texts.

    ``marks`` holds one class a body cell (``g``, ``r``, ``m`` or nothing) where colours matter;
    the text itself carries the same mark, so that nothing depends on colour alone.
    """

    name: str
    caption: str
    header: list[str]
    rows: list[list[str]]
    note: str = ""
    marks: list[list[str]] = field(default_factory=list)


@dataclass(frozen=True)
class Picture:
    """A figure as SVG text; ``alt`` says what it shows to who does not see it."""

    name: str
    caption: str
    svg: str
    alt: str


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


@dataclass(frozen=True)
class Document:
    """The whole report; ``protocol`` is printed on every output."""

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
