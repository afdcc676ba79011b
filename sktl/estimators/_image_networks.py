"""Residual networks for pictures: ResNet18 in torchvision's layout, ResNet50 of keras.

He et al. (2016), Deep residual learning for image recognition, CVPR. Both keep running statistics
with a momentum of 0.9, as torchvision does: few steps of fine-tuning would not reach keras' 0.99.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from sktl.estimators._image_drawing import Layout, paint

FILTERS = (64, 128, 256, 512)
BLOCKS_50 = (3, 4, 6, 3)
FEATURES = "average"
AUGMENTATIONS = ("flip", "rotate", "scale", "noise")
_MOMENTUM = 0.9


def resnet_on_pictures(
    series,
    stream_max,
    *,
    network: str = "resnet18",
    filters: Sequence[int] = FILTERS,
    picture_size: int = 224,
    resize: int | None = None,
    line_width: float = 1.0,
    n_marks: int = 0,
    augment: Sequence[str] = (),
    head_units: Sequence[int] = (512, 256, 128),
    frozen: bool = False,
):
    """Build the layers from the scaled series, drawn within the network, up to the output layer.

    Parameters
    ----------
    series : KerasTensor of shape (batch, n_timepoints, n_channels + n_marks)
        What `sktl.estimators._image_drawing.PicturePreprocessing` gives, time first.
    stream_max : KerasTensor of shape (batch, 1) or None
        The stream max, joined to the features of the picture.
    network, filters, picture_size, resize, line_width, n_marks, augment, head_units
        See `sktl.estimators.ResNetImageClassifier`.
    frozen : bool, default=False
        Keep the residual network as it is, running statistics included.

    Returns
    -------
    KerasTensor of shape (batch, n_features)
        Features for the output layer.
    """
    import keras
    from keras import layers

    picture_layer, normalising_layer = _layers()
    layout = Layout(
        n_timepoints=series.shape[1],
        n_channels=series.shape[2] - n_marks,
        size=picture_size,
        canvas=resize or picture_size,
        line_width=line_width,
    )
    x = picture_layer(layout, name="picture")(series)
    for layer in _augmenting_layers(augment):
        x = layer(x)
    start = x = normalising_layer(network, name="normalise")(x)
    x = resnet50(x) if network == "resnet50" else _NETWORKS[network](x, filters)
    if frozen:
        for layer in keras.Model(start, x).layers:
            layer.trainable = False
    return dense_layers(layers.GlobalAveragePooling2D(name=FEATURES)(x), stream_max, head_units)


def dense_layers(features, stream_max, head_units: Sequence[int]):
    """Build the layers between the averaged features and the output layer.

    Parameters
    ----------
    features : KerasTensor of shape (batch, n_features)
        Of the picture.
    stream_max : KerasTensor of shape (batch, 1) or None
        The stream max.
    head_units : sequence of int
        Units of each layer.

    Returns
    -------
    KerasTensor of shape (batch, n_features)
        Features for the output layer.
    """
    from keras import layers

    x = features
    if stream_max is not None:
        x = layers.Concatenate(name="join")([x, stream_max])
    for number, units in enumerate(head_units, start=1):
        x = layers.Dense(units, activation="relu", name=f"dense{number}")(x)
    return x


def resnet18(picture, filters: Sequence[int] = FILTERS):
    """Build ResNet18 as torchvision has it, for any widths and number of stages.

    Parameters
    ----------
    picture : KerasTensor of shape (batch, height, width, 3)
        RGB, ``normalise("resnet18")``.
    filters : sequence of int
        Width of each stage of two blocks; torchvision's are (64, 128, 256, 512).

    Returns
    -------
    KerasTensor of shape (batch, height / 32, width / 32, filters[-1])
        Features, before they are averaged.
    """
    from keras import layers

    x = _padded_conv(picture, filters[0], 7, 2, "conv1", "bn1")
    x = layers.ReLU(name="relu1")(x)
    # Nothing is below 0 after a ReLU, so zeros pad as torch's minus infinity does.
    x = layers.ZeroPadding2D(1, name="pool1_pad")(x)
    x = layers.MaxPooling2D(3, strides=2, name="pool1")(x)
    for stage, width in enumerate(filters, start=1):
        for block in (0, 1):
            name = f"layer{stage}_{block}"
            stride = 2 if stage > 1 and block == 0 else 1
            y = _padded_conv(x, width, 3, stride, f"{name}_conv1", f"{name}_bn1")
            y = layers.ReLU(name=f"{name}_relu1")(y)
            y = _padded_conv(y, width, 3, 1, f"{name}_conv2", f"{name}_bn2")
            if stride > 1:
                x = _padded_conv(x, width, 1, 2, f"{name}_downsample_0", f"{name}_downsample_1")
            x = layers.ReLU(name=f"{name}_relu2")(layers.Add(name=f"{name}_add")([x, y]))
    return x


def cnn(picture, filters: Sequence[int] = FILTERS):
    """Build a plain convolutional network, for comparison.

    Parameters
    ----------
    picture : KerasTensor of shape (batch, height, width, 3)
        RGB, ``normalise("cnn")``.
    filters : sequence of int
        Filters of each 3 x 3 convolution, which a ReLU and a max pooling by 2 follow.

    Returns
    -------
    KerasTensor of shape (batch, height / 2**n, width / 2**n, filters[-1])
        Features, before they are averaged.
    """
    from keras import layers

    x = picture
    for number, width in enumerate(filters, start=1):
        x = layers.Conv2D(width, 3, padding="same", activation="relu", name=f"conv{number}")(x)
        x = layers.MaxPooling2D(2, padding="same", name=f"pool{number}")(x)
    return x


def resnet50(picture):
    """Build ``keras.applications.ResNet50`` without its top.

    Parameters
    ----------
    picture : KerasTensor of shape (batch, height, width, 3)
        BGR, ``normalise("resnet50")``.

    Returns
    -------
    KerasTensor of shape (batch, height / 32, width / 32, 2048)
        Features, before they are averaged.
    """
    from keras import applications, layers

    model = applications.ResNet50(include_top=False, weights=None, input_tensor=picture)
    for layer in model.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.momentum = _MOMENTUM
    return model.output


_NETWORKS = {"resnet18": resnet18, "cnn": cnn}


def layers_with_weights(network: str, filters: Sequence[int] = FILTERS) -> list[str]:
    """Name the layers of a residual network that have weights, without building it.

    Parameters
    ----------
    network : {"resnet18", "resnet50", "cnn"}
        Which.
    filters : sequence of int
        Widths of ResNet18's stages or of the plain network's convolutions.

    Returns
    -------
    list of str
        Names, from the picture on.

    Examples
    --------
    >>> from sktl.estimators._image_networks import layers_with_weights
    >>> len(layers_with_weights("resnet18")), len(layers_with_weights("resnet50"))
    (40, 106)
    """
    if network == "resnet50":
        names = ["conv1"] + [
            f"conv{stage}_block{block}_{part}"
            for stage, n_blocks in enumerate(BLOCKS_50, start=2)
            for block in range(1, n_blocks + 1)
            for part in ((0, 1, 2, 3) if block == 1 else (1, 2, 3))
        ]
        return [f"{name}_{kind}" for name in names for kind in ("conv", "bn")]
    if network == "cnn":
        return [f"conv{number}" for number in range(1, len(filters) + 1)]
    names = ["conv1", "bn1"]
    for stage in range(1, len(filters) + 1):
        for block in (0, 1):
            parts = ["conv1", "bn1", "conv2", "bn2"]
            parts += ["downsample_0", "downsample_1"] * (stage > 1 and block == 0)
            names += [f"layer{stage}_{block}_{part}" for part in parts]
    return names


def normalise(xp, picture, network: str):
    """Give a picture the scale on which a network saw ImageNet.

    Parameters
    ----------
    xp : module
        ``numpy`` or ``keras.ops``.
    picture : array of shape (..., 3)
        Red, green and blue between 0 and 1.
    network : {"resnet18", "resnet50", "cnn"}
        ResNet18 and the plain one: torchvision's, minus the mean and divided by the deviation of
        each colour. ResNet50: keras' and Caffe's, blue first, 0 to 255 minus the mean.

    Returns
    -------
    array of shape (..., 3)
        The picture as the network takes it.
    """
    if network == "resnet50":
        mean = xp.array([103.939, 116.779, 123.68], "float32")
        return 255 * xp.flip(picture, axis=-1) - mean
    mean = xp.array([0.485, 0.456, 0.406], "float32")
    return (picture - mean) / xp.array([0.229, 0.224, 0.225], "float32")


def _padded_conv(x, filters, kernel_size, stride, name, bn_name):
    """Pad on both sides, as torch does; keras' own "same" pads strides on one side only."""
    from keras import initializers, layers

    if kernel_size > 1:
        x = layers.ZeroPadding2D(kernel_size // 2, name=f"{name}_pad")(x)
    x = layers.Conv2D(
        filters,
        kernel_size,
        strides=stride,
        use_bias=False,
        kernel_initializer=initializers.VarianceScaling(2.0, "fan_out", "untruncated_normal"),
        name=name,
    )(x)
    return layers.BatchNormalization(momentum=_MOMENTUM, epsilon=1e-5, name=bn_name)(x)


def _augmenting_layers(augment):
    """Give keras' layers in the fixed order of `AUGMENTATIONS`; they act in training only."""
    from keras import layers

    white = {"fill_mode": "constant", "fill_value": 1.0}
    known = {
        "flip": lambda: _quiet(layers.RandomFlip)("horizontal", name="flip"),
        "rotate": lambda: _quiet(layers.RandomRotation)(10 / 360, **white, name="rotate"),
        "scale": lambda: _quiet(layers.RandomZoom)(0.1, 0.1, **white, name="scale"),
        "noise": lambda: layers.GaussianNoise(0.05, name="noise"),
    }
    return [known[name]() for name in AUGMENTATIONS if name in augment]


@cache
def _quiet(kind):
    """Let a layer of keras act only where training is asked for; by itself it acts always."""

    class Quiet(kind):  # type: ignore[valid-type,misc]
        def call(self, data, training=False):
            return super().call(data, training=training)

    return Quiet


@cache
def _layers():
    """Make the two layers without weights; keras is imported when a network is built only."""
    import keras
    from keras import ops

    class Picture(keras.layers.Layer):
        def __init__(self, layout, **options):
            super().__init__(**options)
            self._layout = layout

        def call(self, series):
            return paint(ops, series, self._layout)

    class Normalise(keras.layers.Layer):
        def __init__(self, network, **options):
            super().__init__(**options)
            self._network = network

        def call(self, picture):
            return normalise(ops, picture, self._network)

    return Picture, Normalise
