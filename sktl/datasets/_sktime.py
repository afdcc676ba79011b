"""The datasets as objects of sktime's dataset classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from sktime.datasets.base import BaseDataset
from sktime.datatypes import convert_to

if TYPE_CHECKING:
    from sktl.datasets._dataset import Dataset


class _PanelDataset(BaseDataset):
    """A `Dataset` behind sktime's interface for datasets."""

    _tags: ClassVar[dict] = {"n_splits": 1}

    def __init__(self, dataset: Dataset, return_mtype: str = "numpy3D"):
        self.dataset = dataset
        self.return_mtype = return_mtype
        super().__init__()
        self.set_tags(
            name=dataset.name,
            is_univariate=dataset.n_channels == 1,
            n_instances=sum(map(len, dataset.parts.values())),
            n_instances_train=len(dataset.parts["train"]),
            n_instances_test=len(dataset.parts["test"]),
        )

    def keys(self) -> list[str]:
        """Return what ``load`` accepts: ``X``, ``y``, ``X_train``, ``y_validation`` and so on."""
        return self.dataset.keys()

    def _load(self, *args: str) -> Any:
        arrays = [self.dataset.load(key) for key in args]
        loaded = tuple(
            convert_to(array, self.return_mtype, as_scitype="Panel")
            if isinstance(array, np.ndarray) and array.ndim == 3
            else array
            for array in arrays
        )
        return loaded[0] if len(loaded) == 1 else loaded


class ClassificationDataset(_PanelDataset):
    """A classification dataset for sktime's benchmarks and catalogues.

    Parameters
    ----------
    dataset : Dataset
        What `load_dataset` or `make_dataset` gives.
    return_mtype : str, default="numpy3D"
        The panel type of sktime in which ``X`` is returned.

    Examples
    --------
    >>> from sktl.datasets import load_dataset
    >>> emg = load_dataset("EMG-simulated", n_instances=100).to_sktime()
    >>> emg.load("X_train").shape, emg.get_tag("n_classes")
    ((70, 3, 80), 4)
    """

    _tags: ClassVar[dict] = {
        "object_type": ["dataset_classification", "dataset"],
        "task_type": ["classifier"],
    }

    def __init__(self, dataset: Dataset, return_mtype: str = "numpy3D"):
        super().__init__(dataset, return_mtype)
        if dataset.classes is not None:
            self.set_tags(n_classes=len(dataset.classes))


class RegressionDataset(_PanelDataset):
    """A regression dataset for sktime's benchmarks and catalogues.

    Parameters
    ----------
    dataset : Dataset
        What `load_dataset` or `make_dataset` gives.
    return_mtype : str, default="numpy3D"
        The panel type of sktime in which ``X`` is returned.
    """

    _tags: ClassVar[dict] = {
        "object_type": ["dataset_regression", "dataset"],
        "task_type": ["regressor"],
    }


def wrap(dataset: Dataset) -> ClassificationDataset | RegressionDataset:
    """Return the sktime object of a dataset."""
    return (ClassificationDataset if dataset.task == "classification" else RegressionDataset)(
        dataset
    )
