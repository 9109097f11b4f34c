"""Counts the images that a backbone is shown."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn
from torch.nn.modules.module import register_module_forward_pre_hook

from ama.features.lite0 import NormalisedConv


@contextmanager
def seen_images() -> Iterator[list[int]]:
    """The longest side of each image, or tile, that passes through an EfficientNet-Lite0 meanwhile.

    Rows are made of at most 256 pixels a side, so that passes for rows and for places of larger images differ.
    """
    sides: list[int] = []

    def look(module: nn.Module, given: tuple[Any, ...]) -> None:
        if isinstance(module, NormalisedConv) and module[0].in_channels == 3:
            x: Tensor = given[0]
            sides.extend([max(x.shape[2:])] * len(x))

    hook = register_module_forward_pre_hook(look)
    try:
        yield sides
    finally:
        hook.remove()
