"""Adam with two learning rates, which leaves nothing behind when it goes."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any


def two_speed_adam(transferred: Collection[int] = (), **settings: Any):
    """Make an Adam that multiplies the updates of some variables by its variable ``omega``.

    Scaling their gradients would do nothing: Adam divides by the gradients' own size.

    Parameters
    ----------
    transferred : collection of int, default=()
        Which of the trained variables, by their position.
    **settings
        Of `keras.optimizers.Adam`.

    Returns
    -------
    keras.optimizers.Adam
        With the results of Keras' own, to rounding, where omega is 1.
    """
    from keras import backend, ops, optimizers

    class TwoSpeedAdam(optimizers.Adam):
        def build(self, variables):
            super().build(variables)
            self.omega = self.add_variable((), initializer="ones", name="omega")

        def update_step(self, gradient, variable, learning_rate):
            index = self._get_variable_index(variable)
            if index in transferred:
                learning_rate = learning_rate * self.omega
            self._update(gradient, variable, learning_rate, index)

        def _update(self, gradient, variable, learning_rate, index):
            super().update_step(gradient, variable, learning_rate)

        def _all_reduce_sum_gradients(self, grads_and_vars):
            # One device: nothing to sum. TensorFlow would register a gradient of the sum under a
            # new name, for ever, and with it keep every graph that was traced.
            return grads_and_vars

    if backend.backend() != "tensorflow":
        return TwoSpeedAdam(**settings)
    import tensorflow as tf

    class OneOperationAdam(TwoSpeedAdam):
        """Updates a variable by one operation of TensorFlow, where Keras needs a dozen."""

        def apply(self, grads, trainable_variables=None):
            step = ops.cast(self.iterations + 1, "float32")
            self._powers = [ops.power(beta, step) for beta in (self.beta_1, self.beta_2)]
            super().apply(grads, trainable_variables)
            # They would keep the graph alive.
            del self._powers

        def _update(self, gradient, variable, learning_rate, index):
            tf.raw_ops.ResourceApplyAdam(
                var=variable.handle,
                m=self._momentums[index].value.handle,
                v=self._velocities[index].value.handle,
                beta1_power=self._powers[0],
                beta2_power=self._powers[1],
                lr=learning_rate,
                beta1=self.beta_1,
                beta2=self.beta_2,
                epsilon=self.epsilon,
                grad=gradient,
            )

    return OneOperationAdam(**settings)
