"""Frozen features of sources as blocks, by the names of the sources."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from sktl._checks import check_choice
from sktl.estimators.features.frozen_source import POOLING, FrozenSource
from sktl.estimators.lookup import architectures
from sktl.sources import SOURCE_GROUPS, expand_sources, find_card, list_sources


class SourceBlock:
    """Frozen features of a source, see `FrozenSource`.

    Parameters
    ----------
    source : FrozenSource
        The source.
    kind : str, default="sources"
        Blocks of one kind are weighed together.
    """

    def __init__(self, source: FrozenSource, kind: str = "sources"):
        self.source, self.kind = source, kind
        self.name = source.name

    def fit(self, X: np.ndarray) -> SourceBlock:
        """Learn the scaling of the source, if it is wanted, of training series like X."""
        self.source = self.source.fit(X)
        return self

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Return the features of series, (n_instances, n_features)."""
        return self.source.transform(X)

    def operations(self, X: np.ndarray) -> int:
        """Count the multiply-adds that the features of one series of X take."""
        return self.source.operations(X)

    def names(self, n_channels: int) -> list[str]:
        """Name the columns, for series of so many channels."""
        return self.source.names(n_channels)


def source_blocks(
    sources: str | Sequence = "bundled",
    architectures: Sequence[str] | None = None,
    pooling: tuple[str, ...] = POOLING,
    channels: str = "joint",
    scaling: str = "z-score",
    random_state: int = 0,
    searched: Collection[str] = (),
    preprocessing: str = "own",
) -> list[SourceBlock]:
    """Make the blocks of sources by their names.

    Parameters
    ----------
    sources : {"bundled", "available", "UCR"} or sequence of (str or None), default="bundled"
        The sources that come with the package; all that load without a download, members of
        groups left out; those of a group that load without a download; or names of sources and
        groups, each for every architecture that has it. None among them: random kernels.
    architectures : sequence of str, optional
        Only these; default: all that have sources with feature layers.
    pooling, channels, scaling, random_state, preprocessing
        See `FrozenSource`.
    searched : collection of str, default=()
        sha256 of the data that the features are for: sources that were trained on it are left out
        unless they are named, see `sktl.sources.expand_sources`.

    Returns
    -------
    list of SourceBlock
        One per source and architecture.

    Raises
    ------
    ValueError
        If no architecture has a source of a name.
    """
    table = list_sources()
    known = [name for name in sorted(set(table["architecture"])) if _has_feature_layers(name)]
    chosen = known if architectures is None else list(architectures)
    for architecture in chosen:
        check_choice("architectures", architecture, tuple(known))
    table = table[table["architecture"].isin(chosen) & table["available"]]
    table = table.drop_duplicates(["architecture", "source"])
    pairs: list[tuple[str, Any]] = []
    if isinstance(sources, str):
        check_choice("sources", sources, ("bundled", "available", *SOURCE_GROUPS))
        if sources == "bundled":
            table = table[table["where"] == "bundled"]
        for architecture in chosen:
            own = set(table.loc[table["architecture"] == architecture, "source"])
            if sources not in SOURCE_GROUPS or SOURCE_GROUPS[sources] == architecture:
                asked = sources if sources in SOURCE_GROUPS else "available"
                pairs += [
                    (architecture, n)
                    for n in expand_sources(asked, architecture, searched)
                    if n in own
                ]
    else:
        names: dict[Any, None] = {}
        for source in sources:
            group = SOURCE_GROUPS.get(source) if isinstance(source, str) else None
            found = [source] if group is None else expand_sources([source], group, searched)
            names |= dict.fromkeys(found)
        for name in names:
            having = [kind for kind in chosen if name is None or _exists(name, kind)]
            if not having:
                raise ValueError(
                    f"No architecture of {', '.join(chosen)} has this source. Available: "
                    f"{', '.join(sorted(set(table['source'])))}. Received: source={name!r}"
                )
            pairs += [(architecture, name) for architecture in having]
    return [
        SourceBlock(
            FrozenSource(
                architecture, name, tuple(pooling), channels, scaling, random_state, preprocessing
            )
        )
        for architecture, name in pairs
    ]


def _has_feature_layers(architecture):
    kind = architectures().get(architecture)
    return kind is not None and bool(kind()._feature_layers())


def _exists(source, architecture):
    try:
        find_card(source, architecture)
    except ValueError:
        return False
    return True
