"""The training engine, which is independent of the architecture and of the task.

`loop` trains one network, `compiled_network` is that network with its optimizer, `backends`
compiles its training step, `optimizer` is Adam with two learning rates, `network_cache` reuses
compiled networks, `preprocessing` scales panels, `targets` encodes y, `training_data` contains
prepared data, `randomness` derives random streams from a seed, and `frozen_backbone` trains only
the head of a network. `sktl.estimators.training_run` combines them.
"""
