"""Magnitudes from pictures of waveforms: what ImageNet's weights bring, and against what.

    python -m benchmarks.studies.magnitude_images --profile quick --out results/pictures
    python -m benchmarks.studies.magnitude_images --profile ordinal --out results/ordinal
    python -m benchmarks.studies.magnitude_images --profile paper --waveforms FILE.hdf5
    python -m benchmarks.studies.magnitude_images --waveforms FILE.hdf5 --draw PICTURE.png

The experiment of Wang and Wang, "Research on earthquake magnitude prediction method based on
Resnet transfer learning": 30 classes of 0.1 below magnitude 3, P, S and the end of the coda
marked, 80 % to train (15 % of it to select on) and 20 % to test. ResNets by three strategies and a
plain CNN read pictures; MagNet and ConvNetQuake read the same traces as series and predict the
magnitude, and ConvNetQuake the classes as well (with the logarithm of the stream max). Classes
have an order: rows "ordinal" are the same networks with ``output="ordinal"`` (CORN) instead of the
published softmax. The training mean and Richter's line (logarithms of amplitude and of S minus P)
need no network. Where STEAD's waveforms_11_13_19.hdf5 is in sktl's
cache or $SKTL_MIRROR, or --waveforms gives a file of its form, traces are real; else they are
simulated, and the output says so.

The validation part decides when the learning rate falls and which epoch's weights are kept; the
test part is used once. The profile quick (17 minutes of one core) is small: pictures of 64 pixels,
40 traces a class, at most 25 epochs; "ordinal" has the networks from scratch alone, with both
outputs, three seeds of data, split and weights. Finished fits are kept in --out, and the same
command continues. A strategy whose ImageNet weights are not on this machine is listed as not
run. Into --out go table.md, ours beside the paper's, table.csv with 95 % bootstrap
intervals over the test traces (of all seeds together), by_seed.csv, figure8.png, confusion.png,
predictions.npz and facts.json.
"""

import argparse
import hashlib
import json
import time
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import train_test_split

from benchmarks.studies.magnitude_images_figures import (
    draw_confusion,
    draw_pictures,
    draw_scatter,
)
from benchmarks.studies.magnitude_images_tables import beside, contradictions, intervals, scores
from sktl.datasets import fetch_files
from sktl.datasets.simulators import simulate_stead, travel_times
from sktl.datasets.stead import SPEC
from sktl.estimators import (
    ConvNetQuakeINGVClassifier,
    ConvNetQuakeINGVRegressor,
    MagNetRegressor,
    ResNetImageClassifier,
)
from sktl.estimators.images import add_marks, magnitude_classes, magnitude_midpoints

RATE, N_CLASSES = 100, 30
# Arguments that change no fit.
FREE = ("out", "draw", "only", "networks", "profile", "seeds", "simulated")
CLASSES = "ConvNetQuake (series, classes)"
PROFILES = {
    "quick": {"per_class": 40, "size": 64, "epochs": 25, "seeds": 1, "only": None},
    "ordinal": {
        "per_class": 40, "size": 64, "epochs": 25, "seeds": 3,
        "only": ["training mean", "Richter's line", CLASSES, f"{CLASSES} ordinal", "CNN",
                 "CNN ordinal", "resnet18 scratch", "resnet18 scratch ordinal"],
    },
    "paper": {"per_class": 300, "size": 224, "epochs": 100, "seeds": 3, "only": None},
}  # fmt: skip


def simulated(per_class, seed):
    """Simulate as many traces for every class; distances grow with magnitude, as in catalogues.

    P is marked where it was asked for, S by a crust of 6.1 km/s and vp/vs 1.73 (the simulated
    ones scatter around these), the end of the coda where `coda_end` finds it.
    """
    rng = np.random.default_rng(seed)
    numbers = np.repeat(np.arange(1, N_CLASSES + 1), per_class)
    magnitude = numbers * 0.1 - rng.uniform(0, 0.0999, len(numbers))
    distance = np.clip(10 * 10 ** (0.3 * magnitude + rng.normal(0, 0.2, len(numbers))), 3, 200)
    depth = np.clip(rng.lognormal(2, 0.5, len(numbers)), 1, 25)
    lead = rng.uniform(5, 10, len(numbers))
    catalogue = {
        "magnitude": magnitude, "distance_km": distance, "depth_km": depth, "lead_s": lead,
    }  # fmt: skip
    X, _ = simulate_stead(len(numbers), random_state=seed, catalogue=catalogue)
    p_time, s_time = travel_times(distance, depth, np.array(6.1), np.array(1.73))
    p, s = RATE * lead, RATE * (lead + s_time - p_time)
    return X, magnitude, np.stack([p, s, coda_end(X, p, s)])


