"""What readers leave out: counted by reason, and told where it is much."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterable

import numpy as np

# Left out by design: nothing is lost with it.
EXPECTED = {"noise", "duplicate name", "duplicate content", "not one of the 35 words"}
MOST_SHARE = 0.02
_N_NAMES = 3


class Skipped(Counter):
    """How many were left out, by reason, with names of some of them and the labels they had.

    Examples
    --------
    >>> skipped = Skipped()
    >>> skipped.leave_out("damaged recording", "S01.npz", label="fist")
    >>> dict(skipped), skipped.names, skipped.labels
    ({'damaged recording': 1}, {'damaged recording': ['S01.npz']}, {'fist'})
    """

    def __init__(self, counts: dict[str, int] | None = None):
        super().__init__(counts or {})
        self.names: dict[str, list[str]] = {}
        self.labels: set[str] = set()

    def leave_out(self, reason: object, name: str, label: str | None = None) -> None:
        """Count one that is left out."""
        self[str(reason)] += 1
        self.names.setdefault(str(reason), []).append(name)
        if label is not None:
            self.labels.add(label)

    def merge(self, other: Counter) -> None:
        """Add what another reader of the same data has left out."""
        self.update(other)
        if isinstance(other, Skipped):
            for reason, names in other.names.items():
                self.names.setdefault(reason, []).extend(names)
            self.labels |= other.labels


def warn_of_losses(
    y: np.ndarray,
    skipped: Skipped,
    unusable: dict[int, str],
    names: Iterable[str],
    told: set[str],
) -> None:
    """Warn where a class or a recording is gone, or more than 2 % of all.

    Parameters
    ----------
    y : np.ndarray of shape (n_instances,)
        Targets of what is listed.
    skipped : Skipped
        What is not listed.
    unusable : dict of int to str
        Of what is listed, those that turned out unusable, and why.
    names : iterable of str
        Names of the unusable, in the order of `unusable`.
    told : set of str
        What was told; it is added to, and not told again.
    """
    counts = Counter({key: n for key, n in skipped.items() if key not in EXPECTED and n > 0})
    examples = {reason: list(named) for reason, named in skipped.names.items()}
    counts.update(unusable.values())
    for reason, name in zip(unusable.values(), names, strict=True):
        examples.setdefault(reason, []).append(name)
    gone = set()
    if y.dtype.kind == "U":
        left = np.delete(y, list(unusable)) if unusable else y
        touched = skipped.labels | {str(y[index]) for index in unusable}
        gone = touched - set(np.unique(left).tolist())
    lost, total = counts.total(), len(y) + counts.total() - len(unusable)
    news = {reason for reason in counts if "recording" in reason}
    news |= {f"class {label!r}" for label in gone}
    if lost > MOST_SHARE * total:
        news |= set(counts)
    if news <= told:
        return
    told |= news
    reasons = []
    for reason, count in counts.most_common():
        some = ", ".join(examples.get(reason, [])[:_N_NAMES])
        reasons.append(f"{count} {reason}" + (f" (such as {some})" if some else ""))
    none_left = f" No instance is left of {', '.join(map(repr, sorted(gone)))}." if gone else ""
    warnings.warn(
        f"{lost} of {total} are left out: {'; '.join(reasons)}.{none_left}",
        UserWarning,
        stacklevel=4,
    )
