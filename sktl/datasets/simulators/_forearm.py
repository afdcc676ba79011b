"""Forearms: where motor units lie and how four pinches use them.

Angles and depths follow anatomical cross-sections; activations are typical of pinches and vary
from person to person.
"""

from __future__ import annotations

from typing import Any

import numpy as np

# Muscle: angle around the forearm in degrees (0 = the middle of the flexor side), depth from 0
# (at the bone) to 1 (under the skin), and activation in the four pinches.
MUSCLES = np.array(
    [
        # flexors of index, middle, ring and little finger (superficialis)
        (-25, 0.75, 0.55, 0.15, 0.06, 0.05),
        (5, 0.85, 0.15, 0.55, 0.18, 0.06),
        (30, 0.85, 0.05, 0.16, 0.55, 0.15),
        (50, 0.75, 0.04, 0.06, 0.18, 0.55),
        # deep flexors: index-middle, ring-little; flexor of the thumb
        (15, 0.45, 0.30, 0.28, 0.10, 0.06),
        (45, 0.45, 0.06, 0.10, 0.30, 0.30),
        (-45, 0.50, 0.40, 0.36, 0.34, 0.32),
        # wrist flexors, radial and ulnar
        (-10, 0.90, 0.14, 0.14, 0.10, 0.08),
        (65, 0.90, 0.08, 0.10, 0.16, 0.28),
        # extensors that hold the wrist and the other fingers: radial, common, ulnar
        (-130, 0.90, 0.38, 0.32, 0.22, 0.14),
        (-165, 0.90, 0.18, 0.26, 0.34, 0.30),
        (150, 0.90, 0.10, 0.14, 0.24, 0.45),
    ]
)
_UNITS_PER_MUSCLE = 32


def draw_person(rng: np.random.Generator) -> dict[str, Any]:
    """Draw one person: anatomy, habits, and how the armband is worn."""
    n_muscles = len(MUSCLES)
    shape = (n_muscles, _UNITS_PER_MUSCLE)
    rank = (np.arange(_UNITS_PER_MUSCLE) + 0.5) / _UNITS_PER_MUSCLE
    angle = MUSCLES[:, :1] + rng.normal(0, 6, (n_muscles, 1)) + rng.normal(0, 11, shape)
    depth = np.clip(MUSCLES[:, 1:2] + rng.normal(0, 0.10, shape), 0.3, 0.97)
    # A subject's own way to pinch: how much of each muscle each pinch takes.
    habit = np.exp(rng.normal(0, 0.45, (n_muscles, 1)) + rng.normal(0, 0.35, (n_muscles, 4)))
    return {
        "angle": np.deg2rad(angle),
        "depth": depth,
        "activation": np.clip(1.3 * MUSCLES[:, 2:] * habit, 0.02, 0.9),
        # Recruitment: many small units early, few large ones late (Fuglevand et al. 1993).
        "threshold": np.broadcast_to(0.32 * (np.exp(2.5 * rank) - 1) / (np.exp(2.5) - 1), shape),
        "size": np.exp(1.0 * rank) * np.exp(rng.normal(0, 0.35, shape)),
        "duration": rng.normal(1, 0.2, shape).clip(0.5, 1.6),
        "monophasic": rng.normal(0, 0.5, shape),
        "radius": rng.normal(44, 4),  # mm
        "fat": rng.gamma(4, 0.8),  # mm of skin and fat over the muscles
        "effort": np.exp(rng.normal(0, 0.35)),
        "gain": np.exp(rng.normal(0, 0.2)),
        "rotation": np.deg2rad(rng.normal(0, 14)),
        "noise": np.exp(rng.normal(-0.5, 0.35)),
    }
