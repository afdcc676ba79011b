import hashlib
import http.server
import json
import shutil
import threading
from dataclasses import replace

import h5py
import numpy as np
import pytest

from sktl.sources import SimulatedSourceWarning, load_source, published, save_source
from sktl.sources.published import PUBLISHED, published_for

FILE = "mag_regressionLSTM_ML_multiobservations_1000_067.h5"


@pytest.fixture
def magnet(shared):
    return shared(f"data/magnet/{FILE}")


@pytest.fixture
def address(monkeypatch):
    """Return a function that sends the one entry to another address."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")

    def use(url):
        entry = replace(PUBLISHED[0], url=url)
        monkeypatch.setattr(published, "PUBLISHED", (entry,))
        return entry

    return use


@pytest.fixture
def server(monkeypatch):
    """Serve bytes over HTTP on this machine, and count the requests."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    state = {"content": b"", "requests": 0, "status": 200}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            state["requests"] += 1
            self.send_response(state["status"])
            self.send_header("Content-Length", str(len(state["content"])))
            self.end_headers()
            self.wfile.write(state["content"])

        def log_message(self, *args):
            pass

    running = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    state["url"] = f"http://127.0.0.1:{running.server_port}/{FILE}"
    yield state
    running.shutdown()
    running.server_close()


def test_entries_are_complete():
    for entry in PUBLISHED:
        assert entry in published_for(entry.card.architecture)
        assert bool(entry.card.weights_sha256) != bool(entry.md5)
        assert entry.card.simulated is False
        assert entry.card.licence
        assert entry.card.citation
    assert "248c63c365086f3a92c89e61c84d07256f285e25" in PUBLISHED[0].url
    assert not published_for("TCN")


def test_magnet_of_stead_from_the_real_file(magnet, monkeypatch, sktl_home):
    monkeypatch.setenv("SKTL_MIRROR", str(magnet.parents[1]))
    source = load_source("STEAD", "MagNet")
    assert source.origin == "published"
    assert source.path == sktl_home / "published" / "MagNet" / FILE
    assert hashlib.sha256(source.path.read_bytes()).hexdigest() == source.card.weights_sha256
    assert {name: array.shape for name, array in source.arrays.items()} == {
        "conv1/kernel": (3, 3, 64),
        "conv1/bias": (64,),
        "conv2/kernel": (3, 64, 32),
        "conv2/bias": (32,),
        "bilstm/forward/kernel": (32, 400),
        "bilstm/forward/recurrent_kernel": (100, 400),
        "bilstm/forward/bias": (400,),
        "bilstm/backward/kernel": (32, 400),
        "bilstm/backward/recurrent_kernel": (100, 400),
        "bilstm/backward/bias": (400,),
        "dense/kernel": (200, 2),
        "dense/bias": (2,),
    }
    with h5py.File(magnet) as file:
        weights = file["model_weights"]
        for ours, theirs in (("conv1", "conv1d_1/conv1d_1"), ("conv2", "conv1d_2/conv1d_2")):
            for weight in ("kernel", "bias"):
                array = source.arrays[f"{ours}/{weight}"]
                np.testing.assert_array_equal(array, weights[f"{theirs}/{weight}:0"])
                assert array.dtype == np.float32
                assert not array.flags.writeable
        assert source.card.versions == {"keras": file.attrs["keras_version"]}
    monkeypatch.delenv("SKTL_MIRROR")
    assert load_source("STEAD", "MagNet").origin == "published"  # now kept


def test_the_files_own_config_says_that_these_are_our_convolutions(magnet):
    with h5py.File(magnet) as file:
        layers = json.loads(file.attrs["model_config"])["config"]["layers"]
    layers = {layer["config"]["name"]: layer["config"] for layer in layers}
    card = PUBLISHED[0].card
    shape = (None, card.n_timepoints, card.n_channels)
    assert tuple(layers["input_layer"]["batch_input_shape"]) == shape
    assert layers["dense_1"]["units"] == card.n_outputs
    for name, filters in (("conv1d_1", 64), ("conv1d_2", 32)):
        layer = layers[name]
        assert (layer["filters"], layer["kernel_size"], layer["strides"]) == (filters, [3], [1])
        assert (layer["padding"], layer["activation"]) == ("same", "linear")


