"""The table of sources, which prints the columns that help to choose."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd


class SourceTable(pd.DataFrame):
    """A data frame of sources that prints only the columns that help to choose.

    In everything else it is a data frame of pandas; so is its printing where columns are missing.
    """

    @property
    def _constructor(self):
        return SourceTable

    def __repr__(self) -> str:
        """Return the rows without what is not known, and the sources of a group as one line."""
        if not self._is_whole():
            return super().__repr__()
        return self.to_text()

    def _repr_html_(self) -> str | None:
        if not self._is_whole():
            return super()._repr_html_()
        single, groups = self._parts(self._is_mixed())
        return choosing(single).to_html(index=False) + "".join(f"<p>{line}</p>" for line in groups)

    def to_text(self, collapse: bool | None = None) -> str:
        """Return what is printed.

        Parameters
        ----------
        collapse : bool, optional
            Whether the members of a group are one line. Default: where others are in the table.

        Returns
        -------
        str
            Several lines.
        """
        single, groups = self._parts(self._is_mixed() if collapse is None else collapse)
        rows = [choosing(single).to_string(index=False)] if len(single) else []
        return "\n".join([*rows, *groups]) or no_sources()

    def _is_whole(self) -> bool:
        return {*_CHOOSING, "available", "problem", "sampling_rate", "metric", "score"} <= set(
            self.columns
        )

    def _is_mixed(self) -> bool:
        grouped = self["source"].str.contains("/", regex=False)
        return bool(grouped.any() and not grouped.all())

    def _parts(self, collapse: bool) -> tuple[pd.DataFrame, list[str]]:
        """Return the rows that are shown, and a line for each group."""
        if not collapse:
            return self, []
        grouped = self["source"].str.contains("/", regex=False).astype(bool)
        return self[~grouped], list(_lines(self[grouped]))


_CHOOSING = (
    "architecture", "source", "data", "domain", "where", "task", "n_channels", "n_timepoints",
)  # fmt: skip


def no_sources() -> str:
    """Say that there is none, and of which networks there are some."""
    from sktl.sources._resolve import architectures

    return f"No sources. Networks with sources: {', '.join(architectures())}."


def choosing(table: pd.DataFrame) -> pd.DataFrame:
    """Return the columns by which one chooses a source, in words.

    Parameters
    ----------
    table : pandas.DataFrame
        As `sktl.sources.list_sources` gives it.

    Returns
    -------
    pandas.DataFrame
        A dash stands for what is not known.
    """
    table = pd.DataFrame(table)
    dashed = table.astype(object).where(table.notna(), "-")
    shown = dashed[["architecture", "source", "data", "domain", "where"]].copy()
    shown["available"] = table["available"].map({True: "yes", False: "to download"})
    shown.loc[table["problem"].notna(), "available"] = "damaged"
    shown["task"] = dashed["task"]
    shown["rate"] = [
        f"{rate:g} Hz" if rate == rate else "-" for rate in _floats(table, "sampling_rate")
    ]
    shown["channels"], shown["length"] = dashed["n_channels"], dashed["n_timepoints"]
    shown["score"] = [
        f"{metric} {score:.3g}" if score == score else "-"
        for metric, score in zip(table["metric"], _floats(table, "score"), strict=True)
    ]
    return shown


def _floats(table: pd.DataFrame, name: str) -> list[float]:
    return table[name].astype(float).tolist()


def _lines(members: pd.DataFrame) -> Iterator[str]:
    for group, rows in members.groupby(members["source"].str.split("/").str[0]):
        architecture, here = rows["architecture"].iloc[0], rows["available"].sum()
        yield (
            f"and {len(rows)} sources {group}/... of {architecture}, {here} of them on this "
            f"machine: sktl sources --architecture {architecture}"
        )
