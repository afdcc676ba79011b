"""What sends work to workers, and how the death of one is known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Workers:
    """What sends work to workers.

    Attributes
    ----------
    n : int
        How many work at a time.
    send : callable
        Function of (function, items, shared, seconds), see `__call__`.
    """

    n: int
    send: Callable[..., Iterator[Any]]

    def __call__(
        self,
        function: Callable,
        items: Iterable[Any],
        *shared: Any,
        seconds: float | None = None,
    ) -> Iterator[Any]:
        """Give the results of a function of each item, in any order.

        Parameters
        ----------
        function : callable
            Takes an item and all that is shared.
        items : iterable
            One job each.
        *shared : object
            What all jobs need; it travels to each worker once.
        seconds : float, optional
            Give up after so long. Processes of this machine are waited for all the same.

        Yields
        ------
        object
            As the jobs end.

        Raises
        ------
        TimeoutError
            If jobs of a cluster have not ended in time.
        Exception
            What a job raises.
        """
        yield from self.send(function, items, shared, seconds)


def is_death(error: BaseException) -> bool:
    """Return True if an error means that a worker died, not that it reported an error.

    Parameters
    ----------
    error : Exception
        What `Workers` raised.
    """
    names = {cls.__name__ for cls in type(error).__mro__}
    return bool(
        names
        & {
            "BrokenProcessPool", "KilledWorker", "WorkerCrashedError", "RayActorError",
            "OutOfMemoryError", "NodeDiedError",
        }
    )  # fmt: skip
