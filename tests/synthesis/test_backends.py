"""All backends compute the same: the GAN's training, and pre-training with fine-tuning."""

import numpy as np
import pytest

AGREEMENT = """
import sys
import numpy as np
from sktl.estimators import LSTMClassifier, LSTMRegressor, transfer
from sktl.training.compiled_network import weight_names
from sktl.synthesis import AugmentationGenerator, SyntheticPretraining, WGANGPGenerator, _wgan_gp


def drawn(model, rng):
    # The backends' own initialisers draw different numbers from one seed.
    weights = weight_names(model).items()
    return {path: rng.normal(0, 0.2, v.shape).astype("float32") for path, v in weights}


transfer.initial_weights = _wgan_gp.initial_weights = drawn
X = np.random.default_rng(0).normal(size=(24, 2, 8)).astype("float32")
results = {}
for kind, y in ((LSTMClassifier, np.arange(24) % 3), (LSTMRegressor, X.mean(axis=(1, 2)))):
    network = kind(lstm_units=3, n_layers=1, n_epochs=3, batch_size=8, random_state=0)
    model = SyntheticPretraining(network, AugmentationGenerator(), omega=0.5).fit(X, y)
    outputs = model.predict_proba(X) if kind is LSTMClassifier else model.predict(X)
    results |= {
        f"{kind.__name__} first": model.pretraining_history_["loss"],
        f"{kind.__name__} second": model.history_["loss"],
        f"{kind.__name__} outputs": outputs,
    }
X = np.random.default_rng(0).normal(size=(12, 2, 20))
generator = WGANGPGenerator(
    n_steps=4, n_critic=2, batch_size=6, filters=4, latent_size=3, learning_rate=1e-3,
    random_state=0,
).fit(X, np.arange(12) % 3)
# Gradients of gradients, written in three ways, give the same training.
results |= {"GAN history": generator.history_, "GAN": generator.sample(6, random_state=0)[0]}
np.savez(sys.argv[1], **results)
"""


@pytest.mark.slow
def test_backends_agree(on_all_backends):
    first, *others = on_all_backends(AGREEMENT)
    assert len(first.files) == 8
    for other in others:
        for name in first.files:
            np.testing.assert_allclose(first[name], other[name], rtol=2e-3, atol=2e-4)
