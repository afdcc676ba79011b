"""Keras' global settings, held where networks are built, traced and used.

The data format, the precision and epsilon that a process sets for its own networks would make
others of ours: another network from the same parameters, and predictions of half precision.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext

from sktl.training.quiet_import import import_keras

EPSILON = 1e-7

_lock = threading.Lock()
# How many are inside, and what all threads of the process had set before the first of them came.
_inside = 0
_before: tuple[str, str, float] | None = None
# The process that has used networks.
_process: int | None = None


@contextmanager
def fixed_keras_settings() -> Iterator[None]:
    """Work with float32, channels last and Keras' own epsilon, whatever the process has set.

    On PyTorch no gradients are recorded in the meantime, but for steps of training, which ask for
    them. What was set is restored at the end; settings that Keras keeps for all threads, when the
    last thread leaves. Also a decorator.

    Raises
    ------
    RuntimeError
        In a process that was forked after its parent came here: the backend would wait for ever
        for threads that a fork does not copy.

    Examples
    --------
    >>> import keras
    >>> from sktl.training.keras_settings import fixed_keras_settings
    >>> keras.config.set_image_data_format("channels_first")
    >>> with fixed_keras_settings():
    ...     keras.config.image_data_format()
    'channels_last'
    >>> keras.config.image_data_format()
    'channels_first'
    >>> keras.config.set_image_data_format("channels_last")
    """
    _refuse_fork()
    keras = import_keras()
    global _inside, _before
    # Keras keeps the policy by thread, the others by process. The policy comes first: a thread
    # that never set one takes that of floatx, and keeps it.
    policy = keras.config.dtype_policy()
    with _lock:
        if not _inside:
            _before = _read()
            _write(("channels_last", "float32", EPSILON))
        _inside += 1
    if policy.name != "float32":
        keras.config.set_dtype_policy("float32")
    try:
        with _torch_settings(keras.backend.backend()):
            yield
    finally:
        if policy.name != "float32":
            keras.config.set_dtype_policy(policy)
        with _lock:
            _inside -= 1
            if not _inside and _before is not None:
                _write(_before)
                _before = None


def _torch_settings(backend: str) -> AbstractContextManager[object]:
    """Hold what a thread has set for PyTorch: recording of gradients, and half precision."""
    if backend != "torch":
        return nullcontext()
    import keras
    import torch

    settings = ExitStack()
    settings.enter_context(torch.inference_mode(False))
    settings.enter_context(torch.no_grad())
    device = keras.ops.zeros(()).device.type
    settings.enter_context(torch.autocast(device, enabled=False))
    return settings


def _refuse_fork() -> None:
    global _process
    if _process not in (None, os.getpid()):
        raise RuntimeError(
            "Networks cannot be used in a process that was forked after its parent had used one: "
            "Keras' backend would hang. Start processes by "
            "multiprocessing.get_context('spawn') or joblib's 'loky', or fork before the first "
            f"fit. Received: process {os.getpid()}, forked from {_process}"
        )
    _process = os.getpid()


def _read():
    from keras import config

    return config.image_data_format(), config.floatx(), config.epsilon()


def _write(settings):
    from keras import config

    for value, present, change in zip(
        settings,
        _read(),
        (config.set_image_data_format, config.set_floatx, config.set_epsilon),
        strict=True,
    ):
        if value != present:
            change(value)
