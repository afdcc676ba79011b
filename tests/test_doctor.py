"""The examination finds what works, and names what does not."""

import json

import pytest

from sktl import doctor
from sktl.cli import main


@pytest.fixture
def short(monkeypatch):
    """Leave the networks out."""
    monkeypatch.setattr(doctor, "_self_test", lambda: "not run")
    monkeypatch.setattr(doctor, "_devices", lambda: "none")


def found(name):
    return next(finding for finding in doctor.examine() if finding.name == name)


def test_it_works_here(capsys, sktl_home):
    assert main(["doctor"]) == 0
    out = capsys.readouterr().out
    assert "BROKEN" not in out
    assert f"{sktl_home}, writable" in out
    assert "a network was fine-tuned, predicts, and survives a pickle" in out
    assert out.splitlines()[-1].startswith("Everything works.")


def test_json(short, capsys):
    assert main(["doctor", "--json"]) == 0
    findings = json.loads(capsys.readouterr().out)
    assert {"sktl", "backend", "threads", "cache", "mirror"} <= {one["name"] for one in findings}
    assert all(one["ok"] for one in findings)


def test_what_is_broken_is_named(short, monkeypatch, capsys, tmp_path):
    def fails():
        raise RuntimeError("no network can be built")

    monkeypatch.setattr(doctor, "_self_test", fails)
    monkeypatch.setenv("SKTL_MIRROR", str(tmp_path / "nowhere"))
    assert main(["doctor"]) == 1
    out = capsys.readouterr().out
    assert "BROKEN self-test       RuntimeError: no network can be built" in out
    assert "SKTL_MIRROR must name an existing directory" in out
    assert out.splitlines()[-1] == "Broken: mirror, sources, self-test."


def test_a_cache_that_cannot_be_written_to(short, monkeypatch, tmp_path):
    file = tmp_path / "file"
    file.write_text("")
    monkeypatch.setenv("SKTL_HOME", str(file / "home"))
    assert not found("cache").ok
    monkeypatch.setenv("SKTL_HOME", str(tmp_path / "new" / "home"))
    assert "made at the first use" in found("cache").found
    assert not (tmp_path / "new").exists()


def test_missing_packages(short, monkeypatch):
    monkeypatch.setattr(doctor, "PACKAGES", ("numba", "matplotlib", "torch"))
    monkeypatch.setattr(doctor, "_NEEDED", frozenset({"numba"}))

    def absent(name):
        raise doctor.importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(doctor.importlib.metadata, "version", absent)
    assert not found("numba").ok
    assert "sktl[plots]" in found("matplotlib").found
    assert found("torch").ok
