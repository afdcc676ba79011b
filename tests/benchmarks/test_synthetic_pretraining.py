"""The tables of the study synthetic_pretraining, against figures computed without them."""

import itertools
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

REPOSITORY = Path(__file__).resolve().parents[2]
DATASETS = {"A": (3, 2, 50, 40), "B": (10, 8, 20, 100), "C": (2, 6, 100, 30), "D": (4, 1, 9, 300)}
NETWORKS, SEEDS, GENERATORS = ("CNN", "RNN"), (0, 1, 2), ("resampling", "WGAN-GP")
SETTING = {"share": 0.9, "multiple": 2, "batch_ratio": 0.2, "epochs": 10, "patience": None}
RATES = (1e-3, 1e-4)


@pytest.fixture
def modules(monkeypatch):
    monkeypatch.syspath_prepend(str(REPOSITORY))
    from benchmarks.studies import synthetic_pretraining_data as data
    from benchmarks.studies import synthetic_pretraining_tables as tables

    return data, tables


@pytest.fixture
def scores():
    """F1 of every trial, by dataset, network, seed, rate and generator (None: no pre-training)."""
    rng = np.random.default_rng(0)
    places = itertools.product(DATASETS, NETWORKS, SEEDS, RATES, (None, *GENERATORS))
    return {place: float(rng.uniform(0.2, 0.9)) for place in places}


def records(scores):
    for (dataset, network, seed, rate, generator), f1 in scores.items():
        shape = dict(zip(("n_classes", "n_channels", "length", "n_train"), DATASETS[dataset],
                         strict=True))  # fmt: skip
        training = SETTING | {"learning_rate": rate}
        common = {"target": dataset, "rerun": seed, **shape}
        yield common | {
            "kind": "transfer" if generator else "reference",
            "architecture": network,
            "source": generator,
            "trial": {"parameters": training},
            "f1_weighted": f1,
            "f1_macro": f1 / 2,
            "accuracy": f1 / 3,
            "before_fine_tuning": f1 / 4,
        }
    for dataset, seed in itertools.product(DATASETS, SEEDS):
        yield {
            "target": dataset, "rerun": seed, "kind": "baseline", "architecture": "forest",
            "trial": {"parameters": {}}, "f1_weighted": 0.1 * seed + len(dataset),
            "f1_macro": 0.0, "accuracy": 0.0,
        }  # fmt: skip


def mean(scores, generator, **fixed):
    """The mean over the trials of a generator where place and rate are as given."""
    names = ("dataset", "network", "seed", "rate")
    return np.mean([f1 for (*place, own), f1 in scores.items()
                    if own == generator and fixed.items() <= dict(
                        zip(names, place, strict=True)).items()])  # fmt: skip


def test_tables_by_dataset_network_and_factor(modules, scores):
    tables = modules[1].report(list(records(scores)))
    scored = tables["Mean f1_weighted on test data"].set_index(["dataset", "network"])
    assert list(scored) == ["forest", "reference", *GENERATORS]
    for (dataset, network), row in scored.iterrows():
        place = {"dataset": dataset, "network": network}
        assert row["forest"] == pytest.approx(1.1)
        assert row["reference"] == pytest.approx(mean(scores, None, **place))
        assert row["WGAN-GP"] == pytest.approx(mean(scores, "WGAN-GP", **place))
    assert len(scored) == 8
    halves = tables["Mean f1_macro on test data"].set_index(["dataset", "network"])
    assert np.allclose(halves[list(GENERATORS)], scored[list(GENERATORS)] / 2)
    before = tables["Mean f1_weighted before the fine-tuning: trained on generated series alone"]
    assert np.allclose(before[list(GENERATORS)], scored[list(GENERATORS)] / 4)
    for title, name, values in (
        ("dataset", "dataset", DATASETS), ("network", "network", NETWORKS),
        ("learning_rate", "rate", RATES),
    ):  # fmt: skip
        table = tables[f"Mean gain of f1_weighted by {title}"].set_index(title)
        assert list(table.index) == list(values)
        for value, generator in itertools.product(values, GENERATORS):
            gain = mean(scores, generator, **{name: value}) - mean(scores, None, **{name: value})
            assert table.loc[value, generator] == pytest.approx(gain)
    # What does not vary has no effect that could be shown.
    assert not any(title.endswith(("by share", "by epochs", "by patience")) for title in tables)


def test_percent_gains_are_those_of_the_cells(modules, scores):
    tables = modules[1].report(list(records(scores)))
    table = tables["Percent gain of f1_weighted over the cells (mean of the seeds)"]
    for generator, row in table.set_index("generator").iterrows():
        gains = []
        for place in itertools.product(DATASETS, NETWORKS, RATES):
            fixed = dict(zip(("dataset", "network", "rate"), place, strict=True))
            gains.append(100 * (mean(scores, generator, **fixed) / mean(scores, None, **fixed) - 1))
        assert row.tolist() == pytest.approx([min(gains), np.median(gains), max(gains), 16])


