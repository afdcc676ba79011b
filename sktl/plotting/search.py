"""What a search over omega and sources found."""

from __future__ import annotations

from typing import Any

import numpy as np

from sktl.plotting._canvas import BLACK, GREY, one_axes, style

# Lines of baselines; that of scratch is "--".
_DASHES: tuple[Any, ...] = (":", "-.", (0, (1, 4)), (0, (5, 1, 1, 1, 1, 1)))
_THIN: dict[str, Any] = {"linewidth": 1.2}
_TITLES = {"val_loss": "validation loss", "val_score": "validation score"}


def plot_search(search: Any, *, ax: Any = None) -> Any:
    """Plot omega against validation for each source, what it must beat, and what is kept.

    Parameters
    ----------
    search : OmegaSearch
        Fitted.
    ax : matplotlib.axes.Axes, optional
        Where to draw. Default: a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        Omegas are spaced evenly, in their order; scratch and baselines are lines. The grey band is
        what transfer must leave to be kept instead of the best of these (`margin`); the ring, or
        the wide grey line, is what is kept; hollow markers are candidates that a race dropped.
        Bars are the standard deviation over folds, where there are several.

    Raises
    ------
    TypeError
        If `search` is no fitted search.

    Examples
    --------
    >>> import tempfile
    >>> from sktime.datasets import load_unit_test
    >>> from sktl.estimators import MagNetClassifier
    >>> from sktl.model_selection import OmegaSearch
    >>> from sktl.plotting import plot_search
    >>> X, y = load_unit_test(return_type="numpy3D")
    >>> network = MagNetClassifier(n_epochs=2, random_state=0)
    >>> source = network.fit(X, y).save_pretrained(tempfile.mkdtemp() + "/mine")
    >>> search = OmegaSearch(network, omegas=(0.25, 1.0), sources=[source]).fit(X, y)
    >>> ax = plot_search(search)
    >>> ax.get_xlabel(), [tick.get_text() for tick in ax.get_xticklabels()]
    ('omega', ['0.25', '1'])
    """
    if not hasattr(search, "cv_results_") or not hasattr(search, "decision_"):
        raise TypeError(
            f"plot_search needs a fitted OmegaSearch. Received: {type(search).__name__} "
            "without cv_results_ and decision_"
        )
    table, decision = search.cv_results_, search.decision_
    transfers = table[table["source"].notna()]
    sources = list(dict.fromkeys(transfers["source"]))
    omegas = sorted(transfers["omega"].unique())
    places = {omega: place for place, omega in enumerate(omegas)}
    ax = one_axes(ax, width=max(7.2, 4.0 + 0.5 * len(omegas)))
    value, sign = search.scoring, np.sign(_sign(search))
    for number, source in enumerate(sources):
        rows = transfers[transfers["source"] == source].sort_values("omega")
        _draw_source(ax, rows, places, value, style(number), _short(source))
    lines = table[table["source"].isna()]
    if lines["omega"].notna().any():
        ax.axhline(
            float(lines[value].iloc[0]), color=BLACK, linestyle="--", label="scratch", **_THIN
        )
    baselines = lines[lines["omega"].isna() & lines[value].notna()]
    for number, (params, at) in enumerate(zip(baselines["params"], baselines[value], strict=True)):
        dashes = _DASHES[number % len(_DASHES)]
        ax.axhline(at, color=BLACK, linestyle=dashes, label=params["baseline"], **_THIN)
    _draw_margin(ax, decision, sign)
    _draw_kept(ax, table.iloc[search.best_index_], places, value)
    ax.set_xticks(range(len(omegas)), [f"{omega:g}" for omega in omegas])
    ax.set_xlim(-0.5, max(len(omegas), 1) - 0.5)
    ax.set_xlabel("omega")
    better = "higher" if sign > 0 else "lower"
    ax.set_ylabel(f"{_TITLES.get(value, value)} ({better} is better)")
    ax.set_title(_sentence(decision, search.best_params_), fontsize="medium", loc="left")
    # Outside of the axes nothing is hidden, however many sources there are.
    ax.legend(frameon=False, fontsize="small", loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return ax


def _sign(search):
    """Return 1 where greater values are better, otherwise -1."""
    table = search.cv_results_
    known = table[table["mean_test_score"].notna()]
    value, score = known[search.scoring], known["mean_test_score"]
    return 1 if np.allclose(value, score) and not np.allclose(value, -score) else -1


def _short(source):
    """Return the name of a source; of a path its last part."""
    return str(source).replace("\\", "/").rstrip("/").rpartition("/")[2]


def _draw_source(ax, rows, places, value, look, label):
    colour, marker = look
    at = np.array([places[omega] for omega in rows["omega"]], float)
    values = rows[value].to_numpy(float)
    ended = rows["finished"].to_numpy(bool)
    ax.plot(at, values, color=colour, linewidth=1.2)
    name = {"label": label} if ended.any() else {}
    ax.plot(at[ended], values[ended], marker, color=colour, **name)
    name = {} if ended.any() else {"label": label}
    ax.plot(at[~ended], values[~ended], marker, color=colour, markerfacecolor="white", **name)
    spread = rows["std_test_score"].to_numpy(float)
    if np.nan_to_num(spread).any():
        ax.errorbar(at, values, spread, fmt="none", ecolor=colour, elinewidth=0.8, capsize=2)


def _draw_margin(ax, decision, sign):
    """Draw the band between what transfer must beat and what it must leave."""
    known = [v for v in (decision["scratch"], decision["baseline"]) if np.isfinite(v)]
    if not known:
        return
    reference = sign * max(sign * value for value in known)
    margin = decision["margin"] * abs(reference)
    if np.isfinite(margin) and margin > 0:
        ax.axhspan(*sorted((reference, reference + sign * margin)), color=GREY, alpha=0.25,
                   linewidth=0, label="margin")  # fmt: skip


def _draw_kept(ax, row, places, value):
    if row["source"] is None:
        ax.axhline(row[value], color=BLACK, linewidth=5, alpha=0.2, label="kept")
        return
    ax.plot(places[row["omega"]], row[value], "o", markersize=15, markerfacecolor="none",
            markeredgecolor=BLACK, markeredgewidth=1.4, label="kept")  # fmt: skip


def _sentence(decision, best):
    if decision["kept"] != "transfer":
        kept = f"Kept: {best.get('baseline', 'scratch')}"
    else:
        kept = f"Kept: {_short(best['source'])}, omega {best['omega']:g}"
    gain = decision["gain"]
    if np.isfinite(gain):
        kept += f"\nbest transfer {abs(gain):.1%} {'better' if gain > 0 else 'worse'}"
        asked = decision["margin"]
        kept += f", asked: more than {asked:.1%}" if np.isfinite(asked) and asked > 0 else ""
    return kept
