"""Generators of synthetic training data, its evaluation, and pre-training on it."""

from sktl.synthesis._base import BaseGenerator
from sktl.synthesis._baselines import (
    AugmentationGenerator,
    ClassMeanGenerator,
    MixupGenerator,
    NoiseGenerator,
    ResamplingGenerator,
)
from sktl.synthesis._pretraining import (
    SyntheticPretraining,
    SyntheticPretrainingClassifier,
    SyntheticPretrainingRegressor,
)
from sktl.synthesis._quality import (
    Coverage,
    coverage,
    discriminative_score,
    mean_spectrum,
    novelty,
    quality,
    spectral_distance,
    train_on_synthetic,
)
from sktl.synthesis._simulator import SimulatorGenerator
from sktl.synthesis._wgan_gp import WGANGPGenerator

__all__ = [
    "AugmentationGenerator",
    "BaseGenerator",
    "ClassMeanGenerator",
    "Coverage",
    "MixupGenerator",
    "NoiseGenerator",
    "ResamplingGenerator",
    "SimulatorGenerator",
    "SyntheticPretraining",
    "SyntheticPretrainingClassifier",
    "SyntheticPretrainingRegressor",
    "WGANGPGenerator",
    "coverage",
    "discriminative_score",
    "mean_spectrum",
    "novelty",
    "quality",
    "spectral_distance",
    "train_on_synthetic",
]
