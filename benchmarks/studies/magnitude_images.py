"""Magnitudes from pictures of waveforms: what ImageNet's weights bring, and against what.

    python -m benchmarks.studies.magnitude_images --profile quick --out results/pictures
    python -m benchmarks.studies.magnitude_images --profile paper --waveforms FILE.hdf5
    python -m benchmarks.studies.magnitude_images --waveforms FILE.hdf5 --draw PICTURE.png

The experiment of Wang and Wang, "Research on earthquake magnitude prediction method based on
Resnet transfer learning": 30 classes of 0.1 below magnitude 3, P, S and the end of the coda
marked, 80 % to train (15 % of it to select on) and 20 % to test. ResNets by three strategies and a
plain CNN read pictures; MagNet and ConvNetQuake read the same traces as series and predict the
magnitude; the training mean and Richter's line (logarithms of amplitude and of S minus P) need
no network. Where STEAD's waveforms_11_13_19.hdf5 is in sktl's cache or $SKTL_MIRROR, or --waveforms
gives a file of its form, traces are real; else they are simulated, and the output says so.

The validation part decides when the learning rate falls and which epoch's weights are kept; the
test part is used once. The profile quick (17 minutes of one core) is small: pictures of 64 pixels,
40 traces a class, at most 25 epochs. A strategy whose ImageNet weights are not on this machine is
listed as not run. Into --out go table.md, ours beside the paper's, table.csv with 95 % bootstrap
intervals over the test traces, figure8.png, predictions.npz and facts.json.
"""

import argparse
import json
import time
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
from sklearn.linear_model import LinearRegression
from sklearn.metrics import accuracy_score, precision_recall_fscore_support
from sklearn.model_selection import train_test_split

from sktl.datasets import fetch_files
from sktl.datasets.simulators import simulate_stead, travel_times
from sktl.datasets.stead import SPEC
from sktl.estimators import ConvNetQuakeINGVRegressor, MagNetRegressor, ResNetImageClassifier
from sktl.estimators.images import add_marks, magnitude_classes, render_pictures

RATE, N_CLASSES = 100, 30
PROFILES = {
    "quick": {"per_class": 40, "size": 64, "epochs": 25},
    "paper": {"per_class": 300, "size": 224, "epochs": 100},
}
# Tables 2 and 3 of the paper: percent, then counts of 300 and what it calls variance.
PAPER = {
    "CNN": (79.04, 75.71, 72.13, 178, 237, 0.32993),
    "resnet18 head": (75.44, 71.27, 72.52, 186, 263, 0.29938),
    "resnet18 full": (80.47, 79.55, 79.18, 210, 269, 0.23717),
    "resnet18 scratch": (85.10, 83.48, 82.60, 241, 282, 0.16237),
    "resnet50 head": (72.91, 70.10, 70.97, 155, 207, 0.31531),
    "resnet50 full": (76.63, 75.86, 75.37, 165, 231, 0.24238),
    "resnet50 scratch": (82.65, 81.37, 84.00, 193, 262, 0.22595),
}


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


def picture_fit(network, strategy, arguments):
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


def scores(magnitudes, predicted):
    """Score magnitudes as classes and as numbers; precision, recall and F1 are macro means."""
    true, guessed = magnitude_classes(magnitudes), magnitude_classes(predicted)
    precision, recall, f1, _ = precision_recall_fscore_support(
        true, guessed, labels=np.unique(true), average="macro", zero_division=0
    )
    error = predicted - magnitudes
    return {
        "accuracy %": 100 * accuracy_score(true, guessed),
        "precision %": 100 * precision,
        "recall %": 100 * recall,
        "F1 %": 100 * f1,
        "within 0.2 %": 100 * np.mean(np.abs(error) <= 0.2),
        "within 0.3 %": 100 * np.mean(np.abs(error) <= 0.3),
        "error variance": np.var(error),
        "mean abs. error": np.abs(error).mean(),
    }


def intervals(magnitudes, predicted, seed, n_draws=1000):
    """Give each score's 95 % interval by drawing test traces with replacement."""
    rng = np.random.default_rng(seed)
    draws = rng.integers(len(magnitudes), size=(n_draws, len(magnitudes)))
    drawn = pd.DataFrame([scores(magnitudes[i], predicted[i]) for i in draws])
    return {name: np.percentile(drawn[name], [2.5, 97.5]) for name in drawn}


