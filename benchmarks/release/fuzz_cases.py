"""What reads files that others wrote: how a tiny valid file is made, and how it is read.

A case makes its file in a folder of its own and returns it with what reads it. Only `ALLOWED`
errors may leave a reader: they are what its documentation names.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import random
import tarfile
import wave
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import numpy as np

from benchmarks.release.fuzz_mutations import damage, damage_gzip, damage_json, damage_zip

ROOT = Path(__file__).resolve().parents[2]
REAL = Path(os.environ.get("SKTL_SHARED", ROOT.parent / "shared")) / "data"
ALLOWED = (ValueError, TypeError, OSError)
Read = Callable[[], Any]
Made = tuple[Path, Read]


class Case(NamedTuple):
    """A reader.

    Parameters
    ----------
    make : callable
        Writes a valid file below a folder; returns the file and what reads it.
    damage : callable
        Makes other bytes of the file's.
    """

    make: Callable[[Path], Made]
    damage: Callable[[bytes, random.Random], bytes] = damage


def _drained(reader):
    return [X.shape for X, _ in reader.iter_batches(64)]


def _rng():
    return np.random.default_rng(0)


def _npz(path, **arrays):
    np.savez(path, **arrays)
    return path


# --- data sets -----------------------------------------------------------------------------------


def _own_npz(folder):
    from sktl.datasets import load_npz

    X, y = _rng().normal(size=(30, 2, 10)).astype("f4"), np.arange(30) % 3
    group, part = np.repeat(list("abcdef"), 5), np.array(["train", "validation", "test"] * 10)
    facts = {"name": "own", "task": "classification", "sampling_rate": 100.0, "split": "published"}
    file = _npz(folder / "own.npz", X=X, y=y, groups=group, part=part, **facts)
    return file, lambda: load_npz(file)


def _dspspeech(folder):
    from sktl.datasets.dspspeech import read_dspspeech

    X = _rng().integers(-9, 9, (4, 2000)).astype(np.int16)
    file = _npz(folder / "d.npz", X=X, label=np.arange(4), speaker=np.arange(4))
    return file, lambda: _drained(read_dspspeech(file))


def _francic(folder):
    from sktl.datasets.emg_francic import read_emg_francic

    file = _npz(
        folder / "f.npz", emg=_rng().integers(-99, 99, (400, 8)).astype(np.int8),
        person=np.array([1, 2]), gesture=np.array([1, 2]),
        start=np.array([0, 200]), stop=np.array([200, 400]),
    )  # fmt: skip
    return file, lambda: _drained(read_emg_francic(file))


def _francic_text(folder):
    from sktl.datasets.emg_francic import read_emg_francic

    file = folder / "1-1" / "1.txt"
    file.parent.mkdir()
    rows = _rng().integers(-99, 99, (200, 8))
    file.write_text("\n".join(",".join(map(str, [*row, 1])) for row in rows))
    return file, lambda: _drained(read_emg_francic(folder))


def _roshambo(folder):
    from sktl.datasets.emg_roshambo import read_emg_roshambo

    emg = _rng().integers(-99, 99, (300, 8)).astype(np.int8)
    name = "subject01_session01"
    file = _npz(folder / "r.npz", **{f"{name}_emg": emg, f"{name}_ann": np.full(300, 2)})
    return file, lambda: _drained(read_emg_roshambo(file))


def _pinch(folder):
    from sktl.datasets.emg_pinch import read_emg_pinch

    file = folder / "subject01_session01_emg.npy"
    np.save(file, _rng().integers(-99, 99, (300, 8)).astype(np.int8))
    np.save(folder / "subject01_session01_ann.npy", np.full(300, "Pinch1"))
    return file, lambda: _drained(read_emg_pinch(folder))


def _pinch_labels(folder):
    _, read = _pinch(folder)
    return folder / "subject01_session01_ann.npy", read


def _myo(name, write):
    def make(folder):
        from sktl.datasets import load_myo

        file = folder / name
        file.parent.mkdir(exist_ok=True)
        write(file, _rng().integers(-99, 99, (400, 8)))
        return file, lambda: _drained(load_myo(folder, split="published").reader)

    return make


def _rows(file, values):
    header = ",".join(f"emg{k}" for k in range(8))
    file.write_text("\n".join([header, *(",".join(map(str, row)) for row in values)]))


def _wav_bytes(rate=16000):
    content = io.BytesIO()
    with wave.open(content, "wb") as clip:
        clip.setparams((1, 2, rate, 0, "NONE", ""))
        clip.writeframes(_rng().integers(-9999, 9999, 16000).astype("<i2").tobytes())
    return content.getvalue()


def _sound(name, content):
    def make(folder):
        from sktl.datasets._audio import read_clip
        from sktl.datasets._readers import Skip

        file = folder / name
        file.write_bytes(content())

        def read():
            try:
                return read_clip(file, 8000)
            except Skip as reason:  # which all that read clips count
                return str(reason)

        return file, read

    return make


def _float_wav():
    from scipy.io import wavfile

    content = io.BytesIO()
    wavfile.write(content, 22050, _rng().normal(size=(2000, 2)).astype("f4"))
    return content.getvalue()


def _by_soundfile(kind):
    def content():
        import soundfile

        file = io.BytesIO()
        soundfile.write(file, _rng().uniform(-0.5, 0.5, 4000), 16000, format=kind)
        return file.getvalue()

    return content


def _digits(folder):
    from sktl.datasets import load_spoken_digits

    file = folder / "recordings.tar.gz"
    clip = _wav_bytes(8000)[:2044]
    with tarfile.open(file, "w:gz") as archive:
        for number in range(12):
            member = tarfile.TarInfo(f"recordings/{number % 2}_s{number // 2}_0.wav")
            member.size = len(clip)
            archive.addfile(member, io.BytesIO(clip))
    home = folder / "home"
    return file, lambda: _drained(load_spoken_digits(file, data_home=home).reader)


def _panel_file(folder):
    from sktl.datasets._hdf5 import PanelReader, write_panel

    file = folder / "panel.hdf5"
    X = _rng().normal(size=(20, 3, 50)).astype("f4")
    groups = np.arange(20).astype(str)
    write_panel(file, "EMG-simulated", [(X, groups, groups)])
    return file, lambda: _drained(PanelReader(file, "EMG-simulated"))


def _len_db(folder):
    import h5py

    from sktl.datasets.len_db import read_len_db

    file = folder / "LEN-DB.hdf5"
    with h5py.File(file, "w") as new:
        for number in range(4):
            one = new.create_dataset(f"EQ/e{number}", data=np.ones((3, 540), "f4"))
            one.attrs.update({"mag": 3.0 + number, "otime": f"t{number}"})
    return file, lambda: _drained(read_len_db(file))


def _stead_real(folder):
    from sktl.datasets.stead import read_stead

    file = folder / "stead.hdf5"
    file.write_bytes((REAL / "stead" / "waveforms_50_109C_TA.hdf5").read_bytes())
    return file, lambda: _drained(read_stead(file))


def _seisbench(folder):
    import h5py
    import pandas as pd

    from sktl.datasets import panel_from_seisbench

    file = folder / "waveforms.hdf5"
    with h5py.File(file, "w") as new:
        kept = {"compression": "gzip", "chunks": (1, 3, 500)}
        new.create_dataset("data/bucket0", data=_rng().normal(size=(4, 3, 500)), **kept)
        new["data_format/component_order"] = "ZNE"
        new["data_format/dimension_order"] = "CW"
        new["data_format/sampling_rate"] = 100.0
    table = {
        "trace_name": [f"bucket0${n},:3,:500" for n in range(4)],
        "source_magnitude": np.arange(4) / 2,
        "source_id": list("aabb"),
        "trace_p_arrival_sample": 200.0,
        "trace_sampling_rate_hz": 100.0,
    }
    pd.DataFrame(table).to_csv(folder / "metadata.csv", index=False)
    return file, lambda: panel_from_seisbench(folder, n_timepoints=100, rate_hz=50, before_s=1)


def _seisbench_table(folder):
    _, read = _seisbench(folder)
    return folder / "metadata.csv", read


def _arrivals(folder):
    from types import SimpleNamespace

    from sktl.datasets import panel_from_stream

    file = folder / "events.csv"
    rows = [f"e{n},STA,2020-01-01T00:00:{n + 10}Z,{n}" for n in range(5)]
    file.write_text("\n".join(["event,station,p_time,magnitude", *rows]))
    start = SimpleNamespace(timestamp=1577836800.0)
    stream = [
        SimpleNamespace(
            data=_rng().normal(size=3000),
            stats=SimpleNamespace(
                station="STA", network="N", channel=f"HH{one}", sampling_rate=100.0, starttime=start
            ),
        )
        for one in "ZNE"
    ]
    return file, lambda: panel_from_stream(stream, file, n_timepoints=100, rate_hz=50)


def _sp500(folder):
    from sktl.datasets.sp500 import read_sp500

    file = folder / "GSPC.csv"
    days = np.arange(np.datetime64("2010-01-01"), np.datetime64("2011-01-01"))
    file.write_text("Date,Close\n" + "\n".join(f"{day},{900 + n}" for n, day in enumerate(days)))
    return file, lambda: _drained(read_sp500(file))


def _ts(folder):
    from sktl.datasets import load_uea

    where = folder / "Tiny"
    where.mkdir()
    head = "@problemName Tiny\n@timeStamps false\n@missing false\n@univariate false\n"
    head += "@dimensions 2\n@equalLength true\n@seriesLength 5\n@classLabel true a b\n@data\n"
    text = head + "".join(f"1,2,3,4,{n}:5,4,3,2,1:{'ab'[n % 2]}\n" for n in range(10))
    for part in ("TRAIN", "TEST"):
        (where / f"Tiny_{part}.ts").write_text(text)
    return where / "Tiny_TRAIN.ts", lambda: load_uea("Tiny", data_home=folder)


def _segy(folder):
    import segyio

    from sktl.datasets.impedance import read_segy_section

    file = folder / "a.segy"
    segyio.tools.from_array2D(str(file), _rng().uniform(1500, 4500, (6, 40)).astype("f4"), dt=1250)
    return file, lambda: read_segy_section(file)


def _mat(folder):
    from scipy.io import savemat

    from sktl.datasets.impedance import read_marmousi

    file = folder / "m.mat"
    axes = {"x": np.arange(12) * 10.0, "z": np.arange(8) * 10.0}
    savemat(file, {"vel": _rng().uniform(1500, 4500, (8, 12)), **axes}, do_compression=True)
    return file, lambda: read_marmousi(file)


def _overthrust(folder):
    from sktl.datasets.impedance import read_overthrust

    file = folder / "vp.npy"
    np.save(file, _rng().uniform(1500, 4500, (12, 8)).astype("f4"))
    return file, lambda: read_overthrust(file)


def _archive(name):
    def make(folder):
        from sktl.datasets._archives import unpack

        file = folder / name
        if name.endswith("zip"):
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
                for member in ("a/x.txt", "a/b/y.txt", "z.txt"):
                    archive.writestr(member, "content" * 20)
        else:
            with tarfile.open(file, "w:gz" if name.endswith("gz") else "w") as archive:
                for member in ("a/x.txt", "a/b/y.txt", "z" * 120):
                    one = tarfile.TarInfo(member)
                    one.size = 140
                    archive.addfile(one, io.BytesIO(b"content" * 20))
        return file, lambda: unpack(file, folder / "unpacked")

    return make


def _git_tree(folder):
    from sktl.datasets._git_tree import tree_of_archive

    file = folder / "a.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for member in ("r/a/x.txt", "r/a/b/y.txt", "r/z.txt"):
            archive.writestr(member, "content" * 20)
    return file, lambda: tree_of_archive(file)


def _checksums(folder):
    from sktl.datasets import _checksums as module
    from sktl.datasets._spec import RemoteFile

    file = module._store()
    file.parent.mkdir(parents=True)
    digest = "sha256:" + hashlib.sha256(b"x").hexdigest()
    (folder / "data.bin").write_bytes(b"x")
    file.write_text(json.dumps({"official": {"data.bin": digest}, "verified": {"/x": [1, 2, "y"]}}))

    def read():
        with mock.patch.object(module, "ask_zenodo", side_effect=OSError("no network here")):
            expected = module.known_hash(RemoteFile("data.bin", "http://localhost/x"))
        module.verify(folder / "data.bin", expected)

    return file, read


# --- sources -------------------------------------------------------------------------------------


def _source(folder):
    from sktl.sources import Card, save_source

    card = Card(
        "mine", "MagNet", "classification", n_channels=3, n_timepoints=50, n_outputs=2,
        classes=["a", "b"], sampling_rate=20.0, parameters={"filters": [8]},
        transferable=["conv1"], score={"metric": "f1", "value": 0.5, "split": "test"},
        versions={"keras": "3"}, created="2026-01-01T00:00:00+00:00", training={"seed": 1},
    )  # fmt: skip
    arrays = {"conv1/kernel": np.ones((3, 3, 8), "f4"), "conv1/bias": np.ones(8, "f2")}
    return save_source(folder / "mine", card, arrays)


def _sealed_source(changed):
    """Read a source of which one file was changed by somebody who knows to write SHA256SUMS."""

    def make(folder):
        from sktl.sources import load_source
        from sktl.sources._folder import CARD, SUMS, WEIGHTS

        mine = _source(folder)

        def read():
            if changed == WEIGHTS:
                card = json.loads((mine / CARD).read_text())
                digest = hashlib.sha256((mine / WEIGHTS).read_bytes()).hexdigest()
                (mine / CARD).write_text(json.dumps(card | {"weights_sha256": digest}))
            lines = [
                f"{hashlib.sha256((mine / name).read_bytes()).hexdigest()}  {name}\n"
                for name in (CARD, WEIGHTS)
            ]
            if changed != SUMS:
                (mine / SUMS).write_text("".join(lines))
            source = load_source(mine, "MagNet")
            return repr(source.card), str(source.card.to_dict())

        return mine / changed, read

    return make


def _listed_source(folder):
    """List and show a source of the user's own whose card was changed."""
    from sktl.cli import main
    from sktl.sources import own_sources_directory

    place = own_sources_directory() / "MagNet"
    place.mkdir(parents=True)
    file, _ = _sealed_source("card.json")(place)

    def read():
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        (file.parent / "SHA256SUMS").write_text(f"{digest}  card.json\n")
        main(["sources"])
        main(["sources", "show", "mine", "--architecture", "MagNet"])

    return file, read