@pytest.mark.parametrize("where", ["mirror", "home"])
def test_a_changed_byte_is_refused(magnet, tmp_path, sktl_home, monkeypatch, where):
    kept = sktl_home / "published" / "MagNet" / FILE
    damaged = tmp_path / "deep" / "down" / FILE if where == "mirror" else kept
    damaged.parent.mkdir(parents=True)
    content = bytearray(magnet.read_bytes())
    content[len(content) // 2] ^= 1
    damaged.write_bytes(content)
    monkeypatch.setenv("SKTL_MIRROR", str(tmp_path))
    with pytest.raises(ValueError, match="4fa20868") as caught:
        load_source("STEAD", "MagNet")
    assert hashlib.sha256(content).hexdigest() in str(caught.value)
    assert str(damaged) in str(caught.value)
    assert where == "home" or not kept.exists()


def test_downloaded_once_and_verified(magnet, address, server):
    entry = address(server["url"])
    server["content"] = magnet.read_bytes()
    for _ in range(3):
        assert load_source("STEAD", "MagNet").arrays["conv1/bias"].shape == (64,)
    assert server["requests"] == 1
    assert [path.name for path in entry.kept_at.parent.iterdir()] == [FILE]


def test_a_wrong_download_is_refused_and_not_kept(address, server):
    entry = address(server["url"])
    server["content"] = b"<html>Not what you wanted</html>"
    with pytest.raises(ValueError, match="4fa20868") as caught:
        load_source("STEAD", "MagNet")
    assert hashlib.sha256(server["content"]).hexdigest() in str(caught.value)
    assert not entry.kept_at.exists()


def test_without_network_the_manual_step_is_named_or_the_bundled_stands_in(
    address, make_card, bundled, sktl_home
):
    entry = address(f"http://127.0.0.1:9/{FILE}")
    # `bundled` is an empty directory so far.
    with pytest.raises(ConnectionError, match="SKTL_MIRROR") as caught:
        load_source("STEAD", "MagNet")
    assert entry.url in str(caught.value)
    assert str(sktl_home / "published" / "MagNet" / FILE) in str(caught.value)
    assert "simulated" not in str(caught.value)
    card = make_card("STEAD-simulated", simulated=True)
    save_source(bundled / "MagNet" / "STEAD-simulated", card, {"a/b": np.ones(1)})
    with pytest.warns(SimulatedSourceWarning, match="could not be downloaded.*simulated data") as w:
        found = load_source("STEAD", "MagNet")
    assert (found.origin, found.card.simulated, len(w)) == ("bundled", True, 1)
    assert found.card.name == "STEAD-simulated"
    lines = str(w[0].message).splitlines()
    assert len(lines) == 2
    assert len(lines[0]) < 130
    assert w[0].filename == __file__
    assert load_source("STEAD-simulated", "MagNet").origin == "bundled"


def test_a_failed_download_is_remembered_and_told_once(
    magnet, address, make_card, bundled, server, recwarn
):
    entry = address(server["url"])
    server["status"] = 503
    card = make_card("STEAD-simulated", simulated=True)
    save_source(bundled / "MagNet" / "STEAD-simulated", card, {"a/b": np.ones(1)})
    for _ in range(3):
        assert load_source("STEAD", "MagNet").origin == "bundled"
    assert server["requests"] == 1
    assert len([w for w in recwarn if w.category is SimulatedSourceWarning]) == 1
    # What is put in place by hand is used at once.
    entry.kept_at.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(magnet, entry.kept_at)
    assert load_source("STEAD", "MagNet").origin == "published"


def test_the_manual_step_works(magnet, address, sktl_home):
    entry = address(f"http://127.0.0.1:9/{FILE}")
    entry.kept_at.parent.mkdir(parents=True)
    shutil.copy(magnet, entry.kept_at)
    assert load_source("STEAD", "MagNet").origin == "published"
