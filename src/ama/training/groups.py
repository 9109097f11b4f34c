"""Samples in groups, such as the photographs of one part or of one day, of which whole ones are held out.

Samples of a group resemble one another. With a group on both sides, held-out samples have near-duplicates among the
learned ones, score too well, and set a threshold that flags most samples of a new group.
"""

from __future__ import annotations

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from ama.utils.random_generators import generator_for

FEW = 20  # held-out groups: fewer say little about further ones
MIN_DIVIDED = 6  # held-out groups, to be divided among two uses


def drawn_groups(groups: Int[Tensor, " n"], n_wanted: int, *key: int) -> Bool[Tensor, " n"]:
    """Which samples belong to whole groups that are drawn at random until they have about ``n_wanted`` samples.

    In random order, a group is taken if it brings the number of samples nearer to ``n_wanted``. If none does, the
    smallest is taken. At least one group is left.

    Parameters
    ----------
    groups
        The group of each sample, of two or more.
    n_wanted
        Samples.
    *key
        What the random order depends on.
    """
    names, sizes = groups.unique(return_counts=True)
    order = torch.randperm(len(names), generator=generator_for(*key))
    taken, n_taken = list[int](), 0
    for group, size in zip(order.tolist(), sizes[order].tolist(), strict=True):
        if abs(n_taken + size - n_wanted) < abs(n_taken - n_wanted) and n_taken + size < len(groups):
            taken.append(group)
            n_taken += size
    return torch.isin(groups, names[taken or [int(sizes.argmin())]])


def n_groups(groups: Int[Tensor, " n"]) -> int:
    """Number of different groups."""
    return len(groups.unique())


def groups_notice(groups: Int[Tensor, " n"], held_out: Bool[Tensor, " n"]) -> str:
    """What is held out, and what the false-alarm rate then means, in a sentence for the user."""
    n_held_out = n_groups(groups[held_out])
    few = f"; with fewer than {FEW} such groups it holds only roughly" if n_held_out < FEW else ""
    return (
        f"{n_held_out:,} of {n_groups(groups):,} groups are held out, {int(held_out.sum()):,} of {len(groups):,} "
        f"samples: the false-alarm rate is that among samples of new groups{few}"
    )
