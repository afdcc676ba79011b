"""Result of a training run: a network as arrays, without Keras objects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sktl.estimators.network import described
from sktl.sources import Card
from sktl.training.training_data import DataFacts


@dataclass(frozen=True, eq=False)
class Trained:
    """A trained network as arrays.

    Attributes
    ----------
    estimator : estimator of sktl.estimators
        Estimator with the parameters of the network, none of them "auto".
    facts : DataFacts
        Properties of the training data.
    weights : dict of str to np.ndarray
        ``"layer/weight"`` to values.
    dropout_seed : int
        Seed of the random streams of the network's layers.
    source : sktl.sources.Card or None
        Card of the source of the initial weights.
    history : pandas.DataFrame
        See `history_` of the estimators.
    best_epoch : int
        Epoch of these weights.
    schedule : dict of str to object
        Values of the parameters that may be "auto".
    """

    estimator: Any
    facts: DataFacts
    weights: dict[str, np.ndarray]
    dropout_seed: int
    source: Any
    history: pd.DataFrame
    best_epoch: int
    schedule: dict[str, Any]

    @property
    def transferable_weights(self) -> dict[str, np.ndarray]:
        """The weights of the transferable layers."""
        layers = set(self.estimator._transferable())
        return {path: v for path, v in self.weights.items() if path.split("/")[0] in layers}

    def card(self, name: str, **fields) -> Card:
        """Return a card that describes these weights as a source.

        Parameters
        ----------
        name : str
            Name of the source.
        **fields
            Further fields, see `sktl.sources.Card`.

        Returns
        -------
        Card
            The card.
        """
        return Card(name=name, **(described(self.estimator, self.facts) | fields))

    def outputs(self, X: np.ndarray) -> np.ndarray:
        """Return the outputs of the network for a panel.

        Parameters
        ----------
        X : np.ndarray of shape (n_instances, n_channels, n_timepoints)
            Panel, as for `fit`.

        Returns
        -------
        np.ndarray of shape (n_instances, n_outputs)
            Outputs, not decoded.
        """
        return self.estimator._apply(self.facts, self.weights, self.dropout_seed, X)

    def outputs_of_inputs(self, inputs: list[np.ndarray]) -> np.ndarray:
        """Return the outputs of the network for preprocessed series, such as a held-out part."""
        with self.estimator.lease_network(self.facts.network_shape) as network:
            network.load(self.weights, self.dropout_seed)
            return network.predict(network.to_tensors(inputs))

    def evaluate(self, X: np.ndarray, y: np.ndarray) -> dict[str, float]:
        """Return the loss, without the kernel penalty, and the scores on other instances.

        Parameters
        ----------
        X : np.ndarray of shape (n_instances, n_channels, n_timepoints)
            Panel, as for `fit`.
        y : np.ndarray of shape (n_instances,) or (n_instances, n_outputs)
            Labels or numbers.

        Returns
        -------
        dict of str to float
            ``val_loss``, ``val_score``, ...
        """
        X = self.facts.at_length(X)
        outputs, targets = self.outputs(X), self.facts.targets
        frames = targets.frames(X)
        with self.estimator.lease_network(self.facts.network_shape) as network:
            loss = network.mean_loss(targets.encode(y, frames), outputs)
        return {"val_loss": loss} | targets.scores(y, outputs, frames)
