"""The engine: what trains a network, whatever its architecture and whoever asks for it.

`loop` is the training of one network, `compiled_network` the network that trains, `backends` its
two compilers, `optimizer` its Adam with two learning rates, `network_cache` who uses it next,
`preprocessing` what a panel goes through before, `randomness` what is drawn, `prepared_data` what
several trainings share, `frozen_backbone` a network of which the head alone is trained.
"""
