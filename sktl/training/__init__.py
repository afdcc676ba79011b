"""The engine: what trains a network, whatever its architecture and whoever asks for it.

`loop` is the training of one network, `compiled_network` the network that trains, `backends` its
two compilers, `optimizer` its Adam with two learning rates, `network_cache` who uses it next,
`preprocessing` what a panel goes through before, `targets` what y becomes, `training_data` what
several trainings share, `randomness` what is drawn, `frozen_backbone` a network of which the head
alone is trained. `sktl.estimators.training_run` is what uses all of it.
"""
