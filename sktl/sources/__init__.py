"""Pretrained weights: their format, where they are found, and how they fit a network.

Loads no deep-learning library.
"""

from sktl.sources._adapt import adapt_input_channels, select_transferable
from sktl.sources._card import Card
from sktl.sources._folder import Source, is_source, read_card, read_source, save_source
from sktl.sources._list import domain_of, expand_sources, list_sources
from sktl.sources._remove import remove_source
from sktl.sources._resolve import (
    SimulatedSourceWarning,
    check_own_name,
    find_card,
    load_source,
    own_sources_directory,
)
from sktl.sources._tfjs import import_tfjs_resnet50
from sktl.sources.hub import push_to_hub
from sktl.sources.imagenet import import_resnet
from sktl.sources.published import GROUPS as SOURCE_GROUPS

__all__ = [
    "SOURCE_GROUPS",
    "Card",
    "SimulatedSourceWarning",
    "Source",
    "adapt_input_channels",
    "check_own_name",
    "domain_of",
    "expand_sources",
    "find_card",
    "import_resnet",
    "import_tfjs_resnet50",
    "is_source",
    "list_sources",
    "load_source",
    "own_sources_directory",
    "push_to_hub",
    "read_card",
    "read_source",
    "remove_source",
    "save_source",
    "select_transferable",
]
