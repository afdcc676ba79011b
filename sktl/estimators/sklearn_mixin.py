"""What all our estimators tell sktime and scikit-learn of themselves."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from sktl._panels import check_same_order
from sktl.estimators.panel_input import PanelInput


class ScikitLearnReset:
    """Keeps what scikit-learn needs of a sktime object over the reset at the start of fit."""

    def reset(self):
        """Return to the state after construction, keeping what scikit-learn left for its own use.

        Returns
        -------
        self
        """
        # Scikit-learn >= 1.9 puts these on an estimator before it calls fit.
        names = ("_parent_callback_ctx", "_skl_callbacks")
        kept = {name: value for name, value in vars(self).items() if name in names}
        super().reset()  # type: ignore[misc]
        for name, value in kept.items():
            setattr(self, name, value)
        return self


class ScikitLearnMixin(PanelInput, ScikitLearnReset):
    """Lets `GridSearchCV`, `cross_val_score` and the like take a sktime estimator."""

    _tags: ClassVar[dict[str, Any]] = {
        "authors": ["sktl developers"],
        "maintainers": ["sktl developers"],
        "python_dependencies": ["keras>=3.15"],
        "capability:multivariate": True,
    }

    def __getattr__(self, name):
        """Explain what is missing where there was nothing to learn."""
        known = vars(self).get("classes_", ())
        if len(known) == 1 and not name.startswith("__") and name.strip("_") != name:
            raise AttributeError(
                f"This {type(self).__name__} has no {name}: y had one class, "
                f"{self.classes_.tolist()[0]!r}, so nothing was trained, and this class is what it "
                "predicts"
            )
        # Raise the error that there was.
        return object.__getattribute__(self, name)

    def score(self, X, y, **options) -> float:
        """Return the accuracy of a classifier, or R2 of a regressor.

        Parameters
        ----------
        X : sktime panel, or np.ndarray of shape (n_instances, n_channels, n_timepoints)
            Series.
        y : array-like of shape (n_instances,) or (n_instances, n_outputs)
            What is true.
        **options
            Of a regressor: ``multioutput``, see `sklearn.metrics.r2_score`.

        Returns
        -------
        float
            At most 1.
        """
        check_same_order(X, y)
        y = self._targets_of(y)
        if self._kind == "classifier" and np.ndim(y) == 1 and np.asarray(y).dtype.kind == "f":
            # Scikit-learn's accuracy takes floats for numbers to predict.
            return float(np.mean(self.predict(X) == np.asarray(y)))
        return super().score(X, y, **options)  # type: ignore[misc]

    def __sklearn_tags__(self):
        from sklearn.utils import ClassifierTags, InputTags, RegressorTags, Tags, TargetTags

        return Tags(
            estimator_type=self._kind,
            target_tags=TargetTags(
                required=True,
                multi_output=self.get_tag("capability:multioutput", False, raise_error=False),
            ),
            classifier_tags=ClassifierTags() if self._kind == "classifier" else None,
            regressor_tags=RegressorTags() if self._kind == "regressor" else None,
            input_tags=InputTags(two_d_array=False, three_d_array=True),
        )
