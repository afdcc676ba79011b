"""Fixed global settings of Keras while networks are built, traced and used.

A data format, precision or epsilon that a user sets for other networks would otherwise change the
networks of sktl: their layers, their results, or the precision of their predictions.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext

from sktl.training.quiet_import import import_keras

EPSILON = 1e-7

_lock = threading.Lock()
# Number of active contexts, and the settings of the process before the first of them.
_inside = 0
_before: tuple[str, str, float] | None = None
# Id of the process that has used networks.
_process: int | None = None


@contextmanager
def fixed_keras_settings() -> Iterator[None]:
    """Use float32, channels last and Keras' default epsilon in a context.

    On PyTorch, gradients are recorded only where a training step enables them. The previous
    settings are restored at the end; those that Keras shares among threads are restored when the
    last thread leaves the context. The function can also be used as a decorator.

    Raises
    ------
    RuntimeError
        In a process that was forked after its parent had used this context. The backend would
        wait forever for threads that a fork does not copy.

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
    # The policy belongs to a thread, the other settings to the process. The policy is read first,
    # because a thread without a policy adopts the current floatx and keeps it.
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
    """Return a context that disables gradients, inference mode and autocast on PyTorch."""
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
            "Keras' backend would hang. Start processes with "
            "multiprocessing.get_context('spawn') or joblib's 'loky' backend, or fork before the "
            f"first fit. Received: process {os.getpid()}, forked from {_process}"
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
