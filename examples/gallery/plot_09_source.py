"""
A source at a glance
====================

Its card, its first kernels, their spectra, and the curves of its training.
"""

from sktl.plotting import plot_source

_ = plot_source("SPEECH-simulated", "ConvNetQuakeINGV")
