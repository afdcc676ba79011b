"""What all our estimators tell sktime and scikit-learn of themselves."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np


class ScikitLearnReset:
    """Keeps what scikit-learn needs of a sktime object over the reset at the start of fit."""

    def reset(self):
        """Return to the state after construction, keeping what scikit-learn left for its own use.

        Returns
        -------
        self
        """
        # Scikit-learn >= 1.9 puts these on an estimator before it calls fit.
        kept = {
            k: v for k, v in vars(self).items() if k in ("_parent_callback_ctx", "_skl_callbacks")
        }
        super().reset()  # type: ignore[misc]
        self.__dict__.update(kept)
        return self


class ScikitLearnMixin(ScikitLearnReset):
    """Makes `GridSearchCV`, `cross_val_score` and their kin take a sktime estimator."""

    _kind: ClassVar[str]
    _tags: ClassVar[dict[str, Any]] = {
        "authors": ["sktl developers"],
        "maintainers": ["sktl developers"],
        "python_dependencies": ["keras>=3.15"],
        "X_inner_mtype": "numpy3D",
        "capability:multivariate": True,
    }

    def __sklearn_tags__(self):
        from sklearn.utils import ClassifierTags, InputTags, RegressorTags, Tags, TargetTags

        return Tags(
            estimator_type=self._kind,
            target_tags=TargetTags(
                required=True,
                multi_output=self.get_tag("capability:multioutput", False, raise_error=False),  # type: ignore[attr-defined]
            ),
            classifier_tags=ClassifierTags() if self._kind == "classifier" else None,
            regressor_tags=RegressorTags() if self._kind == "regressor" else None,
            input_tags=InputTags(two_d_array=False, three_d_array=True),
        )


def check_labels(y: np.ndarray) -> None:
    """Refuse class labels that are no labels.

    Parameters
    ----------
    y : np.ndarray of shape (n_instances,)
        Class labels.

    Raises
    ------
    ValueError
        If they are numbers, and NaN or infinite values are among them.

    Examples
    --------
    >>> import numpy as np
    >>> from sktl.estimators.sklearn_mixin import check_labels
    >>> check_labels(np.array(["a", "b"]))
    """
    y = np.asarray(y)
    if y.dtype.kind == "f" and not np.isfinite(y).all():
        raise ValueError("y must be finite. Received: NaN or infinite values")


def as_targets(y: Any, groups: Any) -> Any:
    """Return y as sktime takes it.

    Parameters
    ----------
    y : array-like of shape (n_instances,) or (n_instances, n_outputs)
        Lists become arrays.
    groups : array-like of shape (n_instances,) or None
        Groups of the instances.

    Returns
    -------
    np.ndarray, pd.Series or pd.DataFrame
        The targets.

    Raises
    ------
    ValueError
        If y has several columns and there are groups: sktime fits one clone a column, and they
        would not know the groups.

    Examples
    --------
    >>> from sktl.estimators.sklearn_mixin import as_targets
    >>> as_targets(["a", "b"], None).tolist()
    ['a', 'b']
    """
    y = np.asarray(y) if isinstance(y, list | tuple) else y
    if groups is not None and np.ndim(y) == 2 and np.shape(y)[1] > 1:
        raise ValueError(
            "With groups y must have one column: fit an estimator to each of several. "
            f"Received: y of shape {np.shape(y)}"
        )
    return y
