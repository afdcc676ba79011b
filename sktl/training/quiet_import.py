"""Import of Keras and its backend without log messages about missing hardware.

While it loads, TensorFlow's C++ code writes messages about oneDNN, CUDA and cuDNN to standard
error, whatever its log level. Users of a machine without a GPU can do nothing about them.
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
# Lines of the C++ log below the level "fatal", and lines that belong to them.
_LOGGED = re.compile(
    rb"[IWE]\d{4} \d\d:\d\d:|[IWE]0000 00:00:|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+: [IWE] "
    rb"|WARNING: All log messages before absl::InitializeLog"
    rb"|To enable the following instructions: .*rebuild TensorFlow"
)


# Each network has its own traced functions, so this retracing warning does not concern the user.
_RETRACED = re.compile(r"calls to <function TensorFlow\w+\..* triggered tf\.function retracing")


def import_keras() -> ModuleType:
    """Import keras and its backend.

    If ``TF_CPP_MIN_LOG_LEVEL`` is set, it is respected; otherwise the backend logs only fatal
    errors in this process. TensorFlow's retracing warnings about functions of sktl are suppressed.

    Returns
    -------
    module
        The module keras.

    Raises
    ------
    ModuleNotFoundError
        If the backend that is configured for Keras is not installed.

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
        advice = (
            f"Set KERAS_BACKEND to an installed backend before Python starts: {' or '.join(here)}"
            if here
            else f"Install one of {', '.join(_BACKENDS)}"
        )
        raise ModuleNotFoundError(
            f"Keras is configured for {error.name}, which is not installed. {advice}. Received: "
            f"KERAS_BACKEND={os.environ.get('KERAS_BACKEND')!r}",
            name=error.name,
        ) from error
    return keras


def _no_retracing_of_ours(record: logging.LogRecord) -> bool:
    return not _RETRACED.search(record.getMessage())


@contextmanager
def without_log() -> Iterator[None]:
    """Buffer standard error and write it at the end without the lines of TensorFlow's log.

    After an exception, all lines are written.
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
