"""Train one epoch when asked: a process of `peers`, with one framework loaded.

    python peer_worker.py {keras,torch} INSIDE BETWEEN

Reads a JSON object a line from standard input and answers each with one, such as
``{"wall": ..., "cpu": ...}``, in seconds. The first request for a case trains an epoch more, which
is not counted. "keras" are sktl, plain Keras and keras-tcn; "torch" is tsai, whose interpreter need
not have sktl. INSIDE and BETWEEN are threads inside of an operation and between operations.
"""

import json
import os
import sys
import time

import numpy as np

KIND, INSIDE, BETWEEN = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
N_CHANNELS = 3
TCN = {"filters": 24, "kernel_size": 8, "n_blocks": 9}


class Stopwatch:
    """Take the time on the wall, and that of the processor on all threads."""

    def start(self):
        """Begin."""
        self.begin = time.perf_counter(), time.process_time()

    def stop(self):
        """Give what has passed."""
        wall, cpu = time.perf_counter() - self.begin[0], time.process_time() - self.begin[1]
        self.passed = {"wall": wall, "cpu": cpu}
        return self.passed


watch = Stopwatch()


def sample(case):
    """Draw a panel and targets; what they hold does not matter for the speed."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(case["n"], N_CHANNELS, case["length"])).astype("float32")
    return X, rng.normal(size=(case["n"], 1)).astype("float32")


# ---- sktl, and the plain Keras it is compared with


def sktl_network(case):
    """Build sktl's network, compiled as its estimators compile it, with tensors of the data."""
    from sktl import estimators
    from sktl.training.backends import compile_network
    from sktl.training.compiled_network import weight_names

    estimator = getattr(estimators, f"{case['network']}Regressor")()
    model = estimator.build_network(N_CHANNELS, case["length"], 1)
    network = compile_network(model, "mean_squared_error", (), estimator._jit)
    weights = {path: v.numpy() for path, v in weight_names(model).items()}
    network.reset(weights, 1.0, 1e-3, 0)
    X, y = sample(case)
    data = network.to_tensors([X, np.ones_like(y)], y, np.ones(len(y), "float32"))
    return network, data


def sktl_epoch(case):
    """Time an epoch as an estimator's fit trains it."""
    network, data = sktl_network(case)
    rng = np.random.default_rng(0)

    def epoch():
        order = rng.permutation(case["n"])
        watch.start()
        network.train(data, order, case["batch"])
        return watch.stop()

    return epoch


