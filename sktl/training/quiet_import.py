"""Keras and its backend are loaded without lines on what a machine has not got.

TensorFlow's C++ writes of oneDNN, CUDA and cuDNN to standard error, past Python and past its own
setting as long as it loads. Users of a plain machine can do nothing about it.
"""

from __future__ import annotations

import logging
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from importlib.util import find_spec
from types import ModuleType

_BACKENDS = ("tensorflow", "jax", "torch")
_LEVEL = "TF_CPP_MIN_LOG_LEVEL"
# Lines of the C++ log below fatal ones, and those that belong to them.
_LOGGED = re.compile(
    rb"[IWE]\d{4} \d\d:\d\d:|[IWE]0000 00:00:|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+: [IWE] "
    rb"|WARNING: All log messages before absl::InitializeLog"
    rb"|To enable the following instructions: .*rebuild TensorFlow"
)


# Each network has functions of its own: that they are traced anew is no mistake of the user.
_RETRACED = re.compile(r"calls to <function TensorFlow\w+\..* triggered tf\.function retracing")


def import_keras() -> ModuleType:
    """Import keras with its backend.

    Whoever sets ``TF_CPP_MIN_LOG_LEVEL`` sees what it asks for; without it, the backend's log is
    limited to fatal errors for this process. TensorFlow's advice against tracing a function anew is
    left out where the function is one of ours.

    Returns
    -------
    module
        keras.

    Raises
    ------
    ModuleNotFoundError
        If the backend that Keras is to run on is not installed.

    Examples
    --------
    >>> from sktl.training.quiet_import import import_keras
    >>> import_keras().__name__
    'keras'
    """
    logging.getLogger("tensorflow").addFilter(_no_retracing_of_ours)
    log: AbstractContextManager = nullcontext()
    if "keras" not in sys.modules and os.environ.get(_LEVEL, "3") == "3":
        os.environ[_LEVEL] = "3"
        log = without_log()
    try:
        with log:
            import keras
    except ModuleNotFoundError as error:
        if error.name not in _BACKENDS:
            raise
        here = [name for name in _BACKENDS if find_spec(name)]
        raise ModuleNotFoundError(
            f"Keras is to run on {error.name}, which is not installed. Set KERAS_BACKEND, before "
            f"Python starts, to what is: {' or '.join(here) or 'install one'}. Received: "
            f"KERAS_BACKEND={os.environ.get('KERAS_BACKEND')!r}",
            name=error.name,
        ) from error
    return keras


def _no_retracing_of_ours(record: logging.LogRecord) -> bool:
    return not _RETRACED.search(record.getMessage())


@contextmanager
def without_log() -> Iterator[None]:
    """Hold standard error back, and write it at the end without the lines of TensorFlow's log.

    After an exception all of it is written.
    """
    try:
        before = os.dup(2)
    except OSError:  # a program without a console has no standard error
        yield
        return
    with tempfile.TemporaryFile() as held:
        failed = True
        os.dup2(held.fileno(), 2)
        try:
            yield
            failed = False
        finally:
            if sys.stderr is not None:
                sys.stderr.flush()
            os.dup2(before, 2)
            os.close(before)
            held.seek(0)
            lines = held.read().splitlines(keepends=True)
            os.write(2, b"".join(one for one in lines if failed or not _LOGGED.match(one)))
