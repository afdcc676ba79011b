import numpy as np
import pytest

from sktl.estimators import ConvNetQuakeINGVClassifier, MLSTMFCNRegressor
from sktl.pretraining import from_file, pretrain, recipe_for
from sktl.pretraining.from_file import ReadingNetwork, ahead, fit_from_file
from sktl.pretraining.instances import Instances
from sktl.sources import load_source


@pytest.mark.fast_only("EMG-estimator0")
@pytest.mark.parametrize(
    ("name", "estimator"),
    [
        ("EMG", ConvNetQuakeINGVClassifier(n_layers=3, n_epochs=3, head="random", random_state=1)),
        (
            "S&P 500",
            MLSTMFCNRegressor(filters=(8, 16, 8), n_epochs=2, head="random", random_state=1),
        ),
    ],
)
def test_what_stays_in_its_file_trains_as_in_memory(files, monkeypatch, name, estimator):
    instances = Instances(name, True, recipe_for(name), 200, 0, str(files / f"{name}.hdf5"))
    assert not instances.stay_in_file
    stored = {part: instances.in_file(part) for part in ("train", "validation", "test")}
    monkeypatch.setattr(from_file, "_BLOCK", 15_000)  # several blocks, and an incomplete last one
    streamed = fit_from_file(estimator.clone(), stored["train"], stored["validation"])
    X, y = instances.part("train")
    held_out = instances.part("validation")
    fitted = estimator.clone().fit(X, y, validation_data=held_out)

    assert 150 < len(y) < 200  # without the damaged ones
    assert streamed._facts.data_sha256 == fitted._facts.data_sha256
    np.testing.assert_array_equal(
        streamed._facts.preprocessing.mask, fitted._facts.preprocessing.mask
    )
    assert streamed._facts.preprocessing.scale == fitted._facts.preprocessing.scale
    for path, values in fitted._weights.items():
        np.testing.assert_array_equal(streamed._weights[path], values)
    same = ["val_loss", "val_score", "learning_rate"]
    assert streamed.history_[same].equals(fitted.history_[same])
    # The sum of the losses is rounded once a block.
    np.testing.assert_allclose(streamed.history_["loss"], fitted.history_["loss"], rtol=1e-6)
    np.testing.assert_array_equal(streamed.predict(held_out[0]), fitted.predict(held_out[0]))


def test_a_source_is_the_same_whatever_the_memory(files, tmp_path):
    def make(out, **options):
        return pretrain(
            "EMG", "ConvNetQuakeINGV", n_instances=200, n_epochs=4, path=files / "EMG.hdf5",
            recipe=recipe_for("EMG").__class__(1, 80, "first", 0.0), out=tmp_path / out, **options,
        )  # fmt: skip

    held, read = make("held"), make("read", memory=0.0)
    assert held.repeats == read.repeats
    assert held.card.training == read.card.training
    arrays = [load_source(made.path, "ConvNetQuakeINGV").arrays for made in (held, read)]
    assert all(np.array_equal(arrays[0][name], arrays[1][name]) for name in arrays[0])


def test_no_block_holds_all_and_none_is_smaller_than_a_batch(monkeypatch):
    class Panel:
        def __len__(self):
            return 100

        def read(self, positions):
            return np.ones((len(positions), 1, 10))

    class Network:
        prediction_batch = 16

        def __init__(self):
            self.seen = []

        def to_tensors(self, inputs, *columns):
            return [*inputs, *columns]

        def train(self, data, order, batch_size):
            self.seen.append(data[-1])
            return float(len(self.seen))

    monkeypatch.setattr(from_file, "_BLOCK", 330)
    inner = Network()
    network = ReadingNetwork(inner, lambda X: [X])
    order = np.random.default_rng(0).permutation(100)
    data = network.to_tensors([Panel()], np.arange(100))
    loss = network.train(data, order, 8)
    assert [len(seen) for seen in inner.seen] == [32, 32, 36]
    assert loss == pytest.approx((32 + 2 * 32 + 3 * 36) / 100)
    np.testing.assert_array_equal(np.concatenate(inner.seen), order)


def test_an_error_of_the_reading_thread_arrives():
    def read(item):
        if item == 2:
            raise OSError("torn")
        return item

    given = ahead(read, [0, 1, 2, 3])
    assert [next(given), next(given)] == [0, 1]
    with pytest.raises(OSError, match="torn"):
        next(given)
