"""One trial from its description to its results."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from sktl._parallel import default_jobs
from sktl.experiments._baselines import BASELINES
from sktl.experiments._data import reduced
from sktl.experiments._from_file import InFile, default_memory, in_file
from sktl.experiments._store import Store
from sktl.experiments._trial import SIMULATED, Trial

METRICS = {"regression": "mae", "classification": "f1_weighted"}
# The networks of the original experiment had three channels everywhere.
N_CHANNELS = 3
_counted: dict[tuple, int] = {}


@contextmanager
def quiet_about_steps() -> Iterator[None]:
    """Leave out the advice to take smaller batches, which the plan has chosen."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="An epoch has", category=UserWarning)
        yield


def execute(trial: Trial, store: Store, memory: float | None = None) -> dict[str, Any]:
    """Run a trial.

    Parameters
    ----------
    trial : Trial
        What to do.
    store : Store
        Where a pre-training leaves its weights.
    memory : float, optional
        Gigabytes that its instances may take; what would take more stays in its file. Default:
        half of the machine's, in equal shares for a worker on each core.

    Returns
    -------
    dict
        Scores, curves and facts: JSON values.

    Raises
    ------
    Exception
        Whatever makes the trial impossible.
    """
    file = store.data_file(trial.data)
    # A pre-training keeps its channels, and so does a baseline; sources are adapted to targets.
    n_channels = N_CHANNELS if trial.kind in ("reference", "transfer") else None
    memory = default_memory(default_jobs()) if memory is None else memory
    instances: InFile | InMemory | None = in_file(trial, n_channels, file, memory)
    if instances is None:
        dataset = reduced(trial.data, trial.n_train, trial.rerun, file)
        instances = InMemory(dataset, n_channels)
    run = _baseline if trial.kind == "baseline" else _network
    return run(trial, instances, store)


@dataclass(frozen=True)
class InMemory:
    """What a trial works on, in memory; see `InFile`.

    Attributes
    ----------
    dataset : sktl.datasets.Dataset
        With the training part of the trial.
    n_channels : int or None
        To which a single channel is repeated.
    """

    dataset: Any
    n_channels: int | None

    @property
    def task(self) -> str:
        """What is predicted."""
        return self.dataset.task

    @property
    def n_train(self) -> int:
        """Number of training instances."""
        return len(self.dataset.train.y)

    @property
    def train(self) -> tuple[np.ndarray, np.ndarray]:
        """The training part."""
        return self._pair("train")

    def fit(self, estimator: Any) -> Any:
        """Fit an estimator of sktl.estimators."""
        return estimator.fit(*self.train, validation_data=self._pair("validation"))

    def batches(self, name: str) -> list[tuple[np.ndarray, np.ndarray]]:
        """Return panel and targets of a part."""
        return [self._pair(name)]

    def _pair(self, name):
        part = self.dataset.part(name)
        return _repeat(part.X, self.n_channels or part.X.shape[1]), part.y


def facts(trial: Trial) -> dict[str, Any]:
    """Return what is known of a trial's record before it is run.

    Parameters
    ----------
    trial : Trial
        The trial.

    Returns
    -------
    dict
        Task, metric, domains (``"seis"``, ``"other"``, or None of your own data), whether the data
        or that of the source is simulated, and whether the source is loaded by its name.
    """
    from sktl.datasets import get_spec, list_datasets
    from sktl.sources import domain_of, find_card

    known = {spec.name: spec for spec in list_datasets()}

    def domain(name):
        spec = known.get(name.removesuffix(SIMULATED))
        return spec and side(spec.domain)

    def side(found):
        return "seis" if found == "seismology" else "other"

    def source_facts():
        if not trial.source_loaded:
            simulated = bool(trial.source and trial.source.endswith(SIMULATED))
            return simulated, trial.source and domain(trial.source)
        card = find_card(trial.source, trial.architecture)  # type: ignore[arg-type]  # it has a name
        return bool(card.simulated), side(domain_of(card))

    task = trial.data.task or get_spec(trial.data.name).task
    simulated, source_domain = source_facts()
    return {
        "task": task,
        "metric": METRICS[task],
        "simulated": trial.data.simulated or simulated,
        "target_domain": domain(trial.data.name),
        "source_domain": source_domain,
        **({"source_loaded": trial.source_loaded} if trial.source else {}),
    }


