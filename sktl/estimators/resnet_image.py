"""ResNet on pictures of series: what ImageNet taught, for magnitudes of earthquakes."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from sktl._checks import Bound, Count, Number, check_choice
from sktl.estimators._image_drawing import AMPLITUDES, PictureScaling, check_room
from sktl.estimators._image_networks import (
    AUGMENTATIONS,
    FEATURES,
    FILTERS,
    dense_layers,
    layers_with_weights,
    resnet_on_pictures,
)
from sktl.estimators.base import parameters
from sktl.estimators.fixed_length import FixedLength
from sktl.estimators.images import magnitude_midpoints
from sktl.estimators.network import output_of
from sktl.estimators.tasks import BaseTransferClassifier, BaseTransferRegressor
from sktl.sources import find_card, load_source
from sktl.sources.imagenet import imagenet_source, is_resnet_file, read_resnet_file
from sktl.training.backends import compile_network
from sktl.training.frozen_backbone import FrozenNetwork

NETWORKS = ("resnet18", "resnet50", "cnn")
STRATEGIES = ("head", "full", "scratch")

# What the class below is mixed into, for those who read types.
if TYPE_CHECKING:
    from sktl.estimators.base import BaseTransferEstimator as _Mixin
else:
    _Mixin = object


@parameters
class _ResNetImage(FixedLength, _Mixin):
    """Each instance is drawn as a picture, its channels in panels one above the other, and read
    by a residual network that may start from ImageNet [2]_. Three dense layers lead from the
    averaged features, and the stream max, to the output layer. Everything up to the average
    transfers.

    The picture is drawn inside of the network, from the scaled series of a batch: there are never
    more pictures in memory than a batch has. `sktl.estimators.images.render_pictures` gives the
    same ones to look at.

    Arrivals are marked by further channels of X: the last `n_marks` channels are no series, but
    not 0 where a coloured line goes over the whole height. `sktl.estimators.images.add_marks`
    makes them of sample numbers; they stay with their instances in splits, folds and pipelines.

    In the paper [1]_ the picture is resized to 256 x 256 and its middle 224 x 224 cut out, which
    takes a sixteenth of the series off either end: ``resize=256``. By default all is shown.

    Parameters
    ----------
    source : str, path-like or None, default=None
        Where the weights of the residual network come from: ``"imagenet"``; the name or folder of
        a source; a file of ImageNet weights (see `sktl.sources.import_resnet`); or None for random
        initialisation.
    network : {"resnet18", "resnet50", "cnn"}, default="resnet18"
        Which network reads the pictures; the last is a plain one of a convolution and a max pooling
        for each of `filters`, for comparison.
    strategy : {"head", "full", "scratch"}, default="full"
        What trains: the dense layers alone, on features that stay as they are (and are computed
        once, unless pictures are augmented); all layers, the residual network at omega times the
        learning rate; or all layers from random weights, whatever `source` is.
    n_marks : int, default=0
        How many of the last channels of X are marks: P blue, S red, end of the coda green.
    picture_size : int, default=224
        Height and width of the picture, in pixels.
    resize : int or None, default=None
        Height and width at which the picture is drawn before its middle is cut out. None: as
        `picture_size`.
    line_width : float, default=1.0
        Width of the line, in pixels.
    amplitude : {"instance", "channel", "log"}, default="instance"
        What fills the height of a panel: the range of the instance over all its channels, of each
        channel, or the logarithm of the deviation from each channel's mean on one scale for all
        instances, which shows how large they are.
    augment : sequence of {"flip", "rotate", "scale", "noise"}, default=()
        What changes pictures at random in training: mirrored in time, turned by up to 10 degrees,
        stretched by up to a tenth each way, noise of deviation 0.05 on each pixel. The paper does
        so; off here, since it changes what a waveform means.
    head_units : sequence of int, default=(512, 256, 128)
        Units of the dense layers.
    filters : sequence of int, default=(64, 128, 256, 512)
        Filters of ResNet18's stages, or of the plain network's convolutions. ImageNet weights
        need the default.

    References
    ----------
    .. [1] H. Wang, H. Wang. Research on earthquake magnitude prediction method based on Resnet
       transfer learning.
    .. [2] K. He, X. Zhang, S. Ren, J. Sun (2016). Deep residual learning for image recognition.
       IEEE Conference on Computer Vision and Pattern Recognition, 770-778.

    Examples
    --------
    >>> from sktime.datasets import load_unit_test
    >>> from sktl.estimators import {name}
    >>> X, y = load_unit_test(return_type="numpy3D")
    >>> small = {"filters": (4, 8), "picture_size": 32, "n_epochs": 2, "random_state": 0}
    >>> {name}(**small).fit(X, y.astype(float)).predict(X).shape
    (42,)
    """

    architecture = "ResNetImage"
    # No layer reads the series itself: any number of channels becomes one picture.
    _first_layers = ()
    _network = staticmethod(resnet_on_pictures)

    _bounds: ClassVar[dict[str, Bound]] = {
        "picture_size": Count(),
        "resize": Count(none=True),
        "line_width": Number(with_low=False),
        "head_units": Count(),
        "filters": Count(),
    }

    network: str = "resnet18"
    strategy: str = "full"
    n_marks: int = 0
    picture_size: int = 224
    resize: int | None = None
    line_width: float = 1.0
    amplitude: str = "instance"
    augment: Sequence[str] = ()
    head_units: Sequence[int] = (512, 256, 128)
    filters: Sequence[int] = FILTERS

    @property
    def frozen(self) -> bool:
        """Whether the residual network stays as it is."""
        return self.strategy == "head" or self.omega == 0

    @property
    def _preprocessing_type(self):
        return PictureScaling(self.amplitude, self.n_marks)

    @property
    def _scalings(self):
        kinds = (PictureScaling(amplitude, self.n_marks) for amplitude in AMPLITUDES)
        return {kind.scaling: kind for kind in kinds}

    @property
    def _feature_vectors(self):
        return {FEATURES: f"{self._transferable()[0]}/kernel"}

    def _transferable(self):
        return layers_with_weights(self.network, self.filters)

    @classmethod
    def from_pretrained(cls, source, **params):
        """Make an estimator whose residual network will start from a source.

        The weights are read and verified by `fit`.

        Parameters
        ----------
        source : str or path-like
            See the parameter `source`.
        **params
            Other parameters of the constructor.

        Returns
        -------
        estimator
            Not fitted.

        Raises
        ------
        ValueError
            If no source of this name exists.
        """
        if not str(source).startswith("hf://") and not is_resnet_file(source):
            find_card(_named(source, params.get("network", NETWORKS[0])), cls.architecture)
        return cls(source=source, **params)

    def load_source(self):
        """Load the source that `fit` starts from; see the other estimators.

        Returns
        -------
        sktl.sources.Source or None
            None from scratch.
        """
        if self.source is None or self.strategy == "scratch":
            return None
        if is_resnet_file(self.source):
            return read_resnet_file(Path(self.source))
        return load_source(_named(self.source, self.network), self.architecture)

    def _channel_repeats(self, X, source):
        # A series of one channel makes a picture as well as any.
        return 1

    def _check_architecture(self):
        check_choice("network", self.network, NETWORKS)
        check_choice("strategy", self.strategy, STRATEGIES)
        check_choice("amplitude", self.amplitude, AMPLITUDES)
        for name in self.augment:
            check_choice("augment", name, AUGMENTATIONS)
        if not isinstance(self.n_marks, int) or self.n_marks < 0:
            raise ValueError(
                f"n_marks must be a whole number of at least 0. Received: n_marks={self.n_marks!r}"
            )
        if self.n_marks and self.unequal_length in ("pad", "resample"):
            raise ValueError(
                "Marks are single time points, which can be neither continued nor interpolated: "
                "use unequal_length='crop', or bring the series to one length before add_marks. "
                f"Received: unequal_length={self.unequal_length!r}, n_marks={self.n_marks}"
            )
        if self.resize is not None and self.resize < self.picture_size:
            raise ValueError(
                "resize must be at least picture_size, which is cut out of it. Received: "
                f"resize={self.resize}, picture_size={self.picture_size}"
            )
        if self.strategy == "head" and self.source is None:
            raise ValueError(
                "strategy='head' trains on features of a source: give one, such as "
                "source='imagenet'. Received: source=None"
            )
        if self.network == "resnet50" and tuple(self.filters) != FILTERS:
            raise ValueError(
                f"filters are those of resnet18 and cnn. Received: filters={self.filters!r} with "
                "network='resnet50'"
            )

    def _build(self, n_channels, n_timepoints, n_outputs, masked=False, **options):
        check_room(self.resize or self.picture_size, n_channels - self.n_marks)
        return super()._build(n_channels, n_timepoints, n_outputs, masked, **options)

    @contextmanager
    def lease_network(self, shape):
        """Lend a compiled network; what is frozen is applied once an instance."""
        with super().lease_network(shape) as network:
            if not self.frozen or self.augment:
                yield network
                return
            known = vars(network)
            if "frozen" not in known:
                known["frozen"] = self._split_network(network)
            yield known["frozen"]

    def _split_network(self, network):
        """Compile what is frozen and what is not apart, so that the first is applied once."""
        import keras

        model = network.model
        series, *stream_max = model.inputs
        average = model.get_layer(FEATURES).output
        first = compile_network(keras.Model([series], average), network._loss, [], self._jit)
        inputs = [keras.Input(x.shape[1:], name=x.name) for x in (average, *stream_max)]
        x = dense_layers(inputs[0], inputs[1] if stream_max else None, self.head_units)
        x = output_of(x, model.output.shape[-1], self._output_activation)
        head = compile_network(keras.Model(inputs, x), network._loss, [], self._jit)
        return FrozenNetwork(model, first, head)

    @classmethod
    def _small_parameters(cls):
        return {"filters": (2, 3), "picture_size": 12, "head_units": (4,)}


@parameters
class ResNetImageClassifier(_ResNetImage, BaseTransferClassifier):
    """ResNet on pictures of the series, for classification."""

    def predict_magnitude(self, X, width: float = 0.1):
        """Predict the midpoint of the class, where classes are those of `magnitude_classes`.

        Parameters
        ----------
        X : sktime panel, or np.ndarray of shape (n_instances, n_channels, n_timepoints)
            Series, with their marks.
        width : float, default=0.1
            Width of a class.

        Returns
        -------
        np.ndarray of shape (n_instances,)
            Magnitudes.

        Raises
        ------
        ValueError
            If the classes are no whole numbers.
        """
        return magnitude_midpoints(self.predict(X), width)


@parameters
class ResNetImageRegressor(_ResNetImage, BaseTransferRegressor):
    """ResNet on pictures of the series, for regression."""


def _named(source, network):
    return imagenet_source(network) if source == "imagenet" else source
