"""The peak memory of a training or of scoring, measured in a process of its own."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from typing import Literal

import torch

from ama.benchmark.peak_memory import peak_gib
from ama.benchmark.speed.speed_cases import Case
from ama.scores.model import Model
from ama.training.batches import Batches
from ama.training.memory import freed_memory_kept
from ama.training.run import Run
from ama.training.step import AMATraining
from ama.training.trainer import run_training

Kind = Literal["training", "scoring"]


def peak_resident_gib(case: Case, kind: Kind) -> float:
    """Peak resident memory in GiB of a new process that trains or scores, including the program itself."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_peak_of_this_process, case, kind).result()


def _peak_of_this_process(case: Case, kind: Kind) -> float:
    raw = case.training_images()
    model = Model(case.shape, case.settings, torch.uint8)
    with freed_memory_kept():
        if kind == "training":
            module = AMATraining(model.networks, case.settings, lambda indices: raw[indices], 3, seed=0)
            run_training(module, Batches(len(raw), case.settings.batch_size, 3, 0, lambda: 0), [], Run())
        else:
            model.networks.scaling.fit(raw)
            model.finish(raw[:64], raw[64:128], raw[64:128], seed=0)
            model.scores(raw.repeat(-(-case.n_scored // len(raw)), 1, 1, 1)[: case.n_scored])
    return round(peak_gib(), 2)