def part(data, index):
    """Take instances of traces, magnitudes and marks."""
    return data[0][index], data[1][index], data[2][:, index]


def run(arguments, data):
    """Fit everything; yield name, true and predicted magnitudes, facts."""
    X, magnitudes, _ = data
    classes, counts = np.unique(magnitude_classes(magnitudes), return_counts=True)
    many = counts.min() > 1 and len(X) // 5 >= len(classes)
    train, test = train_test_split(
        np.arange(len(X)),
        test_size=0.2,
        random_state=arguments.seed,
        stratify=magnitude_classes(magnitudes) if many else None,
    )
    methods = {"training mean": mean_fit, "Richter's line": richter_fit}
    methods["ConvNetQuake (series)"] = series_fit(ConvNetQuakeINGVRegressor, arguments)
    methods["MagNet (series)"] = series_fit(MagNetRegressor, arguments)
    methods["CNN"] = picture_fit("cnn", "scratch", arguments)
    for network in arguments.networks:
        for strategy in ("head", "full", "scratch"):
            methods[f"{network} {strategy}"] = picture_fit(network, strategy, arguments)
    if unknown := set(arguments.only or ()) - set(methods):
        raise SystemExit(f"--only takes of {list(methods)}. Received: {sorted(unknown)}")
    for name in arguments.only or methods:
        fit = methods[name]
        begin = time.process_time()
        try:
            predicted, epochs = fit(part(data, train), part(data, test))
        except ConnectionError as error:
            print(f"{name}: NOT RUN, {error}", flush=True)
            yield name, magnitudes[test], None, {}
            continue
        seconds = time.process_time() - begin
        print(f"{name}: {epochs} epochs, {seconds:.0f} s of processor time", flush=True)
        yield name, magnitudes[test], predicted, {"epochs": epochs, "seconds": round(seconds)}


def paper_table():
    """Return the paper's Tables 2 and 3 as percentages."""
    return pd.DataFrame(
        {
            name: {
                "accuracy %": accuracy,
                "precision %": precision,
                "recall %": recall,
                "within 0.2 %": near / 3,
                "within 0.3 %": nearer / 3,
                "error variance": variance,
            }
            for name, (accuracy, precision, recall, near, nearer, variance) in PAPER.items()
        }
    ).T


def beside(ours):
    """Write Markdown: our scores with their intervals, the paper's in brackets where it has any."""
    paper = paper_table()
    columns = [name for name in ours if name.endswith("%") or name == "error variance"]
    yield "| | " + " | ".join([*columns, "epochs"]) + " |"
    yield "|---" * (len(columns) + 2) + "|"
    for name, row in ours.iterrows():
        cells = []
        for column in columns:
            form = ".1f" if column.endswith("%") else ".3f"
            cell = "not run" if np.isnan(row[column]) else f"{row[column]:{form}}"
            if not np.isnan(row[column]) and column not in ("precision %", "recall %", "F1 %"):
                low, high = row[f"{column} from"], row[f"{column} to"]
                cell += f", {low:{form}} to {high:{form}}"
            if name in paper.index and column in paper:
                cell += f" ({paper.loc[name, column]:{form}})"
            cells.append(cell)
        cells.append(f"{row['epochs']:.0f}" if row["epochs"] > 0 else "")
        yield f"| {name} | " + " | ".join(cells) + " |"


def contradictions():
    """Say where the paper's numbers cannot all be right."""
    table = paper_table()
    below = table[table["within 0.2 %"] < table["accuracy %"]]
    yield (
        f"{len(below)} of {len(table)} rows have a smaller share within 0.2 (Table 3) than "
        "accuracy (Table 2), although whoever hits the class errs by at most 0.05."
    )
    yield "The abstract gives 86.33 % within 0.2 for the best model, text and Table 3 80.3 %."
    yield (
        "The third strategy: the abstract and section IV.B start from random weights and, in the "
        "same sentences, from ImageNet's; section III.B trains the last layer alone, which is also "
        "what it says of the first."
    )
    gap = table["recall %"] - table["accuracy %"]
    yield (
        "If the classes are equally large, as its choice of traces suggests, the mean recall is "
        f"the accuracy; in Table 2 it differs by {gap.min():+.1f} to {gap.max():+.1f} points."
    )


