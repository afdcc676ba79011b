"""Simulators: one per dataset, with its official length, rate, channels, unit and task."""

from sktl.datasets.simulators._propagation import travel_times
from sktl.datasets.simulators.emg import iter_emg_pinch, simulate_emg_pinch
from sktl.datasets.simulators.layered_earth import (
    iter_layered_earth,
    simulate_layered_earth,
    simulate_wedge,
)
from sktl.datasets.simulators.len_db import iter_len_db, simulate_len_db
from sktl.datasets.simulators.lomax import iter_lomax, simulate_lomax
from sktl.datasets.simulators.prices import iter_sp500, simulate_sp500
from sktl.datasets.simulators.seismic import iter_seismic, simulate_seismic
from sktl.datasets.simulators.speech import iter_speech_commands, simulate_speech_commands
from sktl.datasets.simulators.stead import iter_stead, simulate_stead

__all__ = [
    "iter_emg_pinch",
    "iter_layered_earth",
    "iter_len_db",
    "iter_lomax",
    "iter_seismic",
    "iter_sp500",
    "iter_speech_commands",
    "iter_stead",
    "simulate_emg_pinch",
    "simulate_layered_earth",
    "simulate_len_db",
    "simulate_lomax",
    "simulate_seismic",
    "simulate_sp500",
    "simulate_speech_commands",
    "simulate_stead",
    "simulate_wedge",
    "travel_times",
]
