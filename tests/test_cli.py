"""What the command line prints for programs."""

import json

from sktl.cli import main
from sktl.datasets import list_datasets


def test_datasets_as_json(capsys):
    assert main(["datasets", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [one["name"] for one in found] == [spec.name for spec in list_datasets()]
    stead = next(one for one in found if one["name"] == "STEAD")
    assert (stead["n_channels"], stead["rate_hz"], stead["has_simulator"]) == (3, 100.0, True)
    assert "reader" not in stead
