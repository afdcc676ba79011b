"""The repeats of a pre-training, one after the other or at the same time on workers."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sktl._files import write_whole
from sktl._parallel import Workers, is_death
from sktl.pretraining._stream import fit_stream
from sktl.pretraining.from_file import fit_from_file
from sktl.pretraining.instances import Instances
from sktl.sources import is_source

# Test instances held at once where they stay in their file.
_BATCH = 512
# A worker that dies without finishing anything, again and again, cannot be helped.
_MOST_DEATHS = 3


@dataclass(frozen=True)
class Repeats:
    """Trainings of one network from different seeds, each kept in a folder once it is finished.

    Parameters
    ----------
    network : estimator of sktl.estimators
        What is trained.
    instances : Instances
        What on.
    fresh : bool
        Simulate new training instances for every epoch.
    folder : pathlib.Path
        Where finished repeats are kept.
    name : str
        Of the source.
    seed : int
        What the seeds of all repeats are made of.
    """

    network: Any
    instances: Instances
    fresh: bool
    folder: Path
    name: str
    seed: int

    def at(self, number: int) -> Path:
        """Return where a repeat is kept, or will be."""
        return self.folder / str(number)

    def each(self, numbers: Iterable[int], workers: Workers | None = None) -> Iterator[int]:
        """Train those repeats that are not kept yet, and give the number of each.

        Parameters
        ----------
        numbers : iterable of int
            Which.
        workers : Workers, optional
            What trains them, in any order; default: this process, one after the other.

        Yields
        ------
        int
            Number of a repeat that is finished.

        Raises
        ------
        RuntimeError
            If workers die again and again.
        """
        if workers is None:
            for number in numbers:
                if not is_source(self.at(number)):
                    self.train(number)
                yield number
            return
        left = dict.fromkeys(numbers)
        # A worker makes no folder, so that one that does not see this one says so.
        self.folder.mkdir(parents=True, exist_ok=True)
        deaths = 0
        while left:
            for number in [number for number in left if is_source(self.at(number))]:
                del left[number]
                yield number
            before = len(left)
            try:
                for number in workers(_train_one, list(left), self):
                    del left[number]
                    yield number
            except Exception as error:
                if not is_death(error):
                    raise
                deaths = deaths + 1 if len(left) == before else 1
                if deaths >= _MOST_DEATHS:
                    raise RuntimeError(
                        f"Workers died {deaths} times in a row and finished no repeat (killed, or "
                        "out of memory). Finished repeats are kept: the same call goes on. "
                        f"Received: {error}"
                    ) from error

    def train(self, number: int) -> None:
        """Train a repeat and keep it with its scores and curve; the source's folder comes last."""
        from sktl.evaluation.metrics import mean_absolute_error, weighted_f1
        from sktl.training.column_targets import relative_errors

        seed = np.random.SeedSequence([self.seed, number, 7]).generate_state(1)[0]
        estimator = self.network.clone().set_params(random_state=int(seed >> 1))
        instances, at = self.instances, self.at(number)
        if instances.stay_in_file:
            fit_from_file(estimator, instances.in_file("train"), instances.in_file("validation"))
            predicted = [estimator.predict(X) for X, _ in instances.in_file("test").batches(_BATCH)]
        else:
            validation = instances.part("validation")
            if self.fresh:
                fit_stream(estimator, lambda epoch: instances.part("train", epoch), validation)
            else:
                estimator.fit(*instances.part("train"), validation_data=validation)
            predicted = [estimator.predict(instances.part("test")[0])]
        y = instances.targets("test")
        results = {
            "validation": float(estimator.history_["val_score"][estimator.best_epoch_]),
            "n_test": len(y),
            "epochs": len(estimator.history_),
        }
        spec = instances.spec
        if spec.targets:
            errors = relative_errors(y, np.concatenate(predicted))
            results["test"] = float(errors.mean())
            results["targets"] = dict(zip(spec.targets, errors.tolist(), strict=True))
        else:
            measure = weighted_f1 if spec.task == "classification" else mean_absolute_error
            results["test"] = float(measure(y, np.concatenate(predicted)))
        write_whole(at.with_name(f"{at.name}.csv"), estimator.history_.to_csv().encode())
        write_whole(at.with_name(f"{at.name}.json"), json.dumps(results).encode())
        estimator.save_pretrained(at, name=self.name)


def _train_one(number: int, repeats: Repeats) -> int:
    """Train a repeat in a worker, unless it is there, and give its number."""
    if not repeats.folder.is_dir():
        raise FileNotFoundError(
            "A worker must see the folder of the sources under the same path. "
            f"Received: {repeats.folder} on {socket.gethostname()}"
        )
    if not is_source(repeats.at(number)):
        repeats.train(number)
    return number
