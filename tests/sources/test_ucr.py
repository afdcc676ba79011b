"""The published FCNs: what the files hold, what the networks say, and what is refused."""

import hashlib
import io
import re
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sktl.estimators import FrozenSource, MLSTMFCNClassifier
from sktl.estimators.transfer import transferred_weights
from sktl.sources import expand_sources, find_card, list_sources, load_source, published
from sktl.sources.ucr import COMMIT, fcn_logits, published_fcns, read_fcn
from sktl.training.compiled_network import weight_names
from sktl.training.preprocessing import Standardisation

OFFICIAL = "data/fcn_ucr/SHA256SUMS_all_128.txt"
# What the author's networks score on the official test parts.
ACCURACIES = {
    "GunPoint": 1.0,
    "ItalyPowerDemand": 0.9475,
    "ArrowHead": 0.8,
    "OSULeaf": 0.967,
}


@pytest.fixture
def file(shared):
    """Return a function that reads the author's file of a problem."""
    return lambda problem: shared(f"data/fcn_ucr/{problem}.ckpt").read_bytes()


@pytest.fixture
def mirror(shared, monkeypatch):
    monkeypatch.setenv("SKTL_MIRROR", str(shared("data/fcn_ucr")))


def parts(problem):
    """Return the official parts, and the test part scaled as the networks' author does."""
    load = pytest.importorskip("sktime.datasets").load_UCR_UEA_dataset
    X, y = load(problem, "train", return_type="numpy3D")
    X_test, y_test = load(problem, "test", return_type="numpy3D")
    return (X, y), ((X_test - X.mean()) / X.std(), y_test)


def test_the_hashes_are_the_recorded_ones(shared):
    lines = (line.split() for line in shared(OFFICIAL).read_text().splitlines())
    recorded = {path: sha256 for sha256, path in lines}
    entries = {e.url.split(f"/{COMMIT}/")[1]: e.card.weights_sha256 for e in published_fcns()}
    assert entries == recorded
    assert len(entries) == 128


def test_the_facts_are_those_that_sktime_states():
    tags = pytest.importorskip("sktime.datasets.classification.ucr_uea_archive._tags").DATASET_TAGS
    for entry in published_fcns():
        card = entry.card
        stated = tags[card.name.removeprefix("UCR/")]
        assert card.n_outputs == stated["n_classes"], card.name
        assert card.n_instances == stated["n_instances_train"], card.name
        assert card.n_channels == 1


def test_the_variable_lengths_are_those_that_aeon_lists():
    lists = pytest.importorskip("aeon.datasets.tsc_datasets", reason="aeon is not installed")
    lengths = {e.card.name.removeprefix("UCR/"): e.card.n_timepoints for e in published_fcns()}
    assert set(lengths) == set(lists.UCR2019)
    assert {p for p, n in lengths.items() if n is None} == set(lists.univariate_variable_length)


def test_every_file_at_hand_is_the_network_of_its_card(shared):
    paths = sorted(shared("data/fcn_ucr").glob("*.ckpt"))
    assert len(paths) >= 20
    for path in paths:
        card = find_card(f"UCR/{path.stem}", "MLSTMFCN")
        arrays = read_fcn(path.read_bytes())
        assert arrays["head/kernel"].shape == (128, card.n_outputs), path.stem
        assert arrays["conv1/kernel"].shape == (8, card.n_channels, 128)
        assert card.domain
        assert card.preprocessing["scaling"] == Standardisation.scaling


