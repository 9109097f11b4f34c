"""Forked processes compute with one thread: GNU OpenMP would wait forever for others, which only the parent has."""

from __future__ import annotations

import os

import torch


def _use_one_thread() -> None:
    if torch.get_num_threads() > 1:
        torch.set_num_threads(1)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_use_one_thread)
