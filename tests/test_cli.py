"""What the command line prints for programs."""

import json
import subprocess
import sys

import pytest

from sktl.cli import main
from sktl.datasets import list_datasets


def test_datasets_as_json(capsys):
    assert main(["datasets", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [one["name"] for one in found] == [spec.name for spec in list_datasets()]
    stead = next(one for one in found if one["name"] == "STEAD")
    assert (stead["n_channels"], stead["rate_hz"], stead["has_simulator"]) == (3, 100.0, True)
    assert "reader" not in stead


def test_bash_completes_commands_options_and_names(capsys, tmp_path):
    pytest.importorskip("shtab")
    assert main(["completion", "bash"]) == 0
    script = tmp_path / "complete.sh"
    script.write_text(capsys.readouterr().out)

    def completed(*words):
        line = f"COMP_WORDS=({' '.join(words)} ''); COMP_CWORD={len(words)}"
        asked = f'source {script}; {line}; _shtab_sktl; printf "%s\\n" "${{COMPREPLY[@]}}"'
        ran = subprocess.run(["bash", "-c", asked], capture_output=True, text=True, check=True)
        return set(ran.stdout.split())

    assert {"datasets", "pretrain", "doctor"} <= completed("sktl")
    assert "LEN-DB" in completed("sktl", "fetch")
    assert {"MagNet", "TCN"} <= completed("sktl", "sources", "--architecture")


def test_completion_says_what_it_needs(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "shtab", None)
    assert main(["completion", "zsh"]) == 1
    assert "pip install 'sktl[completion]'" in capsys.readouterr().err