def score(task: str, y: np.ndarray, predicted: np.ndarray) -> float:
    """Return the score of the task's metric.

    Parameters
    ----------
    task : {"regression", "classification"}
        Which metric, see `METRICS`.
    y, predicted : np.ndarray of shape (n_instances,)
        What is and what was predicted.

    Returns
    -------
    float
        In the unit of y for regression.

    Raises
    ------
    FloatingPointError
        If a predicted number is not finite.
    """
    from sktl.evaluation.metrics import mean_absolute_error, weighted_f1

    if task == "regression" and not np.isfinite(predicted).all():
        raise FloatingPointError("The network predicts numbers that are not finite.")
    measure = weighted_f1 if task == "classification" else mean_absolute_error
    return float(measure(y, predicted))


def _baseline(trial, instances, store):
    fit, _ = BASELINES[trial.architecture]
    X, y = instances.train
    predict = fit(X, y, instances.task, trial.random_state)
    names = ("validation", "test")
    scores = {f"{name}_score": _score(predict, instances, name) for name in names}
    return {"n_train": instances.n_train, **scores}


def _score(predict, instances, name):
    """Predict a part, a batch at a time where it is in its file, and return its score."""
    pairs = [(y, predict(X)) for X, y in instances.batches(name)]
    return score(instances.task, *(np.concatenate(column) for column in zip(*pairs, strict=True)))


def _network(trial, instances, store):
    estimator = make_estimator(trial, instances.task)
    with quiet_about_steps():
        instances.fit(estimator)
    history, best = estimator.history_, int(estimator.best_epoch_)
    results = {
        "n_train": instances.n_train,
        "test_score": _score(estimator.predict, instances, "test"),
        "validation_score": float(history["val_score"][best]),
        "epochs": int(history.index[-1]),
        "best_epoch": best,
        "loss": estimator._loss,
        "monitor": estimator.monitor,
        "n_parameters": _n_parameters(estimator, trial),
        "random_state": trial.random_state,
        # A divergence ends the training after its epoch, and the best epoch before is used.
        "diverged": not np.isfinite(history.iloc[-1]).all(),
        "curves": {
            "validation": _curve(history["val_score"]),
            "training_loss": _curve(history["loss"]),
            "validation_loss": _curve(history["val_loss"]),
        },
    }
    if estimator.source_ is not None:
        results["source_used"] = estimator.source_.name
        _check_source(trial, estimator.source_)
    if trial.kind == "pretraining":
        results |= _save(trial, estimator, instances.dataset, store)
    return results


def _check_source(trial, card):
    """Refuse weights that are not those of the plan: a name means another source elsewhere."""
    if trial.source_loaded and card.weights_sha256 != trial.weights_sha256:
        raise ValueError(
            f"The source {trial.source!r} of {trial.architecture} has changed since the run began, "
            f"or is another one on this machine. Received: sha256={card.weights_sha256} instead of "
            f"{trial.weights_sha256}"
        )


def make_estimator(trial: Trial, task: str):
    """Make the estimator of a trial, not fitted.

    Parameters
    ----------
    trial : Trial
        What it shall do.
    task : {"regression", "classification"}
        Which of the two classes of an architecture.

    Returns
    -------
    estimator
        A classifier or regressor of `sktl.estimators`.
    """
    from sktl.estimators.lookup import estimator_class

    return estimator_class(trial.architecture, task)(
        source=trial.weights_path or trial.source,
        omega=1.0 if trial.omega is None else trial.omega,
        random_state=trial.random_state,
        **{"schedule": "published"} | dict(trial.parameters),
    )


def _repeat(X, n_channels):
    return np.repeat(X, n_channels, axis=1) if X.shape[1] == 1 < n_channels else X


def _n_parameters(estimator, trial):
    """Count trainable parameters once for each network: building one takes a while."""
    whole = trial.kind == "pretraining"
    network = (type(estimator), trial.data, whole, repr(trial.parameters))
    if network not in _counted:
        variables = estimator.network_.trainable_variables
        _counted[network] = int(sum(np.prod(variable.shape) for variable in variables))
    return _counted[network]


def _curve(column):
    """Return one number per epoch, None where it is not finite."""
    return [float(value) if np.isfinite(value) else None for value in column]


def _save(trial, estimator, dataset, store):
    from sktl.sources import load_source

    folder = store.source_folder(trial)
    estimator.save_pretrained(
        folder,
        name=trial.data.name,
        dataset=dataset.name,
        simulated=dataset.simulated,
        sampling_rate=None if trial.data.n_timepoints else dataset.sampling_rate,
        notes=f"pre-training {trial.key} of a grid",
    )
    return {"weights_sha256": load_source(folder, trial.architecture).card.weights_sha256}
