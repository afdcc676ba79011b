"""The records of the S&P 500 as a target of the published grid: ours and the authors'."""

from dataclasses import replace

import pandas as pd

from sktl.evaluation import read_records
from sktl.evaluation.domains import plain
from sktl.experiments import ARCHITECTURES, Store
from sktl.training.optimizer import OMEGA_GRID

# Ours, and the source that is meant by it in the paper.
SOURCES = {
    "LOMAX-simulated": "lomax",
    "LEN-DB-simulated": "lendb",
    "STEAD-simulated": "stead",
    "DSPSpeech-20": "speech",
    "SPEECH-simulated": "speech",
    "EMG-Roshambo": "emg",
}
NEEDED = len(set(SOURCES.values()))
COLUMNS = (
    "kind", "architecture", "source", "target", "n_train", "omega", "rerun", "repeat", "metric",
    "test_score", "validation_score", "epochs", "best_epoch", "seconds", "simulated", "diverged",
    "status",
)  # fmt: skip


def rows_of(folder):
    """Give the records of a folder as a table, one row a trial."""
    rows = [{name: record.get(name) for name in COLUMNS} for record in Store(folder).iter_records()]
    order = ["architecture", "n_train", "rerun", "kind", "source", "omega"]
    return pd.DataFrame(rows, columns=list(COLUMNS)).sort_values(order, ignore_index=True)


def complete(table):
    """Keep the trials that make a balanced comparison; baselines are kept as they are."""
    fits = table[table["kind"] != "baseline"]
    kept = [table[table["kind"] == "baseline"]]
    for _, own in fits.groupby(["architecture", "n_train"]):
        transfers = own[own["kind"] == "transfer"]
        with_reference = set(own.loc[own["kind"] == "reference", "rerun"])
        omegas = transfers.groupby(["rerun", "source"])["omega"].nunique()
        whole = omegas[omegas == len(OMEGA_GRID)].reset_index()
        whole = whole[whole["rerun"].isin(with_reference)]
        counts = whole.groupby("rerun")["source"].nunique()
        reruns = counts.index[counts == NEEDED]
        if not len(reruns):
            reruns = counts.index[:1]
        known = whole[whole["rerun"].isin(reruns)].set_index(["rerun", "source"]).index
        if len(known):
            is_in = pd.MultiIndex.from_frame(transfers[["rerun", "source"]]).isin(known)
            references = (own["kind"] == "reference") & own["rerun"].isin(reruns)
            kept += [own[references], transfers[is_in]]
    found = pd.concat(kept)
    return found, len(table) - len(found)


def paper_records(path, sizes):
    """Give the published trials on the target, with our names of the architectures."""
    records = read_records(path)
    names = {plain(name): name for name in ARCHITECTURES}
    table = records.table[
        (records.table["target"] == "sp500") & records.table["n_train"].isin(sizes)
    ]
    table = table.assign(architecture=table["architecture"].map(lambda one: names[plain(one)]))
    return replace(records, table=table, curves={})
