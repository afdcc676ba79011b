"""What the published experiment compares, by name."""

from __future__ import annotations

import re

ARCHITECTURES = ("ConvNetQuakeINGV", "MagNet", "MLSTMFCN", "TCN")
DATASETS = ("LOMAX", "LEN-DB", "STEAD", "SPEECH", "EMG", "S&P 500")


def letters_of(name: str) -> str:
    """Return the letters and digits of a name, in lower case: what tells names apart."""
    return re.sub("[^a-z0-9]", "", name.lower())
