"""Pre-training: repeats, the best by validation, a check of convergence, a card."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

import sktl
from sktl._files import check_folder, write_whole
from sktl.estimators.columns import of_columns
from sktl.estimators.lookup import estimator_class
from sktl.pretraining._recipes import Recipe, recipe_for
from sktl.pretraining._stream import fit_stream
from sktl.pretraining.from_file import fit_from_file
from sktl.pretraining.instances import Instances
from sktl.pretraining.joint import spec_of
from sktl.sources import (
    Card,
    check_own_name,
    is_source,
    own_sources_directory,
    read_card,
    read_source,
    save_source,
)

# Test instances held at once where they stay in their file.
_BATCH = 512
# A kernel's rounding to float16 changes a prediction by far less than a repeat does.
_STORAGE = {"float32": np.float32, "float16": np.float16}


class NotConvergedError(RuntimeError):
    """The pre-trained network is hardly better than a constant; no source was written."""


@dataclass(frozen=True)
class Pretrained:
    """A finished pre-training.

    Parameters
    ----------
    path : pathlib.Path
        Folder of the source.
    card : Card
        What it says of itself.
    repeats : list of dict
        Of each repeat: ``validation`` and ``test`` (scores), ``n_test`` and ``epochs``; empty
        where the source was there already.
    """

    path: Path
    card: Card
    repeats: list[dict[str, Any]]


def pretrain(
    source: str,
    architecture: str,
    *,
    data: str = "simulated",
    name: str | None = None,
    split: str = "published",
    n_instances: int = 10_000,
    n_repeats: int = 1,
    n_epochs: int = 30,
    fresh: bool = False,
    recipe: Recipe | None = None,
    n_timepoints: int | None = None,
    path: str | PathLike[str] | None = None,
    out: str | PathLike[str] | None = None,
    random_state: int = 0,
    storage: str = "float32",
    parameters: dict[str, Any] | None = None,
    card: dict[str, Any] | None = None,
    commit: str | None = None,
    memory: float = 2.0,
    progress: Callable[[str], None] = lambda text: None,
) -> Pretrained:
    """Train a network on a dataset, real or simulated, and save it as a source.

    Each repeat trains from another seed on the same data; the best by validation becomes the
    source, if it passes the recipe's check on held-out instances. A finished repeat is kept until
    the source is written: the same call goes on where it was interrupted. Beside the source's
    folder lies ``<name>.curves.csv`` with the learning curves of all repeats.

    Parameters
    ----------
    source : str
        Name of the dataset; or ``"seismic"``: the simulators of STEAD, LEN-DB and LOMAX together,
        and all of their targets at once, see `sktl.datasets.simulators.simulate_seismic`.
    architecture : str
        Such as ``"MagNet"``.
    data : {"simulated", "real"}, default="simulated"
        What to train on.
    name : str, optional
        Name of the source; default: that of the dataset.
    split : {"published", "grouped"}, default="published"
        How real data, or that of a file, is split: ``"grouped"`` validates and tests on people,
        speakers or recordings that were not trained on.
    n_instances : int, default=10_000
        Training instances (an epoch's, if `fresh`). Of real data, about as many are drawn at
        random, and validation and test instances in proportion; all, where there are fewer.
    n_repeats : int, default=1
        Trainings to choose from.
    n_epochs : int, default=30
        Largest number of epochs.
    fresh : bool, default=False
        Simulate new training instances for every epoch.
    recipe : Recipe, optional
        How series are shortened and what counts as converged; default: that of the dataset.
    n_timepoints : int, optional
        Length instead of the recipe's.
    path : path-like, optional
        The dataset's file or folder, or a file of ``sktl simulate``.
    out : path-like, optional
        Directory that gets ``<architecture>/<name>``; default: the user's own sources.
    random_state : int, default=0
        Seed of data, weights and order.
    storage : {"float32", "float16"}, default="float32"
        Precision of the kernels in the file; other weights stay float32.
    parameters : dict, optional
        Parameters of the estimator, such as ``{"batch_size": 64}``.
    card : dict, optional
        Fields of the card: ``licence``, ``citation``, ``notes``, ...
    commit : str, optional
        Commit of the code, for the card.
    memory : float, default=2.0
        Gigabytes that the training may take for its instances. Where they would take more, they
        stay in their file and every epoch reads them: the result is the same.
    progress : callable, optional
        Gets a line of text after every repeat.

    Returns
    -------
    Pretrained
        Path, card and scores.

    Raises
    ------
    ValueError, OSError
        If an argument or the data cannot be used.
    NotConvergedError
        If the best network does not reach the recipe's limit; the repeats are kept.

    Examples
    --------
    >>> import tempfile
    >>> from sktl.pretraining import pretrain
    >>> made = pretrain(
    ...     "S&P 500", "ConvNetQuakeINGV", n_instances=600, n_epochs=8, out=tempfile.mkdtemp()
    ... )
    >>> made.card.name, made.card.simulated, made.card.score["split"]
    ('S&P 500', True, 'held-out simulated')
    """
    if data not in ("simulated", "real"):
        raise ValueError(f"data must be 'simulated' or 'real'. Received: data={data!r}")
    if storage not in _STORAGE:
        raise ValueError(f"storage must be one of {list(_STORAGE)}. Received: storage={storage!r}")
    for given, value in (("n_instances", n_instances), ("n_repeats", n_repeats)):
        if value < 1:
            raise ValueError(f"{given} must be at least 1. Received: {given}={value!r}")
    spec = spec_of(source)
    if data == "simulated":
        spec = spec_of(spec.simulated_name)  # an error where there is no simulator
    if spec.targets and (data == "real" or path is not None):
        raise ValueError(
            f"{spec.name!r} has no files: use data='simulated' without a path. "
            f"Received: data={data!r}, path={path!r}"
        )
    name = name or spec.name
    recipe = recipe or recipe_for(spec.name)
    if n_timepoints is not None:
        recipe = replace(recipe, n_timepoints=n_timepoints)
    instances = Instances(
        spec.name, data == "simulated", recipe, n_instances, random_state,
        None if path is None else str(path), memory, split,
    )  # fmt: skip
    if fresh and not instances.streams:
        raise ValueError("fresh=True needs the simulator: data='simulated' without a path")
    network = _estimator(architecture, spec, n_epochs, parameters or {})
    facts = asdict(instances)
    del facts["memory"]  # it changes no result
    if split == "published":
        del facts["split"]
    settings = {
        **facts, "architecture": architecture, "n_epochs": n_epochs, "fresh": fresh,
        "parameters": parameters or {}, "sktl": sktl.__version__,
    }  # fmt: skip
    key = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:16]
    folder = Path(out or own_sources_directory()).expanduser().resolve() / architecture
    check_own_name(name.removesuffix("-simulated"))
    check_folder(folder)
    if is_source(folder / name):
        present = read_card(folder / name)
        known = (present.training or {}).get("validation_scores", [])
        if (present.training or {}).get("key") == key and len(known) >= n_repeats:
            progress(f"{architecture} {name}: is there already")
            return Pretrained(folder / name, present, [])
    kept = folder / f".{name}.{key}.repeats"
    repeats = []
    for number in range(n_repeats):
        seed = int(np.random.SeedSequence([random_state, number, 7]).generate_state(1)[0] >> 1)
        at = kept / str(number)
        if not is_source(at):
            _train(network.clone().set_params(random_state=seed), instances, fresh, at, name)
        repeats.append(json.loads(at.with_name(f"{number}.json").read_text()))
        progress(
            f"{architecture} {name}: repeat {number + 1} of {n_repeats}, "
            f"validation {repeats[-1]['validation']:.4g}, {repeats[-1]['epochs']} epochs"
        )
    training = {
        "key": key, "seed": random_state, "split": split, "fresh_instances_every_epoch": fresh,
        "window": recipe.window, "every": recipe.every, "storage": storage, "commit": commit,
    }  # fmt: skip
    _finish(folder / name, kept, repeats, instances, training, card or {})
    return Pretrained(folder / name, read_card(folder / name), repeats)


def _finish(folder, kept, repeats, instances, training, card):
    """Choose a repeat, check it, and write the source with its curves."""
    spec = instances.spec
    scores = [repeat["validation"] for repeat in repeats]
    chosen = int(np.argmax(scores) if spec.task == "classification" else np.argmin(scores))
    checked, converged = _check(repeats[chosen], instances)
    made = read_source(kept / str(chosen))
    if not converged:
        raise NotConvergedError(
            f"{made.card.architecture} did not converge on {spec.name}: it needs a "
            f"{checked['rule']} on held-out instances, and reached {checked['relative']:.3g} "
            "times. No source was written: train longer or on more instances. The repeats are "
            f"kept in {kept}."
        )
    final = {
        "dataset": spec.simulated_name if instances.simulated else spec.name,
        "simulated": instances.simulated,
        "domain": spec.domain,
        "sampling_rate": spec.rate_hz and spec.rate_hz / instances.recipe.every,
        "score": {
            "metric": (made.card.score or {})["metric"],
            "value": repeats[chosen]["test"],
            "split": "held-out simulated" if instances.simulated else "test",
        },
        "citation": spec.citation,
        "training": {
            **training, "validation_scores": scores, "chosen_repeat": chosen,
            "epochs": repeats[chosen]["epochs"], "n_test": repeats[chosen]["n_test"], **checked,
            **({"targets": repeats[chosen]["targets"]} if spec.targets else {}),
        },
    }  # fmt: skip
    kind = _STORAGE[training["storage"]]
    arrays = {
        name: array.astype(kind if array.ndim > 1 else np.float32)
        for name, array in made.arrays.items()
    }
    # Where the source is, its curves are, too.
    write_whole(folder.with_name(f"{folder.name}.curves.csv"), _curves(kept, len(repeats)))
    save_source(folder, replace(made.card, **(final | card)), arrays)
    shutil.rmtree(kept, ignore_errors=True)


def _estimator(architecture, spec, n_epochs, parameters):
    # Amplitudes of a dataset in counts say nothing: the published experiment left them out.
    defaults = {"n_epochs": n_epochs, "stream_max": "standard" if spec.stream_max else None}
    kind = estimator_class(architecture, spec.task)
    if spec.targets:
        # Amplitudes in counts and in m/s lie powers of ten apart.
        kind, defaults["stream_max"] = of_columns(kind), "log"
    # As the bundled sources were made, on thousands of instances.
    defaults["schedule"] = "published"
    return kind(**(defaults | parameters))


def _train(estimator, instances, fresh, at, name):
    """Train one repeat and keep it with its scores and curve; the source's folder comes last."""
    from sktl.evaluation.metrics import mean_absolute_error, weighted_f1
    from sktl.training.column_targets import relative_errors

    if instances.stay_in_file:
        fit_from_file(estimator, instances.in_file("train"), instances.in_file("validation"))
        predicted = [estimator.predict(X) for X, _ in instances.in_file("test").batches(_BATCH)]
    else:
        validation = instances.part("validation")
        if fresh:
            fit_stream(estimator, lambda epoch: instances.part("train", epoch), validation)
        else:
            estimator.fit(*instances.part("train"), validation_data=validation)
        predicted = [estimator.predict(instances.part("test")[0])]
    y = instances.targets("test")
    results: dict[str, Any] = {
        "validation": float(estimator.history_["val_score"][estimator.best_epoch_]),
        "n_test": len(y),
        "epochs": len(estimator.history_),
    }
    if instances.spec.targets:
        errors = relative_errors(y, np.concatenate(predicted))
        results["test"] = float(errors.mean())
        results["targets"] = dict(zip(instances.spec.targets, errors.tolist(), strict=True))
    else:
        measure = weighted_f1 if instances.spec.task == "classification" else mean_absolute_error
        results["test"] = float(measure(y, np.concatenate(predicted)))
    write_whole(at.with_name(f"{at.name}.csv"), estimator.history_.to_csv().encode())
    write_whole(at.with_name(f"{at.name}.json"), json.dumps(results).encode())
    estimator.save_pretrained(at, name=name)


def _check(results, instances):
    """Compare a score on held-out instances with that of a constant."""
    limit, score = instances.recipe.limit, results["test"]
    if instances.spec.targets:
        rule = f"mean of the targets' errors, over those of constants, of at most {limit:g}"
        return {"constant": 1.0, "rule": rule, "relative": score}, bool(score <= limit)
    if instances.spec.task == "classification":
        constant = 1 / len(np.unique(instances.targets("train")))
        rule = f"weighted F1 of at least {limit:g} times one over the number of classes"
        converged = score >= limit * constant
    else:
        y = instances.targets("test")
        constant = float(np.abs(y - np.median(instances.targets("train"))).mean())
        rule = f"mean absolute error of at most {limit:g} times that of the best constant"
        converged = score <= limit * constant
    return {"constant": constant, "rule": rule, "relative": score / constant}, bool(converged)


def _curves(kept, n_repeats):
    lines = []
    for number in range(n_repeats):
        header, *rows = (kept / f"{number}.csv").read_text().splitlines()
        lines += [f"repeat,{header}"] if number == 0 else []
        lines += [f"{number},{row}" for row in rows]
    return ("\n".join(lines) + "\n").encode()
