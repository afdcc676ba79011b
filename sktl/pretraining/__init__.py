"""Making sources: our networks trained on a dataset or straight on its simulator."""

from sktl.pretraining._pretrain import NotConvergedError, Pretrained, pretrain
from sktl.pretraining._recipes import Recipe, decimate, recipe_for

__all__ = ["NotConvergedError", "Pretrained", "Recipe", "decimate", "pretrain", "recipe_for"]
