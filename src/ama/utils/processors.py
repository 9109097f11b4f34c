"""How many processors there are, and what they compute natively."""

from __future__ import annotations

import os

import torch

# Instructions that multiply bfloat16: x86 with AVX-512 or AMX, ARM with NEON or SVE.
BFLOAT16_INSTRUCTIONS = ("avx512_bf16", "amx_bf16", "bf16", "sve_bf16")


def usable_processors() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def multiplies_bfloat16(device: str) -> bool:
    """Whether a device multiplies bfloat16 natively, as torch reports it.

    Elsewhere bfloat16 is emulated, and costs twice (AVX-512) to nine times (AVX2) what float32 does.

    Parameters
    ----------
    device
        "cpu" or "cuda".
    """
    if device != "cpu":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return bool(bfloat16_instructions())


def bfloat16_instructions() -> list[str]:
    """Which of ``BFLOAT16_INSTRUCTIONS`` the processor has, as torch reports it."""
    if hasattr(torch.cpu, "get_capabilities"):
        found = torch.cpu.get_capabilities()
        return [name for name in BFLOAT16_INSTRUCTIONS if found.get(name, False)]
    # torch before 2.10 reports x86 alone.
    answers = (torch.cpu._is_avx512_bf16_supported(), torch.cpu._is_amx_tile_supported())
    return [name for name, present in zip(BFLOAT16_INSTRUCTIONS, answers, strict=False) if present]
