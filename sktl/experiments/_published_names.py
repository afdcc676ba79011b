"""What the published experiment compares, by name."""

ARCHITECTURES = ("ConvNetQuakeINGV", "MagNet", "MLSTMFCN", "TCN")
DATASETS = ("LOMAX", "LEN-DB", "STEAD", "SPEECH", "EMG", "S&P 500")
