"""S&P 500: fifty daily closes of the index and the close of the next day."""

from __future__ import annotations

import re
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sktl._tables import as_number, read_table
from sktl.datasets._contract import make_fetcher
from sktl.datasets._readers import Reader
from sktl.datasets._spec import DatasetSpec, RemoteFile
from sktl.datasets._splits import PARTS
from sktl.datasets.simulators.prices import iter_sp500, simulate_sp500

WINDOW = 50
LAST_DAY = "2018-11-26"
# The longest true pause of the exchange is the bank holiday of March 1933, 12 days.
LONGEST_PAUSE = 14
# Fifty-one daily closes reach over ten weeks and holidays; a pause of LONGEST_PAUSE at most.
LONGEST_REACH = 100
_DAY = r"^(\d{4}-\d{2}-\d{2})(?:[T ]\d{2}:\d{2}.*)?$"
_GROUPED = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d*)?")


def read_closes(path: Path, last_day: str = LAST_DAY) -> pd.Series:
    """Read the closes of a daily history, as Yahoo or the package yfinance wrote it.

    Parameters
    ----------
    path : path-like
        CSV file with the columns Date and Close: oldest or newest first, numbers with or without
        commas between thousands, days with or without time and zone (the day at the exchange
        counts), a header of one line or of yfinance's three.
    last_day : str, default="2018-11-26"
        Later rows are left out.

    Returns
    -------
    pandas.Series
        float64 closes by date; NaN where the file has no valid number.

    Raises
    ------
    ValueError
        If a column is missing, the dates are unreadable or out of order, the closes are not daily,
        or hardly any can be read.

    Warns
    -----
    UserWarning
        If there is text instead of a close, which counts as missing, or most rows are later than
        `last_day`.
    """
    table = _table(path)
    if not all(list(table.columns).count(name) == 1 for name in ("Date", "Close")):
        raise ValueError(
            f"{path} must have the columns Date and Close, each once. "
            f"Received: {list(table.columns)[:10]}"
        )
    # The zone is the exchange's: the day as it is written is the day of trade.
    days = table["Date"].str.strip().str.extract(_DAY, expand=False)
    dates = pd.to_datetime(days, errors="coerce", format="%Y-%m-%d")
    if dates.is_monotonic_decreasing and len(dates) > 1:
        table, dates = table[::-1], dates[::-1]
    if dates.isna().any() or not (dates.is_monotonic_increasing and dates.is_unique):
        raise ValueError(
            f"{path} must hold each day once, as YYYY-MM-DD, in ascending or descending order"
        )
    pauses = np.diff(dates.to_numpy()).astype("timedelta64[D]").astype(int)
    if len(pauses) and np.median(pauses) > 1:
        raise ValueError(
            f"{path} must hold daily closes. Received: a row every {np.median(pauses):g} days"
        )
    text = table["Close"].str.strip()
    numbers = [as_number(_without_commas(one)) for one in text]
    closes = pd.Series(numbers, index=pd.DatetimeIndex(dates, name="Date"), name="Close")
    _tell_unread(path, text.to_numpy(), closes.isna().to_numpy())
    kept = closes.where(closes > 0)[:last_day]
    later = len(closes) - len(kept)
    if later > len(kept):
        warnings.warn(
            f"{later:,} of {len(closes):,} days of {path} are left out, because the published "
            f"history ends on {last_day}. Cut windows of other prices by "
            "numpy.lib.stride_tricks.sliding_window_view",
            UserWarning,
            stacklevel=2,
        )
    return kept


def _table(path):
    """Read all as text, under the names of the columns."""
    table = read_table(path, dtype=str)
    header = table.columns[0]
    if header == "Price" and len(table) > 1 and table.iloc[0, 0] == "Ticker":
        # What pandas makes of a header of two levels: Price and Ticker, then the index's name.
        tickers = sorted(set(table.iloc[0, 1:].dropna()))
        if len(tickers) > 1:
            raise ValueError(f"{path} must hold one series. Received: {tickers[:10]}")
        table = table.iloc[2:].rename(columns={"Price": "Date"}).reset_index(drop=True)
    return table.rename(columns={name: name.strip() for name in table.columns})


def _without_commas(text):
    grouped = isinstance(text, str) and _GROUPED.fullmatch(text)
    return text.replace(",", "") if grouped else text