def test_effect_of_the_shape_is_a_rank_correlation(modules, scores):
    title = "Rank correlation of the gain with the problem's shape, over datasets"
    table = modules[1].report(list(records(scores)))[title].set_index("generator")
    assert (table["datasets"] == 4).all()
    for generator in GENERATORS:
        gains = [mean(scores, generator, dataset=name) - mean(scores, None, dataset=name)
                 for name in DATASETS]  # fmt: skip
        for column, name in enumerate(("n_classes", "n_channels", "length", "n_train")):
            values = [shape[column] for shape in DATASETS.values()]
            expected = stats.spearmanr(gains, values).statistic
            assert table.loc[generator, name] == pytest.approx(expected)


def test_tests_are_those_of_scipy(modules, scores):
    tables = modules[1].report(list(records(scores)))
    places = list(itertools.product(DATASETS, NETWORKS, SEEDS))

    def of(generator):
        keys = [dict(zip(("dataset", "network", "seed"), place, strict=True)) for place in places]
        return np.array([mean(scores, generator, **key) for key in keys])

    table = tables["Pre-trained against not, f1_weighted"].set_index("generator")
    reference, raw = of(None), []
    for generator in GENERATORS:
        x, row = of(generator), table.loc[generator]
        assert row["n"] == 24
        assert row["mean gain"] == pytest.approx((x - reference).mean())
        assert row["wins/ties/losses"] == f"{(x > reference).sum()}/0/{(x < reference).sum()}"
        assert row["Shapiro p"] == pytest.approx(stats.shapiro(x - reference).pvalue)
        equal = stats.levene(x, reference).pvalue
        assert row["Levene p"] == pytest.approx(equal)
        t = stats.ttest_rel if equal > 0.05 else lambda a, b: stats.ttest_ind(a, b, equal_var=False)
        raw.append(t(x, reference).pvalue)
        assert row["p"] == pytest.approx(raw[-1])
        assert row["Wilcoxon p"] == pytest.approx(stats.wilcoxon(x, reference).pvalue)
    low, high = sorted(raw)
    holm = {low: min(1, 2 * low), high: max(min(1, 2 * low), high)}
    assert table["p, Holm"].tolist() == pytest.approx([holm[p] for p in raw])
    title = "WGAN-GP against the generators it has to beat, f1_weighted"
    (row,) = tables[title].itertuples(index=False)
    assert row[0] == "resampling"
    x, y = of("WGAN-GP"), of("resampling")
    assert dict(zip(tables[title], row, strict=True))["mean gain"] == pytest.approx((x - y).mean())


def test_unequal_variances_take_welch(modules):
    rng = np.random.default_rng(0)
    x, y = rng.normal(0, 5, 30), rng.normal(0, 0.5, 30)
    found = modules[1].tested(x, y)
    assert found["test"].startswith("Welch")
    assert found["p"] == pytest.approx(stats.ttest_ind(x, y, equal_var=False).pvalue)
    assert modules[1].tested(x, x) == {"n": 30, "mean gain": 0}


def test_what_cannot_be_had_is_named(modules, monkeypatch):
    data = modules[0]

    original = data.load_uea

    def offline(name, length):
        if name == "BasicMotions":
            return original(name, length=length)
        raise OSError("There is no such problem here and none could be downloaded.\nmore")

    monkeypatch.setattr(data, "load_uea", offline)
    found, left_out = data.available(["BasicMotions", "Cricket", "Myo-100"], None, 2)
    assert list(found) == [("BasicMotions", 0), ("BasicMotions", 1)]
    assert found["BasicMotions", 0][0].shape == (40, 6, 100)
    assert left_out == {
        "Cricket": "OSError: There is no such problem here and none could be downloaded.",
        "Myo-100": "needs --shared",
    }


