"""Scratch is kept unless a transfer is better by more than is asked."""

from types import SimpleNamespace

import pytest

from sktl.model_selection._results import decide


@pytest.mark.parametrize(
    ("loss", "margin", "kept"),
    [
        (1.1, "noise", "scratch"),
        (0.9, "noise", "scratch"),  # better by less than the noise of 0.2
        (0.7, "noise", "transfer"),
        (0.9, 0.0, "transfer"),
        (0.9, 0.2, "scratch"),
        (1.0, 0.0, "scratch"),
    ],
)
def test_a_gain_within_noise_or_margin_keeps_scratch(loss, margin, kept):
    values = [1.0, 1.5, loss]
    candidates = [
        SimpleNamespace(
            kind="scratch" if source is None else "transfer",
            estimator=SimpleNamespace(source=source),
            mean=dict(val_loss=value).get,
            ended=True,
            n_epochs=3,
        )
        for source, value in zip((None, "worse", "better"), values, strict=True)
    ]
    best, decision = decide(candidates, values, "val_loss", margin, longest=3, noise=0.2)
    assert (best, decision["kept"]) == ((0 if kept == "scratch" else 2), kept)
    assert (decision["scratch"], decision["transfer"]) == (1.0, loss)
