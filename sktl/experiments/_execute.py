"""One trial from its description to its results."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from sktl.experiments._baselines import BASELINES
from sktl.experiments._data import reduced
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


def execute(trial: Trial, store: Store) -> dict[str, Any]:
    """Run a trial.

    Parameters
    ----------
    trial : Trial
        What to do.
    store : Store
        Where a pre-training leaves its weights.

    Returns
    -------
    dict
        Scores, curves and facts: JSON values.

    Raises
    ------
    Exception
        Whatever makes the trial impossible.
    """
    dataset = reduced(trial.data, trial.n_train, trial.rerun, store.data_file(trial.data))
    run = _baseline if trial.kind == "baseline" else _network
    return {"n_train": len(dataset.train.y), **run(trial, dataset, store)}


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
        or that of the source is simulated.
    """
    from sktl.datasets import get_spec, list_datasets

    known = {spec.name: spec for spec in list_datasets()}

    def domain(name):
        spec = known.get(name.removesuffix(SIMULATED))
        return spec and ("seis" if spec.domain == "seismology" else "other")

    task = trial.data.task or get_spec(trial.data.name).task
    return {
        "task": task,
        "metric": METRICS[task],
        "simulated": trial.data.simulated
        or bool(trial.source and trial.source.endswith(SIMULATED)),
        "target_domain": domain(trial.data.name),
        "source_domain": trial.source and domain(trial.source),
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


def _baseline(trial, dataset, store):
    fit, _ = BASELINES[trial.architecture]
    predict = fit(dataset.train.X, dataset.train.y, dataset.task, trial.random_state)
    parts = (("validation", dataset.validation), ("test", dataset.test))
    return {f"{name}_score": score(dataset.task, part.y, predict(part.X)) for name, part in parts}


def _network(trial, dataset, store):
    estimator = make_estimator(trial, dataset.task)
    # A pre-training keeps its channels; its source is adapted to the target's.
    n_channels = dataset.n_channels if trial.kind == "pretraining" else N_CHANNELS
    training, validation, test = (
        (_repeat(part.X, n_channels), part.y)
        for part in (dataset.train, dataset.validation, dataset.test)
    )
    with quiet_about_steps():
        estimator.fit(*training, validation_data=validation)
    history, best = estimator.history_, int(estimator.best_epoch_)
    results = {
        "test_score": score(dataset.task, test[1], estimator.predict(test[0])),
        "validation_score": float(history["val_score"][best]),
        "epochs": int(history.index[-1]),
        "best_epoch": best,
        "loss": estimator._loss,
        "monitor": estimator.monitor,
        "n_parameters": _n_parameters(estimator, trial, dataset, n_channels),
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
    if trial.kind == "pretraining":
        results |= _save(trial, estimator, dataset, store)
    return results


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


def _n_parameters(estimator, trial, dataset, n_channels):
    """Count trainable parameters once for each network: building one takes a while."""
    facts = (trial.data.name, dataset.n_timepoints, n_channels, repr(trial.parameters))
    network = (type(estimator), *facts)
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
