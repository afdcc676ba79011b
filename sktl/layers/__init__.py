"""Keras layers with the weights and, up to rounding, the results of the layers they replace.

A layer class is defined when a function of its module is first called, because importing sktl must
not load keras. The package imports no other part of sktl.
"""
