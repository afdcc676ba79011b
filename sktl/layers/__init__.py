"""Keras layers, each with the weights and, to rounding, the results of the plain layer it replaces.

A layer is defined when a function of its module is first called, because importing sktl must not
load keras. Knows no other room.
"""