def _tell_unread(path, text, missing):
    unread = [one for one in text[missing] if isinstance(one, str)]
    if not unread:
        return
    told = f"{len(unread)} closes of {path} are no numbers, such as {unread[0]!r}"
    if len(unread) > len(text) // 2:
        raise ValueError(f"{told}: write them as 1234.5 or 1,234.5")
    warnings.warn(f"{told}: they count as missing", UserWarning, stacklevel=4)


class _Windows(Reader):
    """Windows of 50 closes, cut inside each of three consecutive pieces of the history."""

    def __init__(self, closes: pd.Series):
        values = closes.to_numpy()
        days = closes.index
        pause = np.diff(days).astype("timedelta64[D]").astype(int) > LONGEST_PAUSE
        pauses_before = np.concatenate([[0], np.cumsum(pause)])
        cuts = [
            0,
            int(0.7 * len(values)),
            int(0.7 * len(values)) + int(0.15 * len(values)),
            len(values),
        ]
        skipped: Counter[str] = Counter()
        self._starts = np.empty(0, dtype=np.int64)
        self.parts = {}
        for part, first, last in zip(PARTS, cuts, cuts[1:], strict=False):
            # The published loop ends one window early: n - 51 windows, not n - 50.
            starts = np.arange(first, max(first, last - WINDOW - 1))
            reach = starts[:, None] + np.arange(WINDOW + 1)
            missing = np.isnan(values[reach]).any(axis=1)
            torn = pauses_before[starts + WINDOW] > pauses_before[starts]
            skipped["window with a missing close"] += int(missing.sum())
            skipped["window across missing days"] += int((torn & ~missing).sum())
            reach_days = (days[starts + WINDOW] - days[starts]).days.to_numpy()
            sparse = (reach_days > LONGEST_REACH) & ~missing & ~torn
            skipped["window of closes that are not daily"] += int(sparse.sum())
            starts = starts[~missing & ~torn & ~sparse]
            self.parts[part] = np.arange(len(starts)) + len(self._starts)
            self._starts = np.concatenate([self._starts, starts])
        targets = self._starts + WINDOW
        super().__init__(
            values[targets].astype(np.float32),
            days.year.astype(str).to_numpy()[targets].astype(str),
            (1, WINDOW),
            +skipped,
        )
        self._values = values.astype(np.float32)

    def _instance(self, source: Any, index: int) -> np.ndarray:
        start = self._starts[index]
        return self._values[None, start : start + WINDOW]


def read_sp500(path: Path) -> Reader:
    """Read the windows of a Yahoo history of ^GSPC, up to 2018-11-26.

    The history is cut 70/15/15 in time order first, then into windows inside each piece, so no
    window lies in two parts. A window with a missing close, or across more than 14 days without
    a row, is counted in ``skipped``.

    Parameters
    ----------
    path : path-like
        CSV file with the columns Date and Close.

    Returns
    -------
    Reader
        15,932 + 3,374 + 3,375 windows for the published history; groups are years.
    """
    return _Windows(read_closes(path))


SPEC = DatasetSpec(
    name="S&P 500",
    module="sp500",
    title="Standard & Poor's 500 index",
    domain="finance",
    task="regression",
    target="close of the next day, in index points",
    n_channels=1,
    n_timepoints=WINDOW,
    rate_hz=None,
    unit="index points",
    group="year",
    n_instances=22_681,
    stream_max=True,
    licence="Yahoo terms of service; the index belongs to S&P Dow Jones Indices",
    citation=(
        "Yahoo Finance, history of ^GSPC, 1927-12-30 to 2018-11-26. Windows after Eapen, J., Bein, "
        "D. and Verma, A. (2019). Novel deep learning model with CNN and bi-directional LSTM for "
        "improved stock market index prediction. IEEE CCWC, 264-270."
    ),
    url="https://finance.yahoo.com/quote/%5EGSPC/history/",
    files=(
        RemoteFile(
            "GSPC.csv",
            "https://finance.yahoo.com/quote/%5EGSPC/history/",
            manual=(
                "Yahoo offers its histories to people, not to programs:\n"
                "  1. open https://finance.yahoo.com/quote/%5EGSPC/history/ and choose daily\n"
                "     prices from 1927-12-30 to 2018-11-27;\n"
                "  2. save them as a CSV file with the columns Date and Close at least;\n"
                "  3. pass it: fetch_sp500(path='GSPC.csv'), or put GSPC.csv into $SKTL_MIRROR."
            ),
        ),
    ),
    read=read_sp500,
    simulate=simulate_sp500,
    simulate_batches=iter_sp500,
    chronological=True,
)

fetch_sp500 = make_fetcher(SPEC)