def _bytes_of(name, content, read):
    def make(folder):
        file = folder / name
        file.write_bytes(content())
        return file, lambda: read(file.read_bytes())

    return make


def _resnet(name, content):
    def make(folder):
        from sktl.sources.imagenet import read_resnet_file

        file = folder / name
        file.write_bytes(content())
        return file, lambda: read_resnet_file(file)

    return make


def _tests(name):
    return (ROOT / "tests" / "sources" / "data" / name).read_bytes


def _real(name):
    return (REAL / name).read_bytes


def _tensors():
    from safetensors.numpy import save

    return save({"conv1.weight": np.ones((2, 3, 3, 3), "f4"), "bn1.weight": np.ones(2, "f4")})


def _keras():
    import h5py

    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        for name in ("conv1_conv/conv1_conv/kernel:0", "bn/bn/gamma:0"):
            file[f"model_weights/{name}"] = np.ones((2, 3), "f4")
    return content.getvalue()


def _detector(content):
    from sktl.sources.len_db import read_detector

    return read_detector(content)


def _magnet(content):
    from sktl.sources.published import _read_magnet

    return _read_magnet(content)


def _fcn(content):
    from sktl.sources.ucr import read_fcn

    return read_fcn(content)


_MODEL = {
    "modelTopology": {"model_config": {"config": {"layers": [
        {"name": "bn_conv1", "config": {"epsilon": 1e-3}}]}}},
    "weightsManifest": [{"paths": ["group1"], "weights": [
        {"name": "bn_conv1/moving_variance", "shape": [2], "dtype": "float32"},
        {"name": "res2a_branch2c/kernel", "shape": [2, 3], "dtype": "float32"}]}],
}  # fmt: skip
_SHARD = np.arange(8, dtype="<f4").tobytes()


