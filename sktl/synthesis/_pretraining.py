"""Pre-training on generated series and fine-tuning on real ones."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import numpy as np
from sklearn.base import clone
from sktime.regression.base import BaseRegressor

from sktl._checks import Number, check_choice, check_number
from sktl._random import draw_seed
from sktl.estimators.panel_input import PanelClassifier
from sktl.estimators.preparation import prepare
from sktl.estimators.training_run import TrainingRun
from sktl.estimators.transfer import form_of
from sktl.estimators.wrapper import NetworkWrapper
from sktl.synthesis._base import BaseGenerator
from sktl.training.randomness import random_streams, validation_split
from sktl.training.training_data import data_hash


class SyntheticPretraining(NetworkWrapper):
    """Pre-train a network on generated series, then fine-tune it on the real ones [1]_.

    The inner validation split is made first: the generator is fitted to the training part only, so
    it does not use the instances that control epochs and learning rates. Pre-training and
    fine-tuning use the same `random_state`, split and preprocessing as ``estimator.fit``, and are
    monitored on the real validation part. ``estimator.fit(X, y)`` is therefore the fair reference.
    A `ResamplingGenerator`, which adds no new series, is the reference for longer training.

    ``SyntheticPretraining(estimator, generator)`` returns a `SyntheticPretrainingClassifier` or a
    `SyntheticPretrainingRegressor`, depending on the type of the estimator.

    Parameters
    ----------
    estimator : estimator of sktl.estimators
        The network. Its `source` and `omega` are used in the pre-training.
    generator : BaseGenerator
        The generator. If its `random_state` is None, its seed is derived from the estimator's.
    multiple : float, default=2
        Number of generated instances per training instance. Published: 2 and 4.
    omega : float, default=1.0
        Multiplier of the learning rate of the transferred layers in the fine-tuning; 0 freezes
        them.
    transfer : {"all", "transferable"}, default="all"
        Initial weights of the fine-tuning: all pre-trained weights including the output layer, or
        those of the transferable layers, as with any other source.
    generator_share : float, default=1.0
        Fraction of the training part to which the generator is fitted. Published: 0.7 and 0.9.
    pretraining_params : dict or None, default=None
        Parameters of the estimator that differ in the pre-training, such as ``n_epochs``.

    Attributes
    ----------
    estimator_ : estimator
        The fine-tuned network.
    pretrained_ : estimator
        The network before the fine-tuning; its `save_pretrained` saves it as a source.
    generator_ : BaseGenerator
        The fitted generator.
    history_ : pandas.DataFrame
        History of the fine-tuning, see the estimator.
    best_epoch_ : int
        Best epoch of the fine-tuning.
    pretraining_history_ : pandas.DataFrame
        History of the pre-training, with ``loss`` on generated series, and ``val_loss`` and
        ``val_score`` on real series.
    n_generated_ : int
        Number of generated instances.

    References
    ----------
    .. [1] "Optimizing deep learning performance with limited multivariate time series data",
       graduation project (14 multivariate problems, one GAN per class).
    """

    def __init__(
        self,
        estimator,
        generator,
        multiple=2,
        omega=1.0,
        transfer="all",
        generator_share=1.0,
        pretraining_params=None,
    ):
        self.estimator = estimator
        self.generator = generator
        self.multiple = multiple
        self.omega = omega
        self.transfer = transfer
        self.generator_share = generator_share
        self.pretraining_params = pretraining_params
        super().__init__()

    def fit(self, X, y, validation_data=None):
        """Fit the generator, pre-train and fine-tune.

        Parameters
        ----------
        X : sktime panel, or np.ndarray of shape (n_instances, n_channels, n_timepoints)
            Training series of equal length, in any unit.
        y : array-like of shape (n_instances,)
            Class labels, or numbers in any unit.
        validation_data : tuple of (X, y), optional
            Held-out instances instead of the inner split; the generator is not fitted to them.

        Returns
        -------
        self
            The fitted estimator.

        Raises
        ------
        TypeError, ValueError
            If a parameter or the data cannot be used.
        FloatingPointError
            If the pre-training or the fine-tuning diverges in its first epoch.
        """
        validation_data = self._checked_together(X, y, validation_data)
        return self._fit_with(X, y, validation_data=validation_data)

    def _fit(self, X, y):
        self._check_parameters()
        X = self._as_array(X)
        seed = draw_seed(self.estimator.random_state)
        first = self._member(seed, **(self.pretraining_params or {}))
        tuned = self._member(seed, omega=self.omega)
        source = first.load_source()
        # The random stream of the estimator's own fit, so that the split is the same.
        data = prepare(
            tuned,
            X,
            y,
            random_streams(seed)["split"],
            form=form_of(tuned, X, source),
            validation_data=self._given.get("validation_data"),
        )
        X_new, y_new = self._generate(X[data.rows], y[data.rows], seed)

        run = TrainingRun(first, _generated(data, X_new, y_new), random_streams(seed))
        run.start(source).advance(progress_bar=True)
        self.pretrained_, trained = run.fit_estimator(first, X, y), run.finish()
        weights = trained.weights if self.transfer == "all" else trained.transferable_weights
        card = trained.card(
            type(self.generator_).__name__,
            simulated=True,
            notes=f"Pre-trained on series generated by {self.generator_!r}.",
        )

        run = TrainingRun(tuned, data, random_streams(seed))
        run.start(weights=weights, card=card).advance(progress_bar=True)
        self.estimator_ = run.fit_estimator(tuned, X, y)
        self.pretraining_history_ = self.pretrained_.history_
        self.history_, self.best_epoch_ = self.estimator_.history_, self.estimator_.best_epoch_
        return self

    def _check_parameters(self):
        self._check_estimator()
        if not isinstance(self.generator, BaseGenerator):
            raise TypeError(
                "generator must be a generator of sktl.synthesis or an instance of another "
                f"subclass of BaseGenerator. Received: generator={self.generator!r}"
            )
        Number().check("omega", self.omega)
        check_choice("transfer", self.transfer, ("all", "transferable"))
        check_number("multiple", self.multiple, least=0, above=True)
        check_number("generator_share", self.generator_share, least=0, above=True)
        if self.generator_share > 1:
            raise ValueError(
                "generator_share must be at most 1. "
                f"Received: generator_share={self.generator_share!r}"
            )

    def _member(self, seed, **params):
        """Return one of the two networks."""
        member = self.estimator.clone().set_params(random_state=seed, **params)
        if member.head == "auto":
            # The output layer also comes from the pre-training.
            member.set_params(head="random")
        member.check_parameters()
        return member

    def _generate(self, X, y, seed):
        generator = clone(self.generator)
        fitting, sampling, share = np.random.SeedSequence(seed).spawn(6)[3:]
        if generator.random_state is None:
            generator.set_params(random_state=int(fitting.generate_state(1)[0]))
        task = "classification" if self._kind == "classifier" else "regression"
        if generator.task != "auto" and generator.task != task:
            raise ValueError(f"generator must have task='auto' or {task!r}. Received: {generator}")
        generator.set_params(task=task)
        seen = np.arange(len(y))
        if self.generator_share < 1:
            strata = y if self._kind == "classifier" else None
            rng = np.random.default_rng(share)
            seen, _ = validation_split(len(y), 1 - self.generator_share, strata, rng)
        self.generator_ = generator.fit(X[seen], y[seen])
        self.n_generated_ = max(1, round(self.multiple * len(y)))
        X_new, y_new = generator.sample(
            self.n_generated_, random_state=np.random.default_rng(sampling)
        )
        if X_new.shape != (self.n_generated_, *X.shape[1:]) or not np.isfinite(X_new).all():
            raise ValueError(
                f"The generator must return {self.n_generated_} finite series of shape "
                f"{X.shape[1:]}. Received: shape {X_new.shape}, "
                f"{np.count_nonzero(~np.isfinite(X_new))} values not finite"
            )
        return X_new, y_new

    def _predict(self, X):
        return self.estimator_.predict(self._as_array(X))

    def _predict_proba(self, X):
        return self.estimator_.predict_proba(self._as_array(X))

    @classmethod
    def get_test_params(cls, parameter_set="default"):
        """Return parameters for a short fit, for the test suites of sktime.

        Parameters
        ----------
        parameter_set : str, default="default"
            Not used.

        Returns
        -------
        list of dict
            Two sets of parameters.
        """
        from sktl import estimators
        from sktl.synthesis._baselines import AugmentationGenerator, MixupGenerator

        network = getattr(estimators, f"MagNet{cls._kind.capitalize()}")
        estimator = network(**network.get_test_params()[0])
        return [
            {"estimator": estimator, "generator": AugmentationGenerator()},
            {
                "estimator": estimator,
                "generator": MixupGenerator(),
                "multiple": 0.5,
                "omega": 0.5,
                "transfer": "transferable",
                "pretraining_params": {"n_epochs": 1},
            },
        ]


def _generated(data, X, y):
    """Replace the training part by generated series, with the preprocessing of the real one."""
    X = np.repeat(X, data.facts.channel_repeats, axis=1)
    targets = data.facts.targets
    part = (
        data.facts.preprocessing.transform(X),
        targets.encode(targets.check(y), targets.frames(X)),
        targets.weights(y),
    )
    facts = replace(data.facts, n_instances=len(y), data_sha256=data_hash(X, y))
    return replace(data, training=part, facts=facts)


_EXAMPLE = """
    Examples
    --------
    >>> from sktime.datasets import load_unit_test
    >>> from sktl.estimators import MagNet{kind}
    >>> from sktl.synthesis import AugmentationGenerator, SyntheticPretraining
    >>> X, y = load_unit_test(return_type="numpy3D")
    >>> network = MagNet{kind}(n_epochs=2, random_state=0)
    >>> model = SyntheticPretraining(network, AugmentationGenerator(), omega=0.5)
    >>> model = model.fit(X, y{numbers})
    >>> len(model.pretraining_history_), len(model.history_)
    (2, 2)
    >>> model.predict(X).shape
    (42,)
    """


class SyntheticPretrainingClassifier(SyntheticPretraining, PanelClassifier):
    __doc__ = (SyntheticPretraining.__doc__ or "") + _EXAMPLE.format(kind="Classifier", numbers="")

    _kind = "classifier"
    _tags: ClassVar = {"capability:predict_proba": True}


class SyntheticPretrainingRegressor(SyntheticPretraining, BaseRegressor):
    __doc__ = (SyntheticPretraining.__doc__ or "") + _EXAMPLE.format(
        kind="Regressor", numbers=".astype(float)"
    )

    _kind = "regressor"


SyntheticPretraining._classes = {
    "classifier": SyntheticPretrainingClassifier,
    "regressor": SyntheticPretrainingRegressor,
}
