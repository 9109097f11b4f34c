"""The time of a step of the compact preset, rotation head and all, beside the preset of before."""

from __future__ import annotations

import dataclasses
import statistics
import time
from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer

from ama.benchmark.speed.timing import chosen_by_auto
from ama.benchmark.tables.compared_methods import BEFORE
from ama.scores.model import Model
from ama.settings import COMPACT_COLOUR, COMPACT_GREY, Precision, Settings
from ama.training.batches import Batches
from ama.training.run import Run
from ama.training.step import AMATraining
from ama.training.trainer import run_training

ROUNDS = 5  # of each preset, in turn
WARM_UP, TIMED = 4, 24  # steps of a round
# Shape of an image, and batch size.
SIZES = (((3, 32, 32), 16), ((1, 28, 28), 16), ((1, 8, 8), 16), ((1, 8, 8), 64))


def name_of(shape: tuple[int, int, int], batch_size: int) -> str:
    """The name of a row."""
    channels, height, width = shape
    return f"preset, {height}x{width}x{channels}, batch {batch_size}"


def preset_row(shape: tuple[int, int, int], batch_size: int, precision: Precision) -> dict[str, Any]:
    """Median milliseconds of a step of both presets, for the results file."""
    preset = COMPACT_GREY if shape[0] == 1 else COMPACT_COLOUR
    now = dataclasses.replace(preset, batch_size=batch_size, precision=precision)
    before = dataclasses.replace(now, **BEFORE)
    seconds: dict[str, list[float]] = {"now": [], "before": []}
    for _ in range(ROUNDS):
        for name, choice in (("now", now), ("before", before)):
            seconds[name] += _step_seconds(shape, choice)
    medians = {name: statistics.median(found) for name, found in seconds.items()}
    return {
        "kind": "preset",
        "case": name_of(shape, batch_size),
        "precision": precision,
        "auto": chosen_by_auto(precision),
        "threads": torch.get_num_threads(),
        "step_ms": 1e3 * medians["now"],
        "step_ms_before": 1e3 * medians["before"],
        "ratio": medians["before"] / medians["now"],
    }


def _step_seconds(shape: tuple[int, int, int], choice: Settings) -> list[float]:
    raw = torch.randint(0, 256, (256, *shape), dtype=torch.uint8)
    total = WARM_UP + TIMED
    module = AMATraining(
        Model(shape, choice, torch.uint8).networks, choice, lambda indices: raw[indices], total, seed=0
    )
    batches = Batches(len(raw), choice.batch_size, total, 0, lambda: int(module.steps_done))
    times = _Times()
    run_training(module, batches, [times], Run())
    return [later - earlier for earlier, later in zip(times.ends, times.ends[1:], strict=False)][
        WARM_UP - 1 :
    ]


class _Times(Callback):
    """When each step ended."""

    def __init__(self) -> None:
        self.ends: list[float] = []

    def on_train_batch_end(
        self, trainer: Trainer, module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        self.ends.append(time.perf_counter())