def _tfjs(folder):
    from sktl.sources.imagenet import read_resnet_file

    (folder / "group1").write_bytes(_SHARD)
    (folder / "model.json").write_text(json.dumps(_MODEL))
    return folder / "model.json", lambda: read_resnet_file(folder)


def _tgz():
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        for name, member in (("model.json", json.dumps(_MODEL).encode()), ("group1", _SHARD)):
            one = tarfile.TarInfo(f"package/ResNet50/{name}")
            one.size = len(member)
            archive.addfile(one, io.BytesIO(member))
    return gzip.compress(content.getvalue())


# --- generators, records, indexes ----------------------------------------------------------------


def _generator(folder):
    from sktl.synthesis import BaseGenerator, MixupGenerator

    X = _rng().normal(size=(20, 2, 30))
    file = MixupGenerator(random_state=0).fit(X, np.arange(20) % 2).save(folder / "g.npz")
    return file, lambda: BaseGenerator.load(file).sample(4, random_state=0)


def _index(folder):
    from sktl.datasets import _index as module

    data = folder / "x.hdf5"
    data.write_bytes(b"x")
    one = np.arange(3)
    module.save_index(data, "k", module.Index(one.astype("S"), one, one.astype("f4"),
                                              one.astype(str), {"noise": 2}))  # fmt: skip
    return module._place(data, "k"), lambda: module.load_index(data, "k")


