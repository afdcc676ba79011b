"""What a search found: a table, the curves and the decision between scratch and transfer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from sktl.model_selection._baselines import Baseline
from sktl.model_selection._candidates import Candidate

Contestants = Sequence[Candidate | Baseline]
# What tells networks apart, and what a baseline has there.
_NETWORK = {"source": None, "omega": math.nan}


def tabulate(candidates: Contestants, scoring: str, sign: int) -> pd.DataFrame:
    """Make the table of a search, see `OmegaSearch.cv_results_`.

    Parameters
    ----------
    candidates : sequence of (Candidate or Baseline)
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
            {name: candidate.params.get(name, missing) for name, missing in _NETWORK.items()}
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


def curves(candidates: Contestants) -> pd.DataFrame:
    """Join the histories of all trainings, see `OmegaSearch.curves_`.

    Parameters
    ----------
    candidates : sequence of (Candidate or Baseline)
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
    if not histories:  # no network could be started
        names = ["candidate", "fold", "epoch"]
        return pd.DataFrame(index=pd.MultiIndex.from_arrays([[], [], []], names=names))
    return pd.concat(histories, names=["candidate", "fold"])


def contestants(candidates: Contestants, values: list[float]) -> tuple[int | None, int | None]:
    """Return the numbers of the best of scratch and baselines, and of the best transfer.

    Parameters
    ----------
    candidates, values
        See `decide`.

    Returns
    -------
    reference, transfer : int or None
        Of equal ones the first; None where there is none.
    """
    reference = _best(candidates, values, "scratch", "baseline")
    return reference, _best(candidates, values, "transfer")


def _best(candidates, values, *kinds):
    of_kind = [number for number, one in enumerate(candidates) if one.kind in kinds]
    return min(of_kind, key=values.__getitem__, default=None)


def decide(
    candidates: Contestants,
    values: list[float],
    scoring: str,
    margin: float | str,
    longest: int,
    noise: float = math.nan,
) -> tuple[int, dict[str, Any]]:
    """Choose between scratch, baselines and the best transfer, see `OmegaSearch.decision_`.

    Parameters
    ----------
    candidates : sequence of (Candidate or Baseline)
        Trained.
    values : list of float
        What is compared, smaller is better; infinite for a failed candidate.
    scoring : str
        Name of it.
    margin : float or "noise"
        Share of what it must beat, the best of scratch and baselines, by which transfer must be
        better; or what is beyond noise.
    longest : int
        Largest number of epochs of a training.
    noise : float, default=nan
        Standard error of the difference between these two.

    Returns
    -------
    best : int
        Number of the kept candidate.
    decision : dict
        Why.
    """
    reference, transfer = contestants(candidates, values)
    gain = math.nan
    asked = math.nan if isinstance(margin, str) else float(margin)
    if reference is None or transfer is None:
        keeps_reference = transfer is None
    elif math.isinf(values[reference]) or math.isinf(values[transfer]):
        keeps_reference = math.isinf(values[transfer])
    else:
        difference, size = values[reference] - values[transfer], abs(values[reference])
        with np.errstate(divide="ignore"):
            gain = float(np.divide(difference, size)) if difference else 0.0
        if isinstance(margin, str):
            with np.errstate(divide="ignore", invalid="ignore"):
                asked = float(np.divide(noise, size))
            keeps_reference = difference <= noise
        else:
            keeps_reference = difference <= 0 or gain <= margin
    best = reference if keeps_reference else transfer
    assert best is not None
    scratch = _best(candidates, values, "scratch")
    baseline = _best(candidates, values, "baseline")
    unfinished = [candidate for candidate in candidates if not candidate.ended]

    def value(number):
        return math.nan if number is None else candidates[number].mean(scoring)

    return best, {
        "kept": candidates[best].kind,
        "scratch": value(scratch),
        "baseline": value(baseline),
        "transfer": value(transfer),
        "baseline_index": baseline,
        "transfer_index": transfer,
        "gain": gain,
        "margin": asked,
        "noise": noise,
        "n_transfers": sum(candidate.kind == "transfer" for candidate in candidates),
        "n_unfinished": len(unfinished),
        "epochs_trained": sum(candidate.n_epochs for candidate in candidates),
        "epochs_saved_at_most": sum(
            longest - state.n_epochs for c in unfinished for state in c.states
        ),
    }
