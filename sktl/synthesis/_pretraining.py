"""Pre-training on generated series, fine-tuning on the real ones."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import numpy as np
from sklearn.base import clone
from sktime.classification.base import BaseClassifier
from sktime.regression.base import BaseRegressor

from sktl._checks import Number, check_choice, check_number
from sktl._random import draw_seed
from sktl.estimators.preparation import prepare
from sktl.estimators.training_run import TrainingRun
from sktl.estimators.transfer import repeats_for
from sktl.estimators.wrapper import NetworkWrapper
from sktl.synthesis._base import BaseGenerator
from sktl.training.randomness import random_streams, validation_split
from sktl.training.training_data import data_hash


class SyntheticPretraining(NetworkWrapper):
    """Pre-train a network on generated series, then fine-tune it on the real ones.

    The inner validation split comes first: the generator sees the training part alone, and no
    instance that decides on epochs or learning rates. Both trainings start as ``estimator.fit``
    does with the same `random_state`, on the same split, with the scaling of the real training
    part; both are watched on the real validation part. So ``estimator.fit(X, y)`` is the fair
    reference, and a `ResamplingGenerator`, which gives nothing new, the one for longer training.

    ``SyntheticPretraining(estimator, generator)`` makes a `SyntheticPretrainingClassifier` or a
    `SyntheticPretrainingRegressor`, after the estimator's kind.

    Parameters
    ----------
    estimator : estimator of sktl.estimators
        The network. Its `source` and `omega` are used in the pre-training.
    generator : BaseGenerator
        What makes series. Without a `random_state` of its own it takes one from the estimator's.
    multiple : float, default=2
        Generated instances for one of the training part. Published: 2 and 4.
    omega : float, default=1.0
        Multiplier of the learning rate of the layers that transfer, in the fine-tuning; 0 freezes
        them.
    transfer : {"all", "transferable"}, default="all"
        Which weights the fine-tuning starts from: all of the pre-trained ones, with the output
        layer, or those of the layers that transfer, as from any other source.
    generator_share : float, default=1.0
        Share of the training part that the generator is fitted on. Published: 0.7 and 0.9.
    pretraining_params : dict or None, default=None
        Parameters of the estimator that differ in the pre-training, such as ``n_epochs``.

    Attributes
    ----------
    estimator_ : estimator
        The fine-tuned network.
    pretrained_ : estimator
        The network before the fine-tuning; its `save_pretrained` makes it a source for others.
    generator_ : BaseGenerator
        The fitted generator.
    history_, best_epoch_ : pandas.DataFrame, int
        Of the fine-tuning, see the estimator.
    pretraining_history_ : pandas.DataFrame
        Of the pre-training: ``loss`` on generated, ``val_loss`` and ``val_score`` on real series.
    n_generated_ : int
        Generated instances.

    References
    ----------
    .. [1] The idea, on 14 multivariate problems with a GAN for each class: "Optimizing deep
       learning performance with limited multivariate time series data", graduation project.
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
            Held-out instances instead of the inner split; the generator does not see them.

        Returns
        -------
        self

        Raises
        ------
        TypeError, ValueError
            If a parameter or the data cannot be used.
        FloatingPointError
            If a training diverges at once.
        """
        validation_data = self._checked_together(X, y, validation_data)
        return self._fit_with(X, y, validation_data=validation_data)

    def _fit(self, X, y):
        self._check_parameters()
        seed = draw_seed(self.estimator.random_state)
        first = self._member(seed, **(self.pretraining_params or {}))
        tuned = self._member(seed, omega=self.omega)
        source = first.load_source()
        # The same numbers that the estimator's own fit draws, so that the split is the same.
        data = prepare(
            tuned,
            X,
            y,
            random_streams(seed)["split"],
            channel_repeats=repeats_for(tuned, X, source),
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
            notes=f"Pre-trained on series that {self.generator_!r} generated.",
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
                "generator must be a generator of sktl.synthesis, or of your own class that "
                f"inherits BaseGenerator. Received: generator={self.generator!r}"
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
        """Make one of the two networks."""
        member = self.estimator.clone().set_params(random_state=seed, **params)
        if member.head == "auto":
            # The output layer comes from the pre-training, too.
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
                f"The generator must give finite series of shape {X.shape[1:]}. Received: "
                f"{X_new.shape}, {np.count_nonzero(~np.isfinite(X_new))} values not finite"
            )
        return X_new, y_new

    def _predict(self, X):
        return self.estimator_.predict(X)

    def _predict_proba(self, X):
        return self.estimator_.predict_proba(X)

    @classmethod
    def get_test_params(cls, parameter_set="default"):
        """Return parameters that make a fit short, for the suites of sktime.

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
    """Give generated series as a training part that is scaled like the real one."""
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


class SyntheticPretrainingClassifier(SyntheticPretraining, BaseClassifier):
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
