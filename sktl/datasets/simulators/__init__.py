"""Simulators: one per dataset, with its official length, rate, channels, unit and task."""

from sktl.datasets.simulators.emg import iter_emg_pinch, simulate_emg_pinch
from sktl.datasets.simulators.prices import iter_sp500, simulate_sp500

__all__ = ["iter_emg_pinch", "iter_sp500", "simulate_emg_pinch", "simulate_sp500"]
