"""Random generators that are functions of a key."""

from __future__ import annotations

import numpy as np
import torch


def generator_for(*key: int) -> torch.Generator:
    """A CPU random generator that is a function of ``key`` alone, such as (seed, step).

    Drawing every step's randomness from its own generator makes a resumed run equal an uninterrupted one
    without any state to save. torch's generator uses only 32 bits of a seed, hence the hash.
    """
    return torch.Generator().manual_seed(int(np.random.SeedSequence(key).generate_state(1)[0]))
