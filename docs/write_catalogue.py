"""Write one page per source from the cards of the sources, with pictures of the bundled ones."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd

from sktl._words import counted
from sktl.sources import Card, find_card, list_sources

# Domains with bundled sources come first.
ORDER = ("seismology", "EMG", "audio", "finance")


def slug(text: str) -> str:
    """Return a file name for a text."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def table(head: list[str], rows: list[list[str]]) -> str:
    """Return a table in reStructuredText."""
    lines = [".. list-table::", "   :header-rows: 1", ""]
    for row in [head, *rows]:
        lines += [f"   {'*' if n == 0 else ' '} - {cell}".rstrip() for n, cell in enumerate(row)]
    return "\n".join(lines) + "\n"


def rate_of(hertz: float | None, domain: str) -> str:
    """Return a sampling rate as text."""
    if hertz is None or pd.isna(hertz):
        return "daily" if domain == "finance" else "not known"
    return f"{hertz:g} Hz"


def facts(row: pd.Series, card: Card) -> list[str]:
    """Return rate, length, channels, task and score of one source."""
    score = card.score
    return [
        rate_of(row["sampling_rate"], row["domain"]),
        str(card.n_timepoints or "any"),
        str(card.n_channels),
        card.task if card.task == "regression" else f"{card.n_outputs} classes",
        f"{score['metric']} {score['value']:.3g}" if score else "not stated",
    ]


FACTS = ["rate", "length", "channels", "task", "score on held-out data"]


def picture_of(name: str, architecture: str, path: Path) -> None:
    """Draw a source, unless the picture is newer than the source."""
    import matplotlib as mpl

    mpl.use("agg")
    import matplotlib.pyplot as plt

    from sktl.plotting import plot_source
    from sktl.sources import load_source

    card = Path(load_source(name, architecture).path) / "card.json"
    if path.is_file() and path.stat().st_mtime > card.stat().st_mtime:
        return
    figure, axes = plt.subplots(2, 2, figsize=(9, 6.4), layout="constrained")
    plot_source(name, architecture, axes=axes.ravel())
    figure.savefig(path, dpi=90)
    plt.close(figure)


def worth(cards: dict[str, Card]) -> str:
    """Return the results of fine-tuning from the sources on real targets."""
    rows = []
    for architecture, card in cards.items():
        for one in card.results or ():
            better = one["transfer"] > one["best_of_as_many_scratch"]
            better = better if one["metric"].startswith("f1") else not better
            cells = [one[key] for key in ("transfer", "scratch", "best_of_as_many_scratch")]
            shown = [f"{value:.3g}" for value in cells]
            shown[0] = f"**{shown[0]}**" if better else shown[0]
            rows.append([one["target"], str(one["n_train"]), one["metric"], architecture, *shown])
    if not rows:
        return (
            "There are no results on other targets. AutoTransfer compares this source with all "
            "others on your own series.\n"
        )
    head = ["target", "labels", "metric", "network", "from this source", "from scratch",
            "best of as many from scratch"]  # fmt: skip
    rows.sort(key=lambda row: (row[0], int(row[1]), row[3]))
    wins = sum(row[4].startswith("**") for row in rows)
    return (
        "Fine-tuning from this source was better than the best (by validation) of as many runs "
        f"from scratch in {wins} of {counted(len(rows), 'case')} (bold). Means of two reruns on "
        "real data; :doc:`method <../source_results>`.\n\n"
        ".. dropdown:: All cases\n\n"
        + re.sub(r"^(?=.)", "   ", table(head, rows), flags=re.MULTILINE)
    )