_ROWS = [
    {"architecture": "tcn", "source": source, "target": "stead", "n_train": 100, "rerun": rerun,
     "omega": source and 0.5, "metric": "mae", "test_score": 0.5 + rerun, "epochs": 3}
    for rerun in range(3) for source in (None, "lomax")
]  # fmt: skip


def _table(name):
    def make(folder):
        import pandas as pd

        from sktl.evaluation.readers import read_records

        file = folder / name
        frame = pd.DataFrame(_ROWS)
        frame.to_parquet(file) if name.endswith("parquet") else frame.to_csv(file, index=False)
        return file, lambda: read_records(file)

    return make


def _published_table(folder):
    """Read curves beside the published table."""
    import pandas as pd

    from sktl.evaluation.readers import read_records

    table = pd.DataFrame(_ROWS).rename(columns={"test_score": "score", "epochs": "last_epoch"})
    table["kind"] = np.where(table["source"].isna(), "reference", "transfer")
    table.assign(convergence_rate=0.5, curve_start=0, task="regression").to_csv(
        folder / "published.csv", index=False
    )
    file = _npz(folder / "published_curves.npz", main=np.ones(12), offsets=np.arange(7) * 2)
    return file, lambda: read_records(folder / "published.csv")


def _record_files(folder):
    from sktl.evaluation.readers import read_records

    for number, row in enumerate(_ROWS):
        curves = {"validation": [1.0, 2.0], "test": [1.0, 2.0]}
        (folder / f"{number}.json").write_text(json.dumps(row | {"curves": curves}))
    return folder / "0.json", lambda: read_records(folder)


