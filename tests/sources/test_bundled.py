"""The bundled sources: complete, verified, of use to networks of any shape, in the wheel."""

import shutil
import subprocess
import sys
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest

from sktl import estimators
from sktl.datasets import list_datasets
from sktl.pretraining.joint import spec_of
from sktl.sources import SimulatedSourceWarning, list_sources, load_source, published
from sktl.sources._folder import read_card, read_source
from sktl.sources._resolve import _BUNDLED

ARCHITECTURES = ("ConvNetQuakeINGV", "MLSTMFCN", "MagNet", "TCN")
SIMULATED = [spec.simulated_name for spec in list_datasets() if spec.has_simulator]
# The architectures that were trained on each real dataset.
REAL = {
    "DSPSpeech-20": ARCHITECTURES,
    "EMG-Francic": ARCHITECTURES,
    "EMG-Roshambo": ARCHITECTURES,
    "S&P 500": ("MagNet", "TCN"),
}
# Those of several simulators and targets at once.
JOINT = {"seismic-simulated": ("ConvNetQuakeINGV", "TCN")}
# What is downloaded, or found in a mirror, before the bundled one is taken.
PUBLISHED = {(e.card.architecture, e.card.name) for e in published.PUBLISHED}
ALL = [(architecture, name) for architecture in ARCHITECTURES for name in SIMULATED]
ALL += [
    (architecture, name) for name, trained in (REAL | JOINT).items() for architecture in trained
]


def test_there_is_one_for_every_architecture_and_dataset():
    found = list_sources()
    found = found[found["where"] == "bundled"]
    assert sorted(zip(found["architecture"], found["source"], strict=True)) == sorted(ALL)
    for architecture, name in zip(found["architecture"], found["source"], strict=True):
        assert load_source(name, architecture).origin == "bundled"
    assert (found["data"] == np.where(found["source"].isin(REAL), "real", "simulated")).all()
    assert found["problem"].isna().all()


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_simulated_ones_load_by_both_names_and_say_so(architecture):
    for name in SIMULATED:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            plainly = load_source(name, architecture)
        assert plainly.card.simulated
        short = name.removesuffix("-simulated")
        if {(architecture, short)} & {*ALL, *PUBLISHED}:
            continue
        with pytest.warns(SimulatedSourceWarning, match="was trained on simulated data"):
            assert load_source(short, architecture).path == plainly.path


@pytest.mark.parametrize(("name", "near"), [("EMG", "EMG-Roshambo"), ("SPEECH", "DSPSpeech-20")])
def test_the_warning_names_the_real_source_of_the_domain(name, near):
    for architecture in REAL[near]:
        with pytest.warns(SimulatedSourceWarning, match=f"real data is source='{near}'"):
            load_source(name, architecture)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert load_source(near, architecture).card.simulated is False


@pytest.mark.parametrize(("architecture", "name"), ALL)
def test_the_card_is_complete_and_the_weights_are_what_it_says(architecture, name):
    source = read_source(_BUNDLED / architecture / name)  # verifies every byte
    card, spec = source.card, spec_of(name)
    assert (card.name, card.architecture, card.task) == (name, architecture, spec.task)
    assert (card.dataset, card.simulated) == (name, name not in REAL)
    unknown = {field for field, value in card.to_dict().items() if value is None}
    assert unknown <= {"classes", "sampling_rate", "domain"} | (
        {"results"} if name not in SIMULATED else set()
    )
    assert (card.classes is None) == (spec.task == "regression")
    assert card.classes is None or set(card.classes) == set(spec.classes)
    assert card.sampling_rate == (spec.rate_hz and spec.rate_hz / card.training["every"])
    assert card.score["split"] == ("held-out simulated" if card.simulated else "test")
    assert tuple(card.training.get("targets", ())) == spec.targets
    if name in REAL and not spec.chronological:
        assert card.training["split"] == "grouped"
    assert len(card.training["commit"]) == 40
    better = card.training["relative"]
    assert better < 1 if spec.task == "regression" else better > 1
    layers = {array.split("/")[0] for array in source.arrays}
    assert set(card.transferable) <= layers
    curves = (_BUNDLED / architecture / f"{name}.curves.csv").read_text().splitlines()
    repeats = [line.split(",")[0] for line in curves[1:]]
    assert repeats.count(str(card.training["chosen_repeat"])) == card.training["epochs"]
    assert len(set(repeats)) == len(card.training["validation_scores"])


@pytest.mark.fast_only("ConvNetQuakeINGV")
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_all_load_into_networks_of_another_shape(architecture):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(12, 5, 33)).astype("float32"), np.array(["a", "b", "c"] * 4)
    cls = getattr(estimators, f"{architecture}Classifier")
    for name in (name for kind, name in ALL if kind == architecture):
        network = cls.from_pretrained(name, omega=0.0, n_epochs=0, head="probe", random_state=0)
        network.fit(X, y)
        assert network.source_.name == name
        arrays = load_source(name, architecture).arrays
        # The first kernels depend on the channels; frozen later ones are the source's.
        layer = {"TCN": "block2_conv1", "MLSTMFCN": "conv2"}.get(architecture, "conv2")
        kernel = np.asarray(network.network_.get_layer(layer).kernel)
        np.testing.assert_array_equal(kernel, arrays[f"{layer}/kernel"].astype("float32"))


def test_a_plain_name_warns_and_names_the_command_where_there_is_real_data():
    with pytest.warns(SimulatedSourceWarning, match="seismic.*simulated data. To use"):
        load_source("seismic", "ConvNetQuakeINGV")
    with pytest.warns(SimulatedSourceWarning, match="sktl pretrain LOMAX --architecture TCN"):
        found = load_source("LOMAX", "TCN")
    assert found.origin == "bundled"


def test_a_fit_warns_where_only_a_simulated_source_is_there():
    X, y = np.random.default_rng(0).normal(size=(8, 1, 20)), np.arange(8.0)
    network = estimators.ConvNetQuakeINGVRegressor.from_pretrained("EMG", n_epochs=0, head="probe")
    with pytest.warns(SimulatedSourceWarning):
        network.fit(X, y)


def test_the_wheel_holds_them_and_stays_small(tmp_path):
    if not (_BUNDLED.parents[2] / "pyproject.toml").is_file():
        pytest.skip("needs the repository, not an installed package")
    pytest.importorskip("hatchling")
    repository = _BUNDLED.parents[2]
    for part in ("sktl", "pyproject.toml", "README.md", "LICENSE"):
        copy = shutil.copytree if (repository / part).is_dir() else shutil.copy
        copy(repository / part, tmp_path / part)
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    assert wheel.stat().st_size < 25_000_000
    with zipfile.ZipFile(wheel) as archive:
        inside = set(archive.namelist())
    for architecture, name in ALL:
        for file in ("card.json", "weights.safetensors", "SHA256SUMS"):
            assert f"sktl/sources/bundled/{architecture}/{name}/{file}" in inside


def test_float16_kernels_are_as_good(tmp_path):
    folder = _BUNDLED / "ConvNetQuakeINGV" / "STEAD-simulated"
    source = read_source(folder)
    assert {a.dtype.name for a in source.arrays.values() if a.ndim > 1} == {"float16"}
    assert read_card(folder).training["storage"] == "float16"
    assert Path(folder / "weights.safetensors").stat().st_size < 200_000