def page_of(name: str, rows: pd.DataFrame, folder: Path) -> str:
    """Return the page of all sources of one name."""
    cards = {
        row["architecture"]: find_card(name, row["architecture"]) for _, row in rows.iterrows()
    }
    first = next(iter(cards.values()))
    architecture = "MagNet" if "MagNet" in cards else next(iter(cards))
    kind = {True: "Simulated data.", False: "Real data.", None: "Not stated."}[first.simulated]
    data = first.dataset or "not stated"
    domain = rows["domain"].iloc[0]
    bundled = rows["where"].iloc[0] == "bundled"
    parts = [
        f"{name}\n{'=' * max(4, len(name))}\n",
        f"**{kind}** Domain: {domain}. Trained on: {data}. "
        + (
            "Included in the package."
            if bundled
            else "Downloaded at the first use and verified by its hash."
        ),
        ".. code-block:: python\n\n"
        f"   from sktl.estimators import {architecture}{_task(cards[architecture])}\n\n"
        f'   estimator = {architecture}{_task(cards[architecture])}.from_pretrained("{name}")\n',
        "A source gives initial weights. An estimator with a source must be fitted to your series "
        "before it predicts.",
        table(
            ["network", *FACTS],
            [[row["architecture"], *facts(row, cards[row["architecture"]])]
             for _, row in rows.iterrows()],
        ),
    ]  # fmt: skip
    if bundled:
        picture_of(name, architecture, folder / f"{slug(name)}.png")
        parts.append(
            f"At a glance\n-----------\n\n.. figure:: {slug(name)}.png\n"
            f"   :alt: Card, kernels, spectra and training of {name}, {architecture}\n\n"
            f'   {architecture}, by ``sktl.plotting.plot_source("{name}", "{architecture}")``\n'
        )
    parts += ["Results on real targets\n-----------------------\n", worth(cards)]
    notes = dict.fromkeys(card.notes for card in cards.values() if card.notes)
    if len(notes) == 1:
        parts.append(next(iter(notes)))
    else:
        by_network = [(one, card.notes) for one, card in cards.items() if card.notes]
        parts += [f"{one}: {text}" for one, text in by_network]
    parts += [
        "Licence and citation\n--------------------\n",
        f"{first.licence or 'not stated'}\n",
        f"{first.citation or 'not stated'}\n",
    ]
    return "\n\n".join(parts) + "\n"


def _task(card: Card) -> str:
    return "Regressor" if card.task == "regression" else "Classifier"


def ucr_page(rows: pd.DataFrame) -> str:
    """Return the page of the published networks for UCR problems."""
    card = find_card(rows["source"].iloc[0], "MLSTMFCN")
    by_domain = [
        [domain, ", ".join(one.removeprefix("UCR/") for one in sorted(group["source"]))]
        for domain, group in rows.groupby("domain")
    ]
    return "\n\n".join(
        [
            f"UCR problems\n{'=' * 12}\n",
            f"**Real data.** {len(rows)} published MLSTM-FCN networks, each trained on one problem "
            "of the UCR archive. Downloaded at the first use and verified by their hash.",
            ".. code-block:: python\n\n   from sktl.estimators import MLSTMFCNClassifier\n\n"
            '   MLSTMFCNClassifier.from_pretrained("UCR/GunPoint", transfer_blocks=True)\n',
            "All have one input channel; the sampling rates are not known. They are most useful as "
            'features in AutoTransfer and linear probes: ``sources=["UCR"]`` uses those that are '
            "on your machine.",
            table(["domain", "problems"], by_domain),
            card.notes or "",
            "Licence and citation\n--------------------\n",
            f"{card.licence}\n",
            f"{card.citation}\n",
        ]
    )


def write(folder: Path) -> None:
    """Write the pages and an overview to a folder."""
    folder.mkdir(exist_ok=True)
    listed = list_sources()
    ucr = listed["source"].str.startswith("UCR/")
    pictures = listed["architecture"] == "ResNetImage"
    (folder / "ucr.rst").write_text(ucr_page(listed[ucr]))
    plain = listed[~ucr & ~pictures & listed["where"].isin(["bundled", "published"])]
    overview, names = [], []
    place = {domain: number for number, domain in enumerate(ORDER)}
    plain = plain.assign(
        place=plain["domain"].map(place).fillna(len(ORDER)),
        simulated=plain["data"] == "simulated",
    ).sort_values(["place", "simulated", "source", "architecture"], kind="stable")
    for name, rows in plain.groupby("source", sort=False):
        names.append(slug(name))
        (folder / f"{slug(name)}.rst").write_text(page_of(name, rows, folder))
        cards = [find_card(name, one) for one in rows["architecture"]]
        columns = [
            facts(row, card)[:4] for (_, row), card in zip(rows.iterrows(), cards, strict=True)
        ]
        together = [", ".join(dict.fromkeys(cells)) for cells in zip(*columns, strict=True)]
        overview.append(
            [f":doc:`{name} </catalogue/{slug(name)}>`", rows["domain"].iloc[0],
             rows["data"].iloc[0], *together, ", ".join(rows["architecture"])]
        )  # fmt: skip
    lengths = listed.loc[ucr, "n_timepoints"]
    classes = [find_card(name, "MLSTMFCN").n_outputs for name in listed.loc[ucr, "source"]]
    overview.append(
        [":doc:`UCR/... </catalogue/ucr>`", "many", "real", "not known",
         f"{lengths.min():.0f} to {lengths.max():,.0f}", "1",
         f"{min(classes)} to {max(classes)} classes", "MLSTMFCN"]
    )  # fmt: skip
    head = ["source", "domain", "data", *FACTS[:4], "networks"]
    hidden = "".join(f"   /catalogue/{name}\n" for name in [*names, "ucr"])
    (folder / "overview.inc").write_text(
        f"{table(head, overview)}\n.. toctree::\n   :hidden:\n\n{hidden}"
    )
