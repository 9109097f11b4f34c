"""Random generators seeded by a key."""

from __future__ import annotations

import numpy as np
import torch


def generator_for(*key: int) -> torch.Generator:
    """A CPU random generator that depends on ``key`` alone, such as (seed, step).

    With a generator per training step, a resumed run equals an uninterrupted one and no generator state needs
    to be saved. The key is hashed because torch's generator uses only 32 bits of its seed.
    """
    return torch.Generator().manual_seed(int(np.random.SeedSequence(key).generate_state(1)[0]))


def seed_process(seed: int, device: torch.device | str) -> None:
    """Seed the generators of the process for what takes no generator: torch's on the CPU, and that of a device."""
    torch.default_generator.manual_seed(seed)
    if torch.device(device).type == "cuda":
        torch.cuda.manual_seed(seed)