def bare_epoch(case):
    """Time as many compiled steps on rows that are there: no Python, no rows to be gathered."""
    import tensorflow as tf

    network, data = sktl_network(case)
    *inputs, targets, weights = [part[: case["batch"]] for part in data]
    present = tf.ones(case["batch"])

    @tf.function
    def steps():
        total = tf.constant(0.0)
        for _ in tf.range(case["n"] // case["batch"]):
            total += network.step(inputs, targets, weights, present)
        return total

    def epoch():
        watch.start()
        float(steps())
        return watch.stop()

    return epoch


def keras_epoch(case):
    """Time an epoch of `keras.Model.fit`, compiled as Keras does by itself."""
    import keras

    class Clock(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            watch.start()

        def on_epoch_end(self, epoch, logs=None):
            watch.stop()

    series, stream_max = keras.Input((case["length"], N_CHANNELS)), keras.Input((1,))
    features = FEATURES[case["side"], case["network"]](series)
    features = keras.layers.Concatenate()([features, stream_max])
    if case["network"] == "ConvNetQuakeINGV":
        features = keras.layers.Dense(features.shape[-1], activation="relu")(features)
    model = keras.Model([series, stream_max], keras.layers.Dense(1)(features))
    model.compile(keras.optimizers.Adam(1e-3), "mean_squared_error")
    X, y = sample(case)
    inputs = [np.ascontiguousarray(X.transpose(0, 2, 1)), np.ones_like(y)]

    def epoch():
        model.fit(inputs, y, batch_size=case["batch"], verbose=0, callbacks=[Clock()])
        return watch.passed

    return epoch


def keras_tcn(x):
    """Apply the layer of the package keras-tcn."""
    import tcn

    return tcn.TCN(
        TCN["filters"], TCN["kernel_size"], dilations=[2**b for b in range(TCN["n_blocks"])],
        use_skip_connections=False, kernel_initializer="he_normal",
    )(x)  # fmt: skip


def plain_convnetquake(x):
    """Stack nine convolutions; the dense layer follows where the stream max is joined."""
    from keras import layers, regularizers

    for _ in range(9):
        x = layers.Conv1D(
            32, 3, strides=2, padding="same", activation="relu",
            kernel_regularizer=regularizers.L2(1e-3),
        )(x)  # fmt: skip
    return layers.Flatten()(x)


def plain_magnet(x):
    """Stack two convolutions and a bidirectional LSTM."""
    from keras import layers

    for filters in (64, 32):
        x = layers.Dropout(0.2)(layers.Conv1D(filters, 3, padding="same")(x))
        x = layers.MaxPooling1D(4, padding="same")(x)
    return layers.Bidirectional(layers.LSTM(100))(x)


def plain_mlstm_fcn(x):
    """Write MLSTM-FCN with Keras' own layers."""
    from keras import layers

    steps = layers.Masking()(layers.Permute((2, 1))(x))
    steps = layers.Dropout(0.8)(layers.LSTM(8)(steps))
    for filters, kernel_size in ((128, 8), (256, 5), (128, 3)):
        x = layers.Conv1D(filters, kernel_size, padding="same")(x)
        x = layers.ReLU()(layers.BatchNormalization()(x))
        if kernel_size > 3:
            gate = layers.GlobalAveragePooling1D(keepdims=True)(x)
            gate = layers.Dense(filters // 16, activation="relu", use_bias=False)(gate)
            gate = layers.Dense(filters, activation="sigmoid", use_bias=False)(gate)
            x = layers.Multiply()([x, gate])
    return layers.Concatenate()([steps, layers.GlobalAveragePooling1D()(x)])


FEATURES = {
    ("keras-tcn", "TCN"): keras_tcn,
    ("keras", "ConvNetQuakeINGV"): plain_convnetquake,
    ("keras", "MagNet"): plain_magnet,
    ("keras", "MLSTMFCN"): plain_mlstm_fcn,
}


def sgemm(case):
    """Time five matrix products of TensorFlow, n their size."""
    import tensorflow as tf

    matrix = tf.random.normal((case["n"], case["n"]))
    product = tf.function(lambda: tf.matmul(matrix, matrix))

    def epoch():
        watch.start()
        for _ in range(5):
            product().numpy()
        return watch.stop()

    return epoch


# ---- tsai


def tsai_model(network, length):
    """Build tsai's network with the same blocks as ours."""
    from tsai.models.RNN_FCN import MLSTM_FCN
    from tsai.models.TCN import TCN as TSAITCN

    if network == "TCN":
        return TSAITCN(
            N_CHANNELS, 1, layers=TCN["n_blocks"] * [TCN["filters"]], ks=TCN["kernel_size"]
        )
    return MLSTM_FCN(N_CHANNELS, 1, seq_len=length, hidden_size=8, kss=[8, 5, 3])


def tsai_epoch(case):
    """Time a bare loop of PyTorch, without fastai's learner, whose callbacks would only add."""
    import torch

    model = tsai_model(case["network"], case["length"]).train()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    X, y = map(torch.from_numpy, sample(case))

    def epoch():
        watch.start()
        for rows in torch.randperm(case["n"]).split(case["batch"]):
            optimizer.zero_grad()
            loss = torch.nn.functional.mse_loss(model(X[rows]), y[rows])
            loss.backward()
            optimizer.step()
        loss.item()
        return watch.stop()

    return epoch


def tsai_features(case):
    """Save the weights of tsai's TCN and its features at the last time point."""
    import torch

    torch.manual_seed(0)
    model = tsai_model("TCN", case["length"]).eval()
    X, _ = sample(case)
    for block in model.tcn:
        # Larger than tsai draws them: its features would all be nearly zero.
        block.conv1.weight_g.data *= 5
        block.conv2.weight_g.data *= 5
    with torch.no_grad():
        arrays = {"features": model.tcn(torch.from_numpy(X))[:, :, -1].numpy()}
    for number, block in enumerate(model.tcn, start=1):
        layers = {"conv1": block.conv1, "conv2": block.conv2, "match": block.downsample}
        for name, layer in layers.items():
            if layer is not None:
                kernel = layer.weight.detach().numpy()
                arrays[f"block{number}_{name}/kernel"] = kernel.transpose(2, 1, 0)
                arrays[f"block{number}_{name}/bias"] = layer.bias.detach().numpy()
    np.savez(case["file"], **arrays)
    return {"file": case["file"]}


def compare_features(case):
    """Give the largest difference of sktl's features from those that tsai saved, and their size."""
    import keras

    from sktl.estimators.tcn import tcn

    series = keras.Input((case["length"], N_CHANNELS))
    model = keras.Model(series, tcn(series, None, **TCN))
    arrays = np.load(case["file"])
    for variable in model.weights:
        variable.assign(arrays[variable.path])
    features = np.array(model(sample(case)[0].transpose(0, 2, 1)))
    difference = np.abs(features - arrays["features"]).max()
    return {"difference": float(difference), "size": float(np.abs(arrays["features"]).max())}


# ---- the loop

TIMED = {
    "sktl": sktl_epoch,
    "bare step": bare_epoch,
    "keras": keras_epoch,
    "keras-tcn": keras_epoch,
    "sgemm": sgemm,
    "tsai": tsai_epoch,
}
OTHER = {"tsai features": tsai_features, "compare features": compare_features}


def versions():
    """Name what runs here."""
    from importlib.metadata import version

    names = ["numpy", "torch", "tsai"]
    if KIND == "keras":
        names = ["numpy", "sktl", "tensorflow", "keras", "keras-tcn"]
    return {name: version(name) for name in names}


def main():
    """Answer until the input ends."""
    # Libraries may print; only answers go to the parent.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    if KIND == "torch":
        import torch

        torch.set_num_threads(INSIDE)
    else:
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(INSIDE)
        tf.config.threading.set_inter_op_parallelism_threads(BETWEEN)
    built = {}
    for line in sys.stdin:
        case = json.loads(line)
        side = case["side"]
        if side == "versions":
            answer = versions()
        elif side in OTHER:
            answer = OTHER[side](case)
        elif side == "forget":
            built.clear()
            answer = {}
        else:
            if line not in built:
                built[line] = TIMED[side](case)
                built[line]()
            answer = built[line]()
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
