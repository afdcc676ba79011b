"""Adam with two learning rates."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from typing import Any

import numpy as np

from sktl.layers.fast_forms import on_tensorflow, on_torch, works

OMEGA_GRID = (0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0)
"""The ten values of omega of the original experiment (Otović et al. 2022, section 2.4.3)."""


def two_speed_adam(transferred: Collection[str] = (), **settings: Any):
    """Return an Adam that multiplies the updates of some variables by its variable ``omega``.

    Scaling their gradients would have no effect, because Adam divides by the gradients' size.

    Parameters
    ----------
    transferred : collection of str, default=()
        Paths of the variables whose updates are multiplied.
    **settings
        Parameters of `keras.optimizers.Adam`.

    Returns
    -------
    keras.optimizers.Adam
        The optimizer; with omega = 1 it gives the results of Keras' Adam, up to rounding.
    """
    kind = _plain_adam()
    if on_tensorflow() and works(_try_one_operation, "Adam"):
        kind = _one_operation_adam()
    elif on_torch() and works(_try_all_at_once, "Adam"):
        kind = _all_at_once_adam()
    return kind(transferred, **settings)


@cache
def _plain_adam():
    from keras import optimizers

    class TwoSpeedAdam(optimizers.Adam):
        def __init__(self, transferred=(), **settings):
            super().__init__(**settings)
            self.transferred = frozenset(transferred)

        def build(self, variables):
            super().build(variables)
            self.omega = self.add_variable((), initializer="ones", name="omega")
            # update_step receives Keras variables; on TensorFlow, the tf.Variables inside them.
            self.number_of = {
                id(one): number
                for number, variable in enumerate(variables)
                for one in (variable, variable.value)
            }
            self.scaled = [variable.path in self.transferred for variable in variables]

        def update_step(self, gradient, variable, learning_rate):
            number = self.number_of[id(variable)]
            if self.scaled[number]:
                learning_rate = learning_rate * self.omega
            self._update(gradient, variable, learning_rate, number)

        def _update(self, gradient, variable, learning_rate, number):
            super().update_step(gradient, variable, learning_rate)

        # If a later Keras no longer calls this private method, nothing is lost.
        def _all_reduce_sum_gradients(self, grads_and_vars):
            # There is one device, so nothing to sum. TensorFlow would register a gradient for the
            # sum under a new name at every trace and so keep every traced graph in memory.
            return grads_and_vars

    return TwoSpeedAdam


@cache
def _one_operation_adam():
    import tensorflow as tf
    from keras import ops

    class OneOperationAdam(_plain_adam()):  # type: ignore[misc]
        """Adam that updates a variable with one TensorFlow operation instead of a dozen."""

        def apply(self, grads, trainable_variables=None):
            step = ops.cast(self.iterations + 1, "float32")
            self._powers = [ops.power(beta, step) for beta in (self.beta_1, self.beta_2)]
            super().apply(grads, trainable_variables)
            # The tensors would keep the graph alive.
            del self._powers

        def _update(self, gradient, variable, learning_rate, number):
            tf.raw_ops.ResourceApplyAdam(
                var=variable.handle,
                # Keras' moments have no public name; using them keeps the state of the plain form.
                m=self._momentums[number].value.handle,
                v=self._velocities[number].value.handle,
                beta1_power=self._powers[0],
                beta2_power=self._powers[1],
                lr=learning_rate,
                beta1=self.beta_1,
                beta2=self.beta_2,
                epsilon=self.epsilon,
                grad=gradient,
            )

    return OneOperationAdam


def _try_one_operation():
    """Make one step of the one-operation form on a single number."""
    import keras
    import tensorflow as tf

    with tf.init_scope():
        variable = keras.Variable(np.ones(1, "float32"))
        optimizer = _one_operation_adam()()
        optimizer.build([variable])
        optimizer.apply([tf.ones(1)], [variable])


@cache
def _all_at_once_adam():
    from keras import optimizers

    # On PyTorch, Keras replaces the class Adam itself, but not its subclasses.
    kind = type(optimizers.Adam())

    class AllAtOnceAdam(_plain_adam(), kind):  # type: ignore[misc,valid-type]
        """Adam that updates all variables of one learning rate at once, as Keras on PyTorch."""

        def _parallel_update_step(self, grads, variables, learning_rate):
            numbers = [self.number_of[id(variable)] for variable in variables]
            for scaled, rate in ((True, learning_rate * self.omega), (False, learning_rate)):
                chosen = [n for n, one in enumerate(numbers) if self.scaled[one] == scaled]
                if chosen:
                    super()._parallel_update_step(
                        [grads[n] for n in chosen], [variables[n] for n in chosen], rate
                    )

    return AllAtOnceAdam


def _try_all_at_once():
    """Make one step of the parallel form on two numbers."""
    import keras

    variables = [keras.Variable(np.ones(1, "float32"), name=name) for name in "ab"]
    optimizer = _all_at_once_adam()({variables[0].path})
    optimizer.build(variables)
    optimizer.apply([keras.ops.ones(1)] * 2, variables)
