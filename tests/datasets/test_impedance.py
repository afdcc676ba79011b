"""Earth models: the real Marmousi ones, and SEG-Y and Overthrust files made here."""

import numpy as np
import pytest
import segyio

from sktl.datasets.earth_models import fetch_overthrust, load_earth_model
from sktl.datasets.impedance import (
    read_marmousi,
    read_marmousi2,
    read_overthrust,
    read_segy_section,
    trace_split,
)


def test_real_marmousi2(shared):
    path = shared("data/marmousi/marmousi2_vp_1601x401_f4_kms.bin")
    model = read_marmousi2(path)
    assert model.vp.shape == (1601, 401)
    assert model.density_from == "gardner"
    assert model.vp.min() == pytest.approx(1028, abs=1)
    assert model.vp.max() == pytest.approx(4700, abs=1)
    # x-major: the sea lies at the top of every trace.
    assert (model.vp[:, :20] == 1500).all()
    X, y = model.traces(noise=0.2, random_state=0)
    assert X.shape == (1601, 1, y.shape[1])
    assert X.dtype == y.dtype == np.float32
    assert np.isfinite(X).all()
    # Traces reflect where impedance changes: nothing in the sea, something below it.
    clean, _ = model.traces()
    assert np.abs(clean[:, 0, :10]).max() < 1e-3 * np.abs(clean).max()


def test_real_marmousi(shared):
    model = read_marmousi(shared("data/marmousi/marmousi_dz10.mat"))
    assert model.vp.shape == (941, 301)
    assert (model.dx_m, model.dz_m) == (10.0, 10.0)
    assert model.impedance.shape == model.vp.shape


def write_segy(path, section):
    segyio.tools.from_array2D(str(path), section.astype(np.float32), dt=1250)
    return path


def test_official_marmousi2_segy(tmp_path):
    rng = np.random.default_rng(0)
    vp = rng.uniform(1500, 4500, (12, 40))
    density = rng.uniform(1.0, 2.6, (12, 40))
    model = read_marmousi2(
        write_segy(tmp_path / "MODEL_P-WAVE_VELOCITY_1.25m.segy", vp),
        density=write_segy(tmp_path / "MODEL_DENSITY_1.25m.segy", density),
    )
    np.testing.assert_allclose(model.vp, vp, rtol=1e-5)
    np.testing.assert_allclose(model.impedance, vp * density * 1000, rtol=1e-4)
    assert (model.dz_m, model.density_from) == (1.25, "model")


def test_overthrust(tmp_path):
    path = tmp_path / "overthrust.vites"
    values = np.memmap(path, dtype=">f4", mode="w+", shape=(187, 801, 801))
    values[:, 400, :] = 2000 + np.arange(187)[:, None] * 20 + np.arange(801)
    values.flush()
    del values
    model = read_overthrust(path)
    assert model.vp.shape == (801, 187)
    assert model.vp[3, 5] == 2000 + 5 * 20 + 3
    # The official cube goes before a section of it.
    (tmp_path / "overthrust").mkdir()
    np.save(tmp_path / "overthrust" / "vp_true.npy", np.full((3, 9), 2000.0))
    np.testing.assert_array_equal(fetch_overthrust(tmp_path).vp, model.vp)
    with pytest.raises(ValueError, match="300 and 9000"):
        fetch_overthrust(tmp_path, line=0)
    path.rename(tmp_path / "other")
    assert fetch_overthrust(tmp_path).vp.shape == (3, 9)
    (tmp_path / "other").rename(path)
    with pytest.raises(ValueError, match="line=801"):
        read_overthrust(path, line=801)


