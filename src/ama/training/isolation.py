"""Fits that run one at a time in a process, repeat bit for bit, and leave the process as it was."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from ama.training.checkpoint_folder import claimed
from ama.training.memory import freed_memory_kept
from ama.training.run import Run
from ama.utils.random_generators import seed_process

_one_at_a_time = threading.RLock()


def _renew() -> None:
    """In a forked process no thread is left that could release the lock."""
    global _one_at_a_time
    _one_at_a_time = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)


@contextmanager
def isolated(run: Run) -> Iterator[None]:
    """Enclose a fit, to which its folder of checkpoints then belongs.

    torch draws initial weights and dropout from a random generator of the process, so a fit waits for the end of that
    of another thread.

    Raises
    ------
    InputError
        If another fit uses the folder.
    """
    with one_at_a_time(), claimed(run.checkpoints), _usual_torch(run), freed_memory_kept():
        yield


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Wait for the end of the fits of other threads; a thread that has the turn keeps it."""
    with _one_at_a_time:
        yield


@contextmanager
def _usual_torch(run: Run) -> Iterator[None]:
    """Seed torch, and set what else initial weights and training depend on as torch has it by default."""
    devices = [] if run.device == "cpu" else [torch.cuda.current_device()]
    dtype = torch.get_default_dtype()
    with torch.random.fork_rng(devices), torch.inference_mode(False), torch.enable_grad():
        seed_process(run.seed, run.device)
        torch.set_default_dtype(torch.float32)
        try:
            yield
        finally:
            torch.set_default_dtype(dtype)
