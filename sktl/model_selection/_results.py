"""What a search found: a table, the curves and the decision between scratch and transfer."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from sktl.model_selection._candidates import Candidate


def tabulate(candidates: list[Candidate], scoring: str, sign: int) -> pd.DataFrame:
    """Make the table of a search, see `OmegaSearch.cv_results_`.

    Parameters
    ----------
    candidates : list of Candidate
        Trained.
    scoring : str
        What is compared.
    sign : {-1, 1}
        What makes greater better.

    Returns
    -------
    pandas.DataFrame
        One row per candidate.
    """
    rows = []
    for candidate in candidates:
        failed = candidate.error is not None
        by_fold = [math.nan] if failed else [sign * score[scoring] for score in candidate.scores]
        rows.append(
            candidate.params
            | {"params": candidate.params}
            | {name: candidate.mean(name) for name in ("val_loss", "val_score")}
            | {
                "best_epoch": candidate.mean("epoch"),
                "n_epochs": candidate.n_epochs,
                "finished": candidate.ended,
                "mean_test_score": np.mean(by_fold),
                "std_test_score": np.std(by_fold),
                "fit_time": candidate.seconds,
                "error": candidate.error,
            }
        )
    table = pd.DataFrame(rows)
    for name in ("source", "error"):
        # Else pandas takes a column of text and turns None into NaN.
        table[name] = pd.Series([row[name] for row in rows], dtype=object)
    ranks = table["mean_test_score"].rank(method="min", ascending=False, na_option="bottom")
    table.insert(table.columns.get_loc("fit_time"), "rank_test_score", ranks.astype(int))
    return table


def curves(candidates: list[Candidate]) -> pd.DataFrame:
    """Join the histories of all trainings, see `OmegaSearch.curves_`.

    Parameters
    ----------
    candidates : list of Candidate
        Trained.

    Returns
    -------
    pandas.DataFrame
        Indexed by candidate, fold and epoch.
    """
    histories = {
        (number, fold): state.history()
        for number, candidate in enumerate(candidates)
        for fold, state in enumerate(candidate.states)
    }
    return pd.concat(histories, names=["candidate", "fold"])


def contestants(candidates: list[Candidate], values: list[float]) -> tuple[int | None, int | None]:
    """Return the numbers of scratch and of the best transfer; None where there is none."""
    scratch = 0 if candidates[0].estimator.source is None else None
    transfers = range(len(candidates))[scratch is not None :]
    return scratch, min(transfers, key=values.__getitem__, default=None)


def decide(
    candidates: list[Candidate],
    values: list[float],
    scoring: str,
    margin: float | str,
    longest: int,
    noise: float = math.nan,
) -> tuple[int, dict[str, Any]]:
    """Choose between scratch and the best transfer, see `OmegaSearch.decision_`.

    Parameters
    ----------
    candidates : list of Candidate
        Trained; scratch first if it is among them.
    values : list of float
        What is compared, smaller is better; infinite for a failed candidate.
    scoring : str
        Name of it.
    margin : float or "noise"
        Share of scratch's value by which transfer must be better; or what is beyond noise.
    longest : int
        Largest number of epochs of a training.
    noise : float, default=nan
        Standard error of the difference between scratch and the best transfer.

    Returns
    -------
    best : int
        Number of the kept candidate.
    decision : dict
        Why.
    """
    scratch, transfer = contestants(candidates, values)
    gain = math.nan
    asked = math.nan if isinstance(margin, str) else float(margin)
    if scratch is None or transfer is None:
        keeps_scratch = transfer is None
    elif math.isinf(values[scratch]) or math.isinf(values[transfer]):
        keeps_scratch = math.isinf(values[transfer])
    else:
        difference, size = values[scratch] - values[transfer], abs(values[scratch])
        with np.errstate(divide="ignore"):
            gain = float(np.divide(difference, size)) if difference else 0.0
        if isinstance(margin, str):
            with np.errstate(divide="ignore", invalid="ignore"):
                asked = float(np.divide(noise, size))
            keeps_scratch = difference <= noise
        else:
            keeps_scratch = difference <= 0 or gain <= margin
    best = scratch if keeps_scratch else transfer
    assert best is not None
    unfinished = [candidate for candidate in candidates if not candidate.ended]
    return best, {
        "kept": "scratch" if keeps_scratch else "transfer",
        "scratch": math.nan if scratch is None else candidates[scratch].mean(scoring),
        "transfer": math.nan if transfer is None else candidates[transfer].mean(scoring),
        "transfer_index": transfer,
        "gain": gain,
        "margin": asked,
        "noise": noise,
        "n_transfers": len(candidates) - (scratch is not None),
        "n_unfinished": len(unfinished),
        "epochs_trained": sum(candidate.n_epochs for candidate in candidates),
        "epochs_saved_at_most": sum(
            longest - state.n_epochs for c in unfinished for state in c.states
        ),
    }