def test_gestures_are_tested_on_later_windows(modules, shared):
    X, y, X_test, y_test = modules[0].load("Myo-100", shared("."), 0)
    assert X.shape == (100, 8, 25)
    assert set(zip(*np.unique(y, return_counts=True), strict=True)) == {(g, 10) for g in set(y)}
    assert len(set(y_test)) == 10
    with np.load(shared("data/emg_myo/S01.npz")) as archive:
        raw = np.abs(archive["fist"].astype(float))
    early = raw[: 200 * int(0.6 * (len(raw) // 200))]
    late = raw[200 * int(0.7 * (len(raw) // 200)) :]

    def envelope(part):
        n = len(part) // 200
        return part[: 200 * n].reshape(n, 25, 8, 8).mean(axis=2).transpose(0, 2, 1)

    for mine, all_of_it in ((X[y == "fist"], envelope(early)), (X_test[y_test == "fist"],
                                                               envelope(late))):  # fmt: skip
        distance = np.abs(mine[:, None] - all_of_it).max(axis=(2, 3)).min(axis=1)
        np.testing.assert_allclose(distance, 0, atol=1e-5)


def test_bands_of_a_tone(modules):
    time = np.arange(4000) / 8000
    edges = np.geomspace(100, 4000, 9)
    for band in (1, 4, 6):
        tone = np.sin(2 * np.pi * np.sqrt(edges[band] * edges[band + 1]) * time)[None, None]
        levels = modules[0].band_levels(tone)
        assert levels.shape == (1, 8, 20)
        assert (levels[0].argmax(axis=0) == band).all()


@pytest.mark.slow
def test_the_whole_command_names_what_is_left_out_and_resumes(
    modules, tmp_path, capsys, monkeypatch
):
    from benchmarks.studies import synthetic_pretraining

    original = modules[0].load_uea

    def offline(name, length):
        if name == "Cricket":
            raise OSError("none could be downloaded")
        return original(name, length=length)

    monkeypatch.setattr(modules[0], "load_uea", offline)
    arguments = ["--datasets", "BasicMotions", "Cricket", "--networks", "LSTM 64x2", "--seeds", "1",
                 "--generators", "resampling", "WGAN-GP", "--gan-steps", "5",
                 "--out", str(tmp_path)]  # fmt: skip
    synthetic_pretraining.main(arguments)
    first = capsys.readouterr().out
    assert "6 trials, 0 of them done before" in first
    assert first.endswith("not run: Cricket (OSError: none could be downloaded)\n")
    assert len(list((tmp_path / "generators").glob("*.npz"))) == 1
    tables = (tmp_path / "tables_quick.md").read_text()
    assert "| BasicMotions | LSTM 64x2 |" in tables
    synthetic_pretraining.main(arguments)
    assert "6 trials, 6 of them done before" in capsys.readouterr().out
    assert (tmp_path / "tables_quick.md").read_text() == tables
    with pytest.raises(SystemExit) as ended:
        synthetic_pretraining.main([*arguments, "--datasets", "Cricket"])
    assert ended.value.code == 1


def study_table(page, gain, seeds=(0, 1)):
    """What `rows_of` gives, for three problems; the GAN gains more than other pre-training."""
    rng = np.random.default_rng(1)
    rows = []
    for problem, seed in itertools.product("ABC", seeds):
        shape = dict(zip(page.SHAPE, (2, 3, 40, 20 if problem == "A" else 60, 50), strict=True))
        common = {"problem": problem, "seed": seed, "seconds": 1.0, **shape}
        for network, method in itertools.product(NETWORKS, page.METHODS):
            extra = {"no pre-training": -0.2, "WGAN-GP": gain}.get(method, 0)
            rows.append(common | {
                "training": "published", "network": network, "method": method,
                "f1_macro": 0.5 + extra + rng.normal(0, 0.01),
            })  # fmt: skip
        for name in page.BASELINES:
            rows.append(common | {"training": "", "network": "", "method": name, "f1_macro": 0.4})
    return pd.DataFrame(rows)


@pytest.mark.parametrize(("gain", "answer"), [(0.0, "not shown"), (0.2, "yes: WGAN-GP")])
def test_made_data_helps_only_beyond_more_training(modules, tmp_path, monkeypatch, gain, answer):
    from benchmarks.studies import synthetic_pretraining_page as page

    monkeypatch.setattr(page, "NINE", "ABC")
    table = study_table(page, gain)
    # The second repeat of a problem has not come so far.
    half = table.drop(table.index[(table["problem"] == "C") & (table["seed"] == 1)])
    fits, left_out = page.complete(half)
    assert (set(fits["seed"]), left_out) == ({0}, 32)
    first = half[half["seed"] == 1].assign(seed=0)
    fits, left_out = page.complete(first)
    assert (set(fits["problem"]), left_out) == ({"A", "B"}, 0)
    fits, left_out = page.complete(table)
    assert (len(fits), left_out) == (96, 0)
    scores = page.wide(fits)
    found = page.when(scores, fits.groupby("problem")[list(page.SHAPE)].first())
    assert found["pairs of"].tolist() == [
        "all (12)", "CNN (6)", "RNN (6)", "at most 12 instances a class (4)", "more than 12 (8)",
    ]  # fmt: skip
    assert found.loc[0, "made data helps"] == answer
    # Everything gains over no pre-training; that is no answer.
    gains = page.against(scores, page.NONE).set_index("method")
    assert (gains["p, Holm"].astype(float) < 0.05).all()
    own = scores["copies"] - scores["no pre-training"]
    assert gains.loc["copies", "mean"] == pytest.approx(own.mean())
    assert gains.loc["copies", "t p"] == pytest.approx(
        stats.ttest_rel(scores["copies"], scores["no pre-training"]).pvalue
    )
    table.to_csv(tmp_path / "records.csv", index=False)
    page.write(tmp_path / "records.csv", tmp_path / "page.md")
    text = (tmp_path / "page.md").read_text()
    assert "2 repeats, 12 pairs, 96 fits" in text
    joins = "has earned a place" if gain else "does not join"
    assert joins in text