def _store(folder):
    from sktl.experiments import Data, Store, Trial

    store = Store(folder / "store").create({"seed": 1})
    trial = Trial("reference", "TCN", Data("EMG-simulated", 200), n_train=50, rerun=0)
    store.write(trial, {"status": "ok", "test_score": 0.5})

    def read():
        store.scan(repair=False)
        list(store.iter_records())
        store.sort_out([trial])
        return store.read(trial)

    return store.path(trial), read


def _settings(folder):
    from sktl.experiments import Store

    store = Store(folder / "store").create({"seed": 1})
    return store.folder / "store.json", lambda: store.create({"seed": 1})


def _locks(folder):
    from sktl.experiments._locks import abandoned

    file = folder / "a.lock"
    file.write_text(json.dumps({"trial": "x", "since": 1.0}))
    return file, lambda: [dict(note) for note in abandoned(folder)]


def _curves(folder):
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    from sktl.plotting import plot_source

    mine, file = _source(folder), folder / "mine.curves.csv"
    file.write_text("repeat,epoch,loss,val_loss\n0,1,2.0,2.1\n0,2,1.0,1.1\n1,1,2.0,2.0\n")

    def read():
        try:
            plot_source(mine, "MagNet")
        finally:
            plt.close("all")

    return file, read


def _seal_record(record):
    from sktl.experiments._store import _checksum

    return record | {"checksum": _checksum(record)}


