"""Transfer learning for time series, in the sktime ecosystem.

Importing sktl loads neither keras nor tensorflow; they are imported by the first ``fit``.
"""

__version__ = "0.1.0"
