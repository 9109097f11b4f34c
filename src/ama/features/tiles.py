"""Overlapping tiles of an image, so that small things are seen at full resolution in constant memory."""

from __future__ import annotations

import math
from functools import cached_property

import torch
from jaxtyping import Float, Int, Shaped
from torch import Generator, Tensor

OVERLAP = 1 / 8  # of a tile's side that two neighbours share, at least


class Tiles:
    """Where the tiles of images of one size lie: evenly spaced, from edge to edge.

    Parameters
    ----------
    height, width
        Of the images, in pixels.
    side
        Longest side of a tile. An image without a longer one is a single tile.

    Attributes
    ----------
    size
        Height and width of a tile.
    counts
        How many lie one below the other, and side by side.
    corners
        Upper left corner (row, column) of each, row by row.
    """

    def __init__(self, height: int, width: int, side: int):
        self.image = height, width
        self.size = min(height, side), min(width, side)
        self.counts = _count(height, self.size[0]), _count(width, self.size[1])

    # Listed when they are needed: a model folder may name images of any size.
    @cached_property
    def corners(self) -> list[tuple[int, int]]:
        rows, columns = map(_starts, self.image, self.size, self.counts)
        return [(row, column) for row in rows for column in columns]

    def __len__(self) -> int:
        return math.prod(self.counts)

    def describe(self) -> str:
        """How many of which size."""
        height, width = self.size
        return f"{len(self):,} overlapping tiles of {height} x {width} pixels"

    def cut(self, images: Shaped[Tensor, "b c h w"]) -> Shaped[Tensor, "t c i j"]:
        """The tiles of each image, one image after the other."""
        if len(self) == 1:
            return images
        cut = [self.at(images, *corner) for corner in self.corners]
        return torch.stack(cut, 1).flatten(0, 1)

    def some(
        self, images: Shaped[Tensor, "b c h w"], most: int, random: Generator
    ) -> Shaped[Tensor, "t c i j"]:
        """As :meth:`cut`, or ``most`` of these tiles drawn at random if there are more."""
        n = len(images) * len(self)
        if n <= most:
            return self.cut(images)
        chosen = torch.randperm(n, generator=random)[:most].sort().values.tolist()
        return torch.stack([self.at(images[k // len(self)], *self.corners[k % len(self)]) for k in chosen])

    def at(self, images: Shaped[Tensor, "*b h w"], row: int, column: int) -> Shaped[Tensor, "*b i j"]:
        """The tile at a corner."""
        height, width = self.size
        return images[..., row : row + height, column : column + width]

    def around(
        self, images: Shaped[Tensor, "*b h w"], row: int, column: int, pixels: int
    ) -> Shaped[Tensor, "*b i j"]:
        """The tile at a corner with some pixels more on each side, mirrored beyond the image."""
        rows, columns = (
            _mirrored(torch.arange(start - pixels, start + side + pixels), whole).to(images.device)
            for start, side, whole in zip((row, column), self.size, self.image, strict=True)
        )
        return images[..., rows[:, None], columns]

    def joined(self, tiles: Float[Tensor, "t c i j"]) -> Float[Tensor, "b c h w"]:
        """Whole images from what :meth:`cut` returned: a mean where tiles overlap.

        A place weighs the more, the farther it is from the edge of its tile, beyond which a network saw nothing. So no
        edge shows.
        """
        if len(self) == 1:
            return tiles
        parts = tiles.unflatten(0, (-1, len(self)))
        total = parts.new_zeros(parts.shape[0], parts.shape[2], *self.image)
        weight = parts.new_zeros(self.image)
        inner = torch.outer(*(_from_the_edge(side).to(parts) for side in self.size))
        for k, corner in enumerate(self.corners):
            self.at(total, *corner).add_(inner * parts[:, k])
            self.at(weight, *corner).add_(inner)
        return total / weight


def _count(length: int, part: int) -> int:
    """How many parts cover a length and overlap by ``OVERLAP`` of a part, at least."""
    overlap = min(math.ceil(OVERLAP * part), part - 1)
    return 1 + math.ceil((length - part) / (part - overlap))


def _starts(length: int, part: int, n: int) -> list[int]:
    """Where n evenly spaced parts of a length start."""
    return [round(i * (length - part) / max(1, n - 1)) for i in range(n)]


def _from_the_edge(n: int) -> Int[Tensor, " n"]:
    """1 at either end, and one more with each pixel towards the middle."""
    along = torch.arange(1, n + 1)
    return torch.minimum(along, along.flip(0))


def _mirrored(at: Int[Tensor, " n"], length: int) -> Int[Tensor, " n"]:
    """Positions from 0 to ``length`` - 1 in place of those beyond, which are mirrored at the ends."""
    last = length - 1
    return (last - (last - at.abs()).abs()).clamp(0, last)


def tiles_notice(tiles: Tiles, n_images: int, n_learned: int | None) -> str | None:
    """How images are cut, in a sentence for the user; None if they are not.

    Parameters
    ----------
    tiles
        Of each.
    n_images
        How many are learned from.
    n_learned
        Tiles that the networks learn from, if they see tiles.
    """
    if len(tiles) == 1:
        return None
    height, width = tiles.image
    said = f"each image of {height} x {width} pixels is seen in {tiles.describe()}"
    if n_learned is not None and n_learned < (n := n_images * len(tiles)):
        said += f"; the networks learn from {n_learned:,} of {n:,}, drawn at random"
    return said