def _record(content, rng):
    return damage_json(content, rng, _seal_record)


CASES: dict[str, Case] = {
    "npz": Case(_own_npz, damage_zip),
    "dspspeech": Case(_dspspeech, damage_zip),
    "francic": Case(_francic, damage_zip),
    "francic-text": Case(_francic_text),
    "roshambo": Case(_roshambo, damage_zip),
    "pinch": Case(_pinch),
    "pinch-labels": Case(_pinch_labels),
    "myo-npz": Case(
        _myo("s1.npz", lambda file, rows: np.savez(file, fist=rows, wave=rows)), damage_zip
    ),
    "myo-csv": Case(_myo("s1_fist.csv", _rows)),
    "myo-dat": Case(_myo("s1/classe_0.dat", lambda file, rows: rows.astype("<i2").tofile(file))),
    "wav": Case(_sound("a.wav", _wav_bytes)),
    "wav-float": Case(_sound("a.wav", _float_wav)),
    "flac": Case(_sound("a.flac", _by_soundfile("FLAC"))),
    "ogg": Case(_sound("a.ogg", _by_soundfile("OGG"))),
    "mp3": Case(_sound("a.mp3", _by_soundfile("MP3"))),
    "spoken-digits": Case(_digits, damage_gzip),
    "panel-hdf5": Case(_panel_file),
    "len-db": Case(_len_db),
    "stead-real": Case(_stead_real),
    "seisbench": Case(_seisbench),
    "seisbench-table": Case(_seisbench_table),
    "arrivals": Case(_arrivals),
    "sp500": Case(_sp500),
    "ts": Case(_ts),
    "segy": Case(_segy),
    "marmousi": Case(_mat),
    "overthrust": Case(_overthrust),
    "zip": Case(_archive("a.zip"), damage_zip),
    "tar": Case(_archive("a.tar")),
    "tar-gz": Case(_archive("a.tar.gz"), damage_gzip),
    "git-tree": Case(_git_tree, damage_zip),
    "checksums": Case(_checksums, damage_json),
    "card": Case(_sealed_source("card.json"), damage_json),
    "card-listed": Case(_listed_source, damage_json),
    "weights": Case(_sealed_source("weights.safetensors")),
    "sha256sums": Case(_sealed_source("SHA256SUMS")),
    "torch": Case(_resnet("a.pth", _tests("narrow_resnet.pth")), damage_zip),
    "torch-old": Case(_resnet("a.pth", _tests("narrow_resnet_old.pth"))),
    "resnet-safetensors": Case(_resnet("a.safetensors", _tensors)),
    "resnet-h5": Case(_resnet("a.h5", _keras)),
    "resnet-keras-hub": Case(_resnet("a.h5", _tests("keras_hub/model.weights.h5"))),
    "resnet-tfjs": Case(_tfjs, damage_json),
    "resnet-npm": Case(_resnet("a.tgz", _tgz), damage_gzip),
    "magnet-real": Case(_bytes_of(
        "m.h5", _real("magnet/mag_regressionLSTM_ML_multiobservations_1000_067.h5"), _magnet)),
    "detector-real": Case(_bytes_of("d.h5", _real("lendb_detector/modelFinal.h5"), _detector)),
    "fcn-real": Case(_bytes_of("f.ckpt", _real("fcn_ucr/GunPoint.ckpt"), _fcn), damage_zip),
    "generator": Case(_generator, damage_zip),
    "index": Case(_index, damage_zip),
    "records-csv": Case(_table("r.csv")),
    "records-csv-gz": Case(_table("r.csv.gz"), damage_gzip),
    "records-parquet": Case(_table("r.parquet")),
    "records-published": Case(_published_table, damage_zip),
    "records-json": Case(_record_files, damage_json),
    "store": Case(_store, _record),
    "settings": Case(_settings, damage_json),
    "locks": Case(_locks, damage_json),
    "curves": Case(_curves),
}  # fmt: skip