def test_the_last_epoch_is_what_was_published(shared):
    from sktl.sources._torch_file import read_torch_file

    for path in sorted(shared("data/fcn_ucr").glob("*.ckpt")):
        card = find_card(f"UCR/{path.stem}", "MLSTMFCN")
        steps = int(read_torch_file(path.read_bytes())["layers.0.layers.1.num_batches_tracked"])
        batches = -(-card.n_instances // card.training["batch_size"])
        assert steps == card.training["epochs"] * batches, path.stem


@pytest.mark.parametrize("problem", ACCURACIES)
def test_published_accuracy_on_the_official_test_part(problem, file):
    arrays = read_fcn(file(problem))
    (_, y), (X_test, y_test) = parts(problem)
    predicted = np.unique(y)[fcn_logits(arrays, X_test).argmax(axis=1)]
    assert np.mean(predicted == y_test) == pytest.approx(ACCURACIES[problem], abs=5e-4)


def test_the_network_is_that_of_torch(file):
    """The author's layers in torch, with an epsilon of torch's own."""
    torch = pytest.importorskip("torch", reason="torch is not installed")
    functional = torch.nn.functional
    content = file("FordA")  # its least variance is below our layers' epsilon
    state = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    X = np.random.default_rng(0).normal(size=(3, 1, 41)).astype(np.float32)
    x = torch.tensor(X)
    for number in range(3):
        layers = f"layers.{number}.layers"
        kernel = state[f"{layers}.0.weight"]
        more = kernel.shape[2] - 1
        x = functional.pad(x, (more // 2, more - more // 2))
        x = functional.conv1d(x, kernel, state[f"{layers}.0.bias"])
        names = ("running_mean", "running_var", "weight", "bias")
        norm = [state[f"{layers}.1.{name}"] for name in names]
        x = functional.relu(functional.batch_norm(x, *norm))
    expected = functional.linear(x.mean(-1), state["final.weight"], state["final.bias"]).numpy()
    arrays = read_fcn(content)
    np.testing.assert_allclose(fcn_logits(arrays, X), expected, rtol=1e-4, atol=1e-4)
    assert np.abs(expected).max() > 1


def test_blocks_of_a_plain_fcn_give_its_features(mirror):
    import keras

    X = np.random.default_rng(0).normal(size=(4, 1, 30)).astype(np.float32)
    source = load_source("UCR/GunPoint", "MLSTMFCN")
    estimator = MLSTMFCNClassifier(transfer_blocks=True)
    model = estimator.build_network(1, 30, 2)
    variables = weight_names(model)
    start = {path: variable.numpy() for path, variable in variables.items()}
    transferred = transferred_weights(estimator, source, start, 1)
    assert {path.split("/")[0] for path in transferred} == set(estimator._transferable())
    for path, values in transferred.items():
        variables[path].assign(values)
    average = keras.Model(model.inputs[0], model.get_layer("average").output)
    features = keras.ops.convert_to_numpy(average(X.transpose(0, 2, 1), training=False))
    logits = features @ source.arrays["head/kernel"] + source.arrays["head/bias"]
    np.testing.assert_allclose(logits, fcn_logits(source.arrays, X), rtol=1e-4, atol=1e-4)
    assert np.abs(logits).max() > 0.1


def test_frozen_features_are_those_of_the_fcn(mirror):
    X = np.random.default_rng(0).normal(size=(4, 1, 30))
    features = FrozenSource("MLSTMFCN", "UCR/GunPoint", pooling=("mean",)).transform(X)
    arrays = load_source("UCR/GunPoint", "MLSTMFCN").arrays
    each = (X - X.mean(axis=2, keepdims=True)) / X.std(axis=2, keepdims=True)
    assert features.shape == (4, 128 + 256 + 128)
    logits = features[:, -128:] @ arrays["head/kernel"] + arrays["head/bias"]
    np.testing.assert_allclose(logits, fcn_logits(arrays, each), rtol=1e-4, atol=1e-4)


@pytest.fixture
def gun_point(mirror):
    """The parts in another unit, which the scaling takes away, and what is asked of features."""
    (X, y), (z_scores, y_test) = parts("GunPoint")
    X, X_test = 250 * X + 3000, 250 * (z_scores * X.std() + X.mean()) + 3000
    arrays = load_source("UCR/GunPoint", "MLSTMFCN").arrays

    def check(features):
        logits = features @ arrays["head/kernel"] + arrays["head/bias"]
        np.testing.assert_allclose(logits, fcn_logits(arrays, z_scores), rtol=1e-3, atol=1e-3)
        accuracy = np.mean(np.unique(y)[logits.argmax(axis=1)] == y_test)
        assert accuracy == pytest.approx(ACCURACIES["GunPoint"])

    return X, y, X_test, z_scores, check


def test_with_their_scaling_frozen_features_classify_as_published(gun_point):
    X, _, X_test, _, check = gun_point
    frozen = FrozenSource("MLSTMFCN", "UCR/GunPoint", ("mean",), preprocessing="source")
    check(frozen.fit(X).transform(X_test)[:, -128:])


@pytest.mark.slow
def test_with_their_scaling_a_network_sees_what_the_published_one_saw(gun_point):
    import keras

    X, y, X_test, z_scores, check = gun_point
    options = {"preprocessing": "source", "transfer_blocks": True, "validation_size": None}
    fitted = MLSTMFCNClassifier.from_pretrained("UCR/GunPoint", n_epochs=0, **options).fit(X, y)
    series, _ = fitted._facts.preprocessing.transform(X_test)
    np.testing.assert_allclose(series, z_scores, atol=1e-5)
    average = fitted.network_.get_layer("average").output
    features = keras.Model(fitted.network_.inputs[0], average)(series.transpose(0, 2, 1))
    check(keras.ops.convert_to_numpy(features))


def test_convolutions_alone_and_several_channels(mirror):
    X = np.random.default_rng(0).normal(size=(6, 2, 20))
    y = np.array([0, 1] * 3)
    fitted = MLSTMFCNClassifier.from_pretrained(
        "UCR/Wafer", n_epochs=0, head="probe", validation_size=None
    )
    fitted.fit(X, y)
    source = load_source("UCR/Wafer", "MLSTMFCN")
    np.testing.assert_array_equal(
        fitted._weights["conv1/kernel"], np.repeat(source.arrays["conv1/kernel"], 2, axis=1)
    )
    np.testing.assert_array_equal(fitted._weights["conv2/kernel"], source.arrays["conv2/kernel"])
    assert fitted.source_.name == "UCR/Wafer"


def test_kept_after_the_first_use(mirror, monkeypatch, sktl_home):
    source = load_source("UCR/Wafer", "MLSTMFCN")
    assert source.origin == "published"
    assert source.path == sktl_home / "published" / "MLSTMFCN" / "Wafer.ckpt"
    assert not source.arrays["conv1/bias"].flags.writeable
    monkeypatch.delenv("SKTL_MIRROR")
    assert load_source("UCR/Wafer", "MLSTMFCN").origin == "published"
    table = list_sources("MLSTMFCN").set_index("source")
    assert table.loc["UCR/Wafer", "available"]
    assert not table.loc["UCR/GunPoint", "available"]


def test_a_changed_byte_is_refused(file, tmp_path, monkeypatch):
    content = bytearray(file("Wafer"))
    content[len(content) // 2] ^= 1
    (tmp_path / "Wafer.ckpt").write_bytes(content)
    monkeypatch.setenv("SKTL_MIRROR", str(tmp_path))
    with pytest.raises(ValueError, match=hashlib.sha256(content).hexdigest()):
        load_source("UCR/Wafer", "MLSTMFCN")


def test_without_network_the_manual_step_is_named(monkeypatch):
    fcn = next(e for e in published.published_for("MLSTMFCN") if e.card.name == "UCR/Adiac")
    entry = replace(fcn, url="http://127.0.0.1:9/x")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(published, "published_for", lambda architecture: (entry,))
    with pytest.raises(ConnectionError, match=r"UCR/Adiac.*SKTL_MIRROR"):
        load_source("UCR/Adiac", "MLSTMFCN")


def test_names_with_a_slash():
    assert find_card("UCR/GunPoint", "MLSTMFCN").n_timepoints == 150
    assert find_card("UCR/PLAID", "MLSTMFCN").n_timepoints is None
    with pytest.raises(ValueError, match=r"Did you mean 'UCR/GunPoint'\?.*UCR/\.\.\. \(128\)"):
        find_card("UCR/GunPont", "MLSTMFCN")
    with pytest.raises(ValueError, match="There is one for MLSTMFCN"):
        find_card("UCR/GunPoint", "MagNet")
    with pytest.raises(FileNotFoundError, match="no source"):
        find_card("mine/GunPoint", "MLSTMFCN")


def test_domains_and_what_is_simulated():
    table = list_sources("MLSTMFCN", domain="ecg")
    assert table["source"].str.removeprefix("UCR/").str.contains("ECG").all()
    assert len(table) == 6
    table = list_sources("MLSTMFCN").set_index("source")
    assert table.loc["UCR/CBF", ["data", "domain"]].tolist() == ["simulated", "simulated"]
    # Of the type Sensor in the archive, and made by simulators.
    assert table.loc["UCR/Trace", ["data", "domain"]].tolist() == ["simulated", "sensor"]
    assert table.loc["UCR/GunPoint", "data"] == "real"
    assert table.loc["UCR/PLAID", "n_timepoints"] is not table.loc["UCR/Wafer", "n_timepoints"]
    assert list_sources(domain="seismology")["architecture"].nunique() == 4
    with pytest.raises(ValueError, match=r"Did you mean 'finance'\?.*domain='finances'"):
        list_sources(domain="finances")


def test_a_group_stands_for_its_members_on_this_machine(mirror, shared):
    here = {f"UCR/{path.stem}" for path in shared("data/fcn_ucr").glob("*.ckpt")}
    assert set(expand_sources("UCR", "MLSTMFCN")) == here
    mixed = expand_sources([None, "UCR", "UCR/Wafer"], "MLSTMFCN")
    assert mixed[0] is None
    assert set(mixed[1:]) == here
    assert not here & set(expand_sources("available", "MLSTMFCN"))


def test_groups_that_cannot_be_used():
    with pytest.raises(ValueError, match=r"No source of the group 'UCR' is on this machine"):
        expand_sources("UCR", "MLSTMFCN")
    with pytest.raises(ValueError, match=r"of MLSTMFCN.*architecture='TCN'"):
        expand_sources(["UCR"], "TCN")
    with pytest.raises(TypeError, match=r"group \('UCR'\)"):
        expand_sources("GunPoint", "MLSTMFCN")


@pytest.mark.parametrize("share", [0, 0.001, 0.3, 0.9, 0.9999])
def test_a_file_cut_short_is_refused(file, share):
    content = file("Wafer")
    with pytest.raises(ValueError, match="not the whole of it"):
        read_fcn(content[: int(len(content) * share)])


def rewritten(content, change):
    """Return the archive with another content of each of its files."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
    return out.getvalue()


def test_a_storage_cut_short_is_refused(file):
    content = rewritten(
        file("Wafer"), lambda name, x: x[:-4] if re.search("/data/[0-9]+$", name) else x
    )
    with pytest.raises(ValueError, match=r"bytes of \d+ in the storage"):
        read_fcn(content)


def test_code_in_the_archive_is_not_run(file, capsys):
    evil = b"\x80\x02cbuiltins\nprint\n(X\x08\x00\x00\x00executedtR."
    content = rewritten(file("Wafer"), lambda name, x: evil if name.endswith("data.pkl") else x)
    with pytest.raises(ValueError, match=r"asks for builtins\.print"):
        read_fcn(content)
    assert not capsys.readouterr().out


def torch_file(change):
    """Write a small network as torch does, after a change to its tensors."""
    torch = pytest.importorskip("torch", reason="torch is not installed")
    rng = torch.Generator().manual_seed(0)
    tensors, width = {}, 1
    for number, (filters, size) in enumerate([(4, 8), (6, 5), (4, 3)]):
        layers = f"layers.{number}.layers"
        tensors[f"{layers}.0.weight"] = torch.randn(filters, width, size, generator=rng)
        for name in ("0.bias", "1.weight", "1.bias", "1.running_mean"):
            tensors[f"{layers}.{name}"] = torch.randn(filters, generator=rng)
        tensors[f"{layers}.1.running_var"] = torch.rand(filters, generator=rng)
        width = filters
    tensors["final.weight"] = torch.randn(2, width, generator=rng)
    tensors["final.bias"] = torch.randn(2, generator=rng)
    change(tensors)
    file = io.BytesIO()
    torch.save(tensors, file)
    return file.getvalue()


def test_a_resnet_is_no_fcn():
    content = (Path(__file__).parent / "data" / "narrow_resnet.pth").read_bytes()
    with pytest.raises(ValueError, match=r"no FCN.*no layers\.0\.layers\.0\.weight.*conv1\.weight"):
        read_fcn(content)


def test_a_network_of_other_widths_is_read():
    arrays = read_fcn(torch_file(lambda tensors: None))
    assert arrays["conv2/kernel"].shape == (5, 4, 6)
    assert fcn_logits(arrays, np.zeros((2, 1, 20))).shape == (2, 2)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.pop("layers.1.layers.0.bias"), "it has no layers.1.layers.0.bias"),
        (lambda t: t.update({"final.weight": t["final.weight"][:, :3]}), r"\(any, 4\).*\(2, 3\)"),
        (lambda t: t.update({"layers.1.layers.0.weight": t["final.weight"]}), r"\(any, 4, any\)"),
        (lambda t: t.update({"final.bias": t["final.bias"].double()}), "float64"),
        (lambda t: t["final.bias"].fill_(float("nan")), "NaN"),
        (lambda t: t["layers.0.layers.1.running_var"].fill_(-1.0), "variance.*below 0"),
        (lambda t: t.update({"epoch": 3}), "epoch is no tensor but a int"),
    ],
    ids=["missing", "head", "kernel", "dtype", "nan", "variance", "number"],
)
def test_other_networks_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        read_fcn(torch_file(change))


def test_logits_need_series_of_the_networks_channels():
    arrays = read_fcn(torch_file(lambda tensors: None))
    with pytest.raises(ValueError, match=r"\(n_instances, 1, n_timepoints\).*\(2, 3, 20\)"):
        fcn_logits(arrays, np.zeros((2, 3, 20)))