def test_section_of_overthrust(shared):
    model = fetch_overthrust(shared("data/overthrust").parent)
    assert model.vp.shape == (501, 171)
    # The upper 400 m are water. The density that comes with the section is Gardner's as well,
    # in water too, where ours is that of water.
    water = model.vp <= 1500
    assert water[:, :18].all()
    density = np.load(shared("data/overthrust/rho_true.npy"))
    np.testing.assert_allclose(model.density[~water], density[~water], rtol=1e-6)
    assert (model.density[water] == 1000).all()
    X, y = model.traces(frequency_hz=25.0, dt_s=0.004)
    assert X.shape == (501, 1, 472)
    assert y.shape == (501, 472)


def test_overthrust_of_another_form(tmp_path):
    np.save(tmp_path / "vp_true.npy", np.ones((3, 4, 5)))
    with pytest.raises(ValueError, match=r"\(n_traces, n_depths\). Received: float64 of shape"):
        read_overthrust(tmp_path / "vp_true.npy")


def test_damaged_files(tmp_path):
    path = tmp_path / "overthrust.vites"
    path.write_bytes(b"\0" * 1000)
    with pytest.raises(ValueError, match="Received: 1000"):
        read_overthrust(path)
    with pytest.raises(ValueError, match="Received: 1000"):
        read_marmousi2(path)
    with pytest.raises(ValueError, match=r"\.mat file"):
        read_marmousi(path)
    segy = tmp_path / "model.segy"
    segy.write_bytes(b"\0" * 100)
    with pytest.raises(ValueError, match="SEG-Y"):
        read_segy_section(segy)
    write_segy(segy, np.full((3, 9), 2000.0))
    write_segy(tmp_path / "rho.segy", np.full((3, 8), 2.0))
    with pytest.raises(ValueError, match="one shape"):
        read_marmousi2(segy, density=tmp_path / "rho.segy")
    with pytest.raises(ValueError, match="goes with"):
        read_marmousi2(path, density=segy)
    with pytest.raises(ValueError, match="density='gardner'"):
        read_marmousi2(segy)
    assert read_marmousi2(segy, density="gardner").density_from == "gardner"
    write_segy(tmp_path / "rho.segy", np.zeros((3, 9)))
    with pytest.raises(ValueError, match=r"density must be positive and finite. Received: 27"):
        read_marmousi2(segy, density=tmp_path / "rho.segy")
    write_segy(segy, np.where(np.eye(3, 9), np.nan, 2000.0))
    with pytest.raises(ValueError, match="must be finite"):
        read_marmousi2(segy, density="gardner")


def test_models_are_found_by_their_file_names(tmp_path, monkeypatch, shared):
    assert load_earth_model("Marmousi-2", tmp_path) is None
    (tmp_path / "deep").mkdir()
    write_segy(tmp_path / "deep" / "MODEL_P-WAVE_VELOCITY_1.25m.segy", np.full((11, 9), 2000.0))
    found = load_earth_model("Marmousi-2", tmp_path)
    assert (found.vp.shape, found.dx_m, found.density_from) == ((3, 9), 6.25, "gardner")
    write_segy(tmp_path / "MODEL_DENSITY_1.25m.segy", np.full((11, 9), 2.0))
    assert load_earth_model("Marmousi-2", tmp_path).impedance.max() == pytest.approx(4e6)
    with pytest.raises(ValueError, match="Received: name='Marmousi2'"):
        load_earth_model("Marmousi2")
    monkeypatch.setenv("SKTL_MIRROR", str(shared("data/marmousi")))
    assert load_earth_model("Marmousi").vp.shape == (941, 301)
    assert load_earth_model("Marmousi-2").vp.shape == (1601, 401)


def test_published_split():
    parts = trace_split(2721, 450)
    assert [len(rows) for rows in parts.values()] == [450, 450, 1821]
    np.testing.assert_array_equal(np.sort(np.concatenate(list(parts.values()))), np.arange(2721))
    assert trace_split(801, 5, 0)["train"].tolist() == [0, 200, 400, 600, 800]
    with pytest.raises(ValueError, match="n_train=9"):
        trace_split(10, 9)