def coda_end(X, p, s):
    """Return the last sample after S at which a second's deviation is twice that before P."""
    seconds = X.reshape(*X.shape[:2], -1, RATE).std(axis=3).mean(axis=1)
    ends = []
    for row, first, second in zip(
        seconds, (p // RATE).astype(int), (s // RATE).astype(int), strict=True
    ):
        noise = row[1 : max(first, 2)].mean()
        loud = np.flatnonzero(row[second + 1 :] > 2 * noise) + second + 1
        ends.append(RATE * (loud[-1] + 1 if len(loud) else second + 2))
    return np.minimum(ends, X.shape[2] - 1)


def stead_here():
    """Return where the official file of STEAD is, None where it is not on this machine."""
    try:
        return str(fetch_files(SPEC, download_if_missing=False))
    except FileNotFoundError:
        return None


def real(path, per_class, seed):
    """Read marked earthquakes of magnitude above 0 to 3 from STEAD, up to `per_class` of each."""
    left = dict.fromkeys(range(1, N_CLASSES + 1), per_class)
    traces, magnitudes, marks = [], [], []
    with h5py.File(path) as file:
        group = file["earthquake/local"] if "earthquake" in file else file["data"]
        names = np.random.default_rng(seed).permutation(list(group))
        for name in names:
            attributes = group[name].attrs
            keys = ("source_magnitude", "p_arrival_sample", "s_arrival_sample", "coda_end_sample")
            try:
                magnitude, *samples = (float(np.ravel(attributes[key])[0]) for key in keys)
            except (KeyError, ValueError):
                continue
            number = int(magnitude_classes([magnitude])[0])
            if not left.get(number) or not np.isfinite(samples).all():
                continue
            left[number] -= 1
            traces.append(group[name][()].T)
            magnitudes.append(magnitude)
            marks.append(samples)
            if not any(left.values()):
                break
    return np.stack(traces).astype("float32"), np.array(magnitudes), np.array(marks).T


def picture_fit(network, strategy, arguments, output="softmax"):
    """Return a function that trains on pictures and predicts magnitudes."""

    def fit(train, test):
        X, magnitudes, marks = train
        estimator = ResNetImageClassifier(
            network=network,
            strategy=strategy,
            source=None if strategy == "scratch" else "imagenet",
            omega=arguments.omega,
            n_marks=3,
            picture_size=arguments.size,
            stream_max=None if arguments.pictures_alone else "standard",
            output=output,
            **common(arguments),
        ).fit(add_marks(X, *marks), magnitude_classes(magnitudes))
        marked = add_marks(test[0], *test[2])
        return estimator.predict_magnitude(marked), len(estimator.history_)

    return fit


def series_fit(cls, arguments):
    """Return a function that trains on series."""

    def fit(train, test):
        estimator = cls(**common(arguments)).fit(train[0], train[1])
        return estimator.predict(test[0]), len(estimator.history_)

    return fit


def classes_fit(cls, arguments, output):
    """Return a function that trains on series and their classes, as the pictures' networks do."""

    def fit(train, test):
        estimator = cls(**common(arguments), stream_max="log", output=output)
        estimator.fit(train[0], magnitude_classes(train[1]))
        return magnitude_midpoints(estimator.predict(test[0])), len(estimator.history_)

    return fit


def common(arguments):
    """Give what all networks share."""
    return {
        "schedule": "published",
        "n_epochs": arguments.epochs,
        "learning_rate": arguments.learning_rate,
        "random_state": arguments.seed,
    }


def mean_fit(train, test):
    """Predict the training mean."""
    return np.full(len(test[0]), train[1].mean()), 0


def richter_fit(train, test):
    """Predict by a plane through the logarithms of amplitude and of S minus P."""

    def features(X, _, marks):
        amplitude = np.abs(X).max(axis=(1, 2)) + 1e-12
        return np.log10(np.stack([amplitude, np.maximum(marks[1] - marks[0], 1)])).T

    line = LinearRegression().fit(features(*train), train[1])
    return line.predict(features(*test)), 0


def part(data, index):
    """Take instances of traces, magnitudes and marks."""
    return data[0][index], data[1][index], data[2][:, index]


def methods_of(arguments):
    """Give what is compared, by the name of its row."""
    methods = {"training mean": mean_fit, "Richter's line": richter_fit}
    methods["ConvNetQuake (series)"] = series_fit(ConvNetQuakeINGVRegressor, arguments)
    methods["MagNet (series)"] = series_fit(MagNetRegressor, arguments)
    for name, output in {CLASSES: "softmax", f"{CLASSES} ordinal": "ordinal"}.items():
        methods[name] = classes_fit(ConvNetQuakeINGVClassifier, arguments, output)
    methods["CNN"] = picture_fit("cnn", "scratch", arguments)
    methods["CNN ordinal"] = picture_fit("cnn", "scratch", arguments, "ordinal")
    for network in arguments.networks:
        for strategy in ("head", "full", "scratch"):
            name = f"{network} {strategy}"
            methods[name] = picture_fit(network, strategy, arguments)
            methods[f"{name} ordinal"] = picture_fit(network, strategy, arguments, "ordinal")
    if unknown := set(arguments.only or ()) - set(methods):
        raise SystemExit(f"--only takes of {list(methods)}. Received: {sorted(unknown)}")
    return {name: methods[name] for name in arguments.only or methods}


def run(arguments, data, folder):
    """Fit what is not in the folder; yield name, true and predicted magnitudes, facts."""
    X, magnitudes, _ = data
    classes, counts = np.unique(magnitude_classes(magnitudes), return_counts=True)
    many = counts.min() > 1 and len(X) // 5 >= len(classes)
    train, test = train_test_split(
        np.arange(len(X)),
        test_size=0.2,
        random_state=arguments.seed,
        stratify=magnitude_classes(magnitudes) if many else None,
    )
    chosen = {name: str(value) for name, value in vars(arguments).items() if name not in FREE}
    for name, fit in methods_of(arguments).items():
        key = hashlib.sha256(json.dumps([name, chosen], sort_keys=True).encode()).hexdigest()
        kept = folder / "fits" / f"{name} {arguments.seed} {key[:12]}.npz"
        if kept.exists():
            with np.load(kept) as file:
                costs = {one: int(file[one]) for one in ("epochs", "seconds")}
                yield name, magnitudes[test], file["predicted"], costs
            continue
        begin = time.process_time()
        try:
            predicted, epochs = fit(part(data, train), part(data, test))
        except ConnectionError as error:
            print(f"{name}: NOT RUN, {error}", flush=True)
            yield name, magnitudes[test], None, {}
            continue
        costs = {"epochs": epochs, "seconds": round(time.process_time() - begin)}
        print(f"seed {arguments.seed}, {name}: {epochs} epochs, {costs['seconds']} s of processor "
              "time", flush=True)  # fmt: skip
        kept.parent.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(kept, predicted=predicted, **costs)
        yield name, magnitudes[test], predicted, costs


def all_seeds(arguments, folder):
    """Run every seed; yield its number, name, true and predicted magnitudes, facts."""
    first = arguments.seed
    for seed in range(first, first + arguments.seeds):
        arguments.seed = seed
        for one in run(arguments, read(arguments), folder):
            yield seed, *one
    arguments.seed = first


def read(arguments):
    """Read or simulate the traces of a seed."""
    if arguments.waveforms:
        return real(arguments.waveforms, arguments.per_class, arguments.seed)
    return simulated(arguments.per_class, arguments.seed)


def report(found, title, arguments, folder):
    """Write tables and figures of all fits: scores of all seeds' test traces together."""
    results, rows, single = {}, {}, []
    for name, own in found.groupby("name", sort=False):
        costs = pd.DataFrame(list(own["costs"])).mean()
        rows[name] = dict(costs)
        if any(one is None for one in own["predicted"]):
            continue
        true, results[name] = (np.concatenate(list(own[one])) for one in ("true", "predicted"))
        rows[name] = scores(true, results[name]) | dict(costs)
        for score, (low, high) in intervals(true, results[name], arguments.seed).items():
            rows[name] |= {f"{score} from": low, f"{score} to": high}
        single += [{"name": name, "seed": one.seed, **scores(one.true, one.predicted), **one.costs}
                   for one in own.itertuples()]  # fmt: skip
    true = np.concatenate(list(found.groupby("seed")["true"].first()))
    np.savez_compressed(folder / "predictions.npz", true=true, **results)
    table = pd.DataFrame(rows).T
    table.to_csv(folder / "table.csv")
    pd.DataFrame(single).to_csv(folder / "by_seed.csv", index=False)
    draw_scatter(true, results, f"As Figure 8 of the paper; {title}", folder)
    draw_confusion(true, results, N_CLASSES, f"30 classes of 0.1; {title}", folder)
    markdown = "\n".join(beside(table))
    (folder / "table.md").write_text(markdown + "\n")
    print(f"\nOurs, {title} (in brackets the paper's, of real traces)\n\n{markdown}")
    print("\nWhat the paper says cannot all be right:")
    print("\n".join(f"- {line}" for line in contradictions()))


def main():
    """Run the comparison."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--profile", choices=list(PROFILES), default="quick")
    parser.add_argument("--waveforms", default=stead_here(), help="HDF5 in a layout of STEAD")
    parser.add_argument("--simulated", action="store_true", help="simulate even where STEAD is")
    parser.add_argument("--out", default="results/pictures", help="folder of tables and figure")
    parser.add_argument("--draw", metavar="PNG", help="draw some pictures and do nothing else")
    parser.add_argument(
        "--networks", nargs="*", choices=["resnet18", "resnet50"], default=["resnet18", "resnet50"]
    )
    parser.add_argument("--only", nargs="*", metavar="NAME", help="rows of the table; default: all")
    parser.add_argument("--per-class", type=int, help="traces of each class")
    parser.add_argument("--size", type=int, help="height and width of the pictures, in pixels")
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--omega", type=float, default=0.1, help="of the ResNets' transferred part")
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    parser.add_argument("--pictures-alone", action="store_true", help="without the stream max")
    parser.add_argument("--seed", type=int, default=0, help="the first of --seeds")
    parser.add_argument("--seeds", type=int, help="how many times, with other data, split, weights")
    arguments = parser.parse_args()
    for name, value in PROFILES[arguments.profile].items():
        if getattr(arguments, name) is None:
            setattr(arguments, name, value)

    if arguments.simulated:
        arguments.waveforms = None
    kind = "real" if arguments.waveforms else "SIMULATED"
    if arguments.draw:
        draw_pictures(read(arguments), arguments.size, arguments.draw)
        return
    folder = Path(arguments.out)
    folder.mkdir(parents=True, exist_ok=True)
    found = pd.DataFrame(
        all_seeds(arguments, folder), columns=["seed", "name", "true", "predicted", "costs"]
    )
    n_traces = round(found.groupby("seed")["true"].first().map(len).mean() * 5)
    facts = {
        "traces": f"{n_traces} {kind} traces of STEAD's form a seed, {arguments.seeds} seed"
        f"{'s' * (arguments.seeds > 1)}, pictures of {arguments.size} pixels, at most "
        f"{arguments.epochs} epochs, profile {arguments.profile}",
        "date": time.strftime("%d %B %Y"),
    }
    (folder / "facts.json").write_text(json.dumps(vars(arguments) | facts, indent=2))
    report(found, facts["traces"], arguments, folder)


if __name__ == "__main__":
    main()
