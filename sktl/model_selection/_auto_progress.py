"""The progress bar of `AutoTransfer`: what runs, the time, and the best so far."""

from __future__ import annotations

import time


class Progress:
    """A bar of the time that may be used, which names what runs and the best candidate so far.

    Parameters
    ----------
    shown : bool
        Show it.
    seconds : float
        The time that may be used.

    Examples
    --------
    >>> from sktl.model_selection._auto_progress import Progress
    >>> with Progress(shown=False, seconds=60.0) as progress:
    ...     progress.tell("trees")
    ...     progress.found("median", 0.5)
    ...     progress.found("rocket", 0.2)
    ...     progress.best
    ('rocket', 0.2)
    """

    def __init__(self, shown: bool, seconds: float):
        self.shown, self.seconds = shown, seconds
        self.best: tuple[str, float] | None = None

    def __enter__(self) -> Progress:
        from tqdm.auto import tqdm

        self._started = time.perf_counter()
        self._bar = tqdm(
            total=self.seconds,
            disable=not self.shown,
            bar_format="{desc}: {bar} {n:.0f} of {total:.0f} s{postfix}",
        )
        return self

    def __exit__(self, *error: object) -> None:
        self._move()
        self._bar.close()

    def start(self) -> float:
        """Count the time from now on, which is returned (`time.perf_counter`)."""
        self._started = time.perf_counter()
        return self._started

    def tell(self, what: str) -> None:
        """Show what runs now."""
        self._bar.set_description_str(what, refresh=False)
        self._move()

    def found(self, name: str, score: float) -> None:
        """Show a candidate if its score, of which smaller is better, is the best so far."""
        if self.best is None or score < self.best[1]:
            self.best = name, score
            self._bar.set_postfix_str(f"best: {name}, {score:.4g}", refresh=False)
        self._move()

    def _move(self):
        self._bar.n = min(self.seconds, time.perf_counter() - self._started)
        self._bar.refresh()