def draw_scatter(true, results, title, folder):
    """Draw the paper's Figure 8: predicted against true magnitudes, with lines at 0.3."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    columns = min(4, len(results))
    rows = -(-len(results) // columns)
    figure, axes = plt.subplots(
        rows, columns, figsize=(3 * columns, 3.2 * rows), squeeze=False, layout="constrained"
    )
    for axis in axes.flat[len(results) :]:
        axis.axis("off")
    for axis, (name, predicted) in zip(axes.flat, results.items(), strict=False):
        axis.plot(true, predicted, "o", markersize=3, alpha=0.5)
        for shift, style in ((0, "-"), (0.3, "--"), (-0.3, "--")):
            axis.plot([0, 3], [shift, 3 + shift], style, color="0.4", linewidth=0.8)
        axis.set(title=name, xlim=(0, 3), ylim=(-0.5, 3.5), xlabel="magnitude", ylabel="predicted")
    figure.suptitle(title)
    figure.savefig(folder / "figure8.png", dpi=80)


def draw_pictures(data, size, path):
    """Draw what the networks see of some traces, ordered by magnitude."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    X, magnitudes, marks = data
    chosen = np.argsort(magnitudes)[np.linspace(0, len(X) - 1, 4).astype(int)]
    X = add_marks(X, *marks)
    options = ({}, {"amplitude": "log"}, {"resize": round(size * 8 / 7), "line_width": 2})
    names = ("default", 'amplitude="log"', f"resize={round(size * 8 / 7)}, line_width=2")
    figure, axes = plt.subplots(3, 4, figsize=(11, 9), layout="constrained")
    for row, given, name in zip(axes, options, names, strict=True):
        pictures = render_pictures(X, n_marks=3, picture_size=size, **given)[chosen]
        for axis, picture, magnitude in zip(row, pictures, magnitudes[chosen], strict=True):
            axis.imshow(picture, interpolation="nearest")
            axis.set(xticks=[], yticks=[], title=f"M {magnitude:.1f}")
        row[0].set_ylabel(name)
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=90)


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
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    for name, value in PROFILES[arguments.profile].items():
        if getattr(arguments, name) is None:
            setattr(arguments, name, value)

    if arguments.simulated:
        arguments.waveforms = None
    if arguments.waveforms:
        data = real(arguments.waveforms, arguments.per_class, arguments.seed)
    else:
        data = simulated(arguments.per_class, arguments.seed)
    kind = "real" if arguments.waveforms else "SIMULATED"
    facts = {
        "traces": f"{len(data[0])} {kind} traces of STEAD's form, pictures of {arguments.size} "
        f"pixels, at most {arguments.epochs} epochs, profile {arguments.profile}"
    }
    print(facts["traces"])
    if arguments.draw:
        draw_pictures(data, arguments.size, arguments.draw)
        return
    folder = Path(arguments.out)
    folder.mkdir(parents=True, exist_ok=True)
    facts["date"] = time.strftime("%d %B %Y")
    (folder / "facts.json").write_text(json.dumps(vars(arguments) | facts, indent=2))
    results, rows, true = {}, {}, None
    for name, true, predicted, costs in run(arguments, data):
        rows[name] = costs
        if predicted is None:
            continue
        results[name] = predicted
        rows[name] = scores(true, predicted) | costs
        for score, (low, high) in intervals(true, predicted, arguments.seed).items():
            rows[name] |= {f"{score} from": low, f"{score} to": high}
        pd.DataFrame(rows).T.to_csv(folder / "table.csv")
        np.savez_compressed(folder / "predictions.npz", true=true, **results)
    table = pd.DataFrame(rows).T
    table.to_csv(folder / "table.csv")
    draw_scatter(true, results, f"As Figure 8 of the paper; {facts['traces']}", folder)
    markdown = "\n".join(beside(table))
    (folder / "table.md").write_text(markdown + "\n")
    print(f"\nOurs, {facts['traces']} (in brackets the paper's, of real traces)\n\n{markdown}")
    print("\nWhat the paper says cannot all be right:")
    print("\n".join(f"- {line}" for line in contradictions()))


if __name__ == "__main__":
    main()
