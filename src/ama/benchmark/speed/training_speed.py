"""The time of a training step, beside the reference step."""

from __future__ import annotations

import dataclasses
import statistics
import time
from collections.abc import Callable
from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer

from ama.benchmark.speed.flops import CountFlops
from ama.benchmark.speed.peak_rates import PeakRates, in_giga
from ama.benchmark.speed.reference_step import ReferenceStep
from ama.benchmark.speed.resident_memory import peak_resident_gib
from ama.benchmark.speed.speed_cases import Case
from ama.benchmark.speed.timing import chosen_by_auto, seconds_of
from ama.scores.model import Model
from ama.training.batches import Batches
from ama.training.run import Run
from ama.training.step import AMATraining
from ama.training.trainer import run_training

WARM_UP = 2  # steps before the timed ones


def training_row(case: Case, peaks: PeakRates) -> dict[str, Any]:
    """Time, operations and memory of a training step, for the results file."""
    raw = case.training_images()
    total = WARM_UP + case.rounds
    model = Model(case.shape, case.settings, torch.uint8)
    reference = ReferenceStep(model.networks, dataclasses.replace(case.settings, precision="float32"), seed=0)
    module = AMATraining(model.networks, case.settings, lambda indices: raw[indices], total + 1, seed=0)
    batches = Batches(len(raw), case.settings.batch_size, total + 1, 0, lambda: int(module.steps_done))
    interleave = Interleave(lambda step: reference.step(raw[batches.batch(step)], step), total)
    run_training(module, batches, [interleave], Run())
    ours, theirs = map(statistics.median, (interleave.seconds[WARM_UP:], interleave.reference_seconds))
    ideal = sum(n / peaks[dtype]["training"] for dtype, n in interleave.flops.items())
    return {
        "peak_resident_gib": peak_resident_gib(case, "training"),
        "kind": "training",
        "case": case.name,
        "precision": case.settings.precision,
        "auto": chosen_by_auto(case.settings.precision),
        "step_ms": 1e3 * ours,
        "reference_step_ms": 1e3 * theirs,
        "images_per_second": case.settings.batch_size / ours,
        "ratio": theirs / ours,
        "gflop_per_image": sum(interleave.flops.values()) / case.settings.batch_size / 1e9,
        "reference_gflop_per_image": interleave.reference_flops / case.settings.batch_size / 1e9,
        "float32_share_of_flops": interleave.flops[torch.float32] / sum(interleave.flops.values()),
        "fraction_of_peak": ideal / ours,
        "peaks": in_giga(peaks),
    }


class Interleave(Callback):
    """Runs a reference step after each step of a training, and times both; Lightning's overhead counts as ours.

    Parameters
    ----------
    reference_step
        Takes the number of the step.
    total
        Number of steps. One more is needed, whose operations are counted instead of its time.

    Attributes
    ----------
    seconds
        Of each step of the training.
    reference_seconds
        Of each reference step after the warm-up.
    flops
        Floating-point operations of a step of the training, by data type.
    reference_flops
        Floating-point operations of a reference step.
    """

    def __init__(self, reference_step: Callable[[int], None], total: int):
        self.reference_step, self.total = reference_step, total
        self.seconds: list[float] = []
        self.reference_seconds: list[float] = []

    def on_train_start(self, trainer: Trainer, module: LightningModule) -> None:
        self._started = time.perf_counter()

    def on_train_batch_end(
        self, trainer: Trainer, module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        if batch.step == self.total:
            return
        self.seconds.append(time.perf_counter() - self._started)
        if batch.step == 0:
            with CountFlops() as count:
                self.reference_step(batch.step)
            self.reference_flops = sum(count.by_dtype.values())
        elif batch.step >= WARM_UP:
            self.reference_seconds.append(seconds_of(lambda: self.reference_step(batch.step)))
        if batch.step == self.total - 1:
            self._count = CountFlops()
            self._count.__enter__()
        self._started = time.perf_counter()

    def on_train_end(self, trainer: Trainer, module: LightningModule) -> None:
        self._count.__exit__(None, None, None)
        self.flops = self._count.by_dtype
