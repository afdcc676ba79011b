import numpy as np
import pytest

from sktl.sources import Source, adapt_input_channels, select_transferable


@pytest.fixture
def kernel():
    def make(channels):
        return np.random.default_rng(channels).normal(size=(5, channels, 7)).astype("float32")

    return make


def convolve(kernel, x):
    """Correlate a series (time, channels) with a kernel, by scipy."""
    from scipy.signal import correlate

    return np.stack(
        [
            sum(correlate(x[:, c], kernel[:, c, f], "valid") for c in range(x.shape[1]))
            for f in range(kernel.shape[2])
        ],
        axis=1,
    )


@pytest.mark.parametrize("how", ["replicate", "replicate_scaled"])
@pytest.mark.parametrize(
    ("before", "after"), [(1, 1), (1, 3), (3, 3), (3, 8), (8, 3), (3, 1), (2, 3), (8, 8)]
)
def test_shape_dtype_and_source_untouched(kernel, before, after, how):
    original = kernel(before)
    copy = original.copy()
    adapted = adapt_input_channels(original, after, how)
    assert adapted.shape == (5, after, 7)
    assert adapted.dtype == np.float32
    np.testing.assert_array_equal(original, copy)
    if before == after:
        np.testing.assert_array_equal(adapted, original)


def test_one_to_three_repeats_undivided(kernel):
    adapted = adapt_input_channels(kernel(1), 3)
    for channel in range(3):
        np.testing.assert_array_equal(adapted[:, channel], kernel(1)[:, 0])


def test_one_to_three_scaled_gives_equal_channels_the_same_output(kernel):
    series = np.random.default_rng(0).normal(size=(50, 1))
    adapted = adapt_input_channels(kernel(1), 3, "replicate_scaled")
    np.testing.assert_allclose(
        convolve(adapted, np.repeat(series, 3, axis=1)), convolve(kernel(1), series), atol=1e-5
    )


@pytest.mark.parametrize("how", ["replicate", "replicate_scaled"])
def test_three_to_eight_is_cyclic_and_rescaled(kernel, how):
    adapted = adapt_input_channels(kernel(3), 8, how)
    for channel in range(8):
        np.testing.assert_allclose(
            adapted[:, channel], kernel(3)[:, channel % 3] * 3 / 8, rtol=1e-6
        )


def test_three_to_six_keeps_the_output_of_a_repeated_series(kernel):
    series = np.random.default_rng(0).normal(size=(50, 3))
    np.testing.assert_allclose(
        convolve(adapt_input_channels(kernel(3), 6), np.tile(series, 2)),
        convolve(kernel(3), series),
        atol=1e-5,
    )


def test_eight_to_three_keeps_the_first_ones_scaled(kernel):
    np.testing.assert_allclose(
        adapt_input_channels(kernel(8), 3), kernel(8)[:, :3] * 8 / 3, rtol=1e-6
    )


def test_kernel_of_a_recurrent_layer_is_adapted_as_that_of_a_convolution(kernel):
    for before, after in ((3, 5), (1, 3), (8, 3)):
        np.testing.assert_array_equal(
            adapt_input_channels(kernel(before)[0], after),
            adapt_input_channels(kernel(before), after)[0],
        )


def test_wrong_arguments(kernel):
    with pytest.raises(ValueError, match=r"shape \(3,\)"):
        adapt_input_channels(np.zeros(3), 3)
    with pytest.raises(ValueError, match="n_channels=0"):
        adapt_input_channels(kernel(3), 0)
    with pytest.raises(ValueError, match="how='divide'"):
        adapt_input_channels(kernel(3), 3, "divide")


def test_selects_what_fits(make_card, arrays):
    source = Source(make_card(), arrays, "path", None)
    chosen = select_transferable(source, {"conv1/bias": [4], "conv1/kernel": (3, 3, 4)})
    assert list(chosen) == ["conv1/bias", "conv1/kernel"]
    assert chosen["conv1/kernel"] is arrays["conv1/kernel"]


def test_a_mismatch_names_all_layers_and_shapes(make_card, arrays):
    source = Source(make_card(), arrays, "path", None)
    expected = {"conv1/bias": (4,), "conv1/kernel": (5, 3, 4), "conv2/kernel": (3, 4, 2)}
    with pytest.raises(ValueError, match="2 of 3 arrays") as caught:
        select_transferable(source, expected)
    assert "conv1/kernel: source has (3, 3, 4), network needs (5, 3, 4)" in str(caught.value)
    assert "conv2/kernel: source has no such array, network needs (3, 4, 2)" in str(caught.value)
    assert "conv1/bias: source" not in str(caught.value)
    assert "'mine'" in str(caught.value)
