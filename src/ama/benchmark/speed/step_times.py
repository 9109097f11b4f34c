"""``ama benchmark speed``: the product's step and scoring beside the reference ones, interleaved in one run."""

from __future__ import annotations

import dataclasses
import json
import multiprocessing
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from torch import Tensor
from tqdm.auto import tqdm

from ama import settings
from ama.benchmark.speed.flops import CountFlops, peak
from ama.benchmark.speed.reference_step import ReferenceStep
from ama.io.results_files import append_result
from ama.scores.model import Model
from ama.training.batches import Batches
from ama.training.memory import freed_memory_kept
from ama.training.run import Run
from ama.training.step import AMATraining
from ama.training.trainer import run_training

WARM_UP = 2  # steps before the clock counts

PAPER = dataclasses.replace(
    settings.PAPER, max_epochs=None, max_steps=1, negatives="none", precision="bfloat16", scoring="r_score"
)
# The reference step has no second head.
COMPACT = dataclasses.replace(settings.COMPACT_GREY, lambda_rotation=0.0, scoring="r_score")
COMPACT_64 = dataclasses.replace(COMPACT, batch_size=64)


@dataclasses.dataclass(frozen=True)
class Case:
    """What is timed."""

    name: str
    shape: tuple[int, int, int]
    settings: settings.Settings
    rounds: int
    n_scored: int


CASES = (
    Case("paper, 32x32x3, batch 64", (3, 32, 32), dataclasses.replace(PAPER, batch_size=64), 3, 128),
    Case("paper, 32x32x3, batch 256", (3, 32, 32), dataclasses.replace(PAPER, batch_size=256), 1, 128),
    Case("compact, 32x32x1, batch 64", (1, 32, 32), COMPACT_64, 20, 4096),
    Case("compact, 28x28x1, batch 64", (1, 28, 28), COMPACT_64, 20, 4096),
    Case("compact, 28x28x1, batch 16", (1, 28, 28), COMPACT, 60, 4096),
    Case("compact, 8x8x1, batch 64", (1, 8, 8), COMPACT_64, 60, 16384),
    Case("compact, 8x8x1, batch 16", (1, 8, 8), COMPACT, 60, 16384),
)


@freed_memory_kept()
def speed(only: str | None, append_to: str | None) -> list[dict[str, Any]]:
    """Time every case, print the tables, and add a JSON line per row to a results file.

    Parameters
    ----------
    only
        Times only the cases whose name holds this text.
    append_to
        Results file, or None.
    """
    chosen = [case for case in CASES if only is None or only in case.name]
    peaks = {dtype: peak(dtype) for dtype in (torch.bfloat16, torch.float32)}
    rows: list[dict[str, Any]] = []
    for case in tqdm(chosen, desc="speed", unit="case", disable=None):
        measured = [_training_row(case, peaks)]
        measured += [_scoring_row(case, peaks, precision) for precision in ("float32", "bfloat16")]
        for row in measured:
            rows.append(row)
            if append_to is not None:
                append_result(Path(append_to), {"command": "ama benchmark speed", **row})
    rows.append({"kind": "start", **start_times()})
    if append_to is not None:
        append_result(Path(append_to), {"command": "ama benchmark speed", **rows[-1]})
    print(markdown(rows))
    return rows


def _training_row(case: Case, peaks: dict[torch.dtype, dict[str, float]]) -> dict[str, Any]:
    raw = torch.randint(0, 256, (max(512, case.settings.batch_size), *case.shape), dtype=torch.uint8)
    total = WARM_UP + case.rounds
    model = Model(case.shape, case.settings, torch.uint8)
    reference = ReferenceStep(model.networks, dataclasses.replace(case.settings, precision="float32"), seed=0)
    module = AMATraining(model.networks, case.settings, lambda indices: raw[indices], total + 1, seed=0)
    batches = Batches(len(raw), case.settings.batch_size, total + 1, 0, lambda: int(module.steps_done))
    interleave = _Interleave(lambda step: reference.step(raw[batches.batch(step)], step), total)
    run_training(module, batches, [interleave], Run())
    ours, theirs = interleave.ours[WARM_UP:], interleave.theirs
    ideal = sum(n / peaks[dtype]["training"] for dtype, n in interleave.flops.items())
    return {
        "peak_resident_gib": _peak_resident(case, "training"),
        "kind": "training",
        "case": case.name,
        "precision": case.settings.precision,
        "step_ms": 1e3 * statistics.median(ours),
        "reference_step_ms": 1e3 * statistics.median(theirs),
        "images_per_second": case.settings.batch_size / statistics.median(ours),
        "ratio": statistics.median(theirs) / statistics.median(ours),
        "gflop_per_image": sum(interleave.flops.values()) / case.settings.batch_size / 1e9,
        "reference_gflop_per_image": interleave.reference_flops / case.settings.batch_size / 1e9,
        "float32_share_of_flops": interleave.flops[torch.float32] / sum(interleave.flops.values()),
        "fraction_of_peak": ideal / statistics.median(ours),
        "peaks": _named(peaks),
    }


def _scoring_row(
    case: Case, peaks: dict[torch.dtype, dict[str, float]], precision: settings.Precision
) -> dict[str, Any]:
    raw = torch.randint(0, 256, (case.n_scored, *case.shape), dtype=torch.uint8)
    choice = dataclasses.replace(case.settings, scoring_precision=precision)
    model = Model(case.shape, choice, torch.uint8)
    model.networks.fit_scaling(raw)
    reference = ReferenceStep(model.networks, case.settings, seed=0)
    reference.train(False)
    model.finish(raw[:64], raw[64:128], raw[64:128], seed=0)

    def score_literally() -> None:
        for part in raw.split(256):
            reference.r_score(part)

    sides: tuple[Callable[[], Any], ...] = (lambda: model.scores(raw), score_literally)
    flops = []
    for side in sides:
        with CountFlops() as count:
            side()
        flops.append(count.by_dtype)
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(3):
        for side, seconds in zip(sides, times, strict=True):
            seconds.append(_seconds(side))
    ours, theirs = map(min, times)
    ideal = sum(n / peaks[dtype]["forward"] for dtype, n in flops[0].items())
    return {
        "peak_resident_gib": _peak_resident(case, "scoring", precision),
        "kind": "scoring",
        "case": case.name,
        "precision": precision,
        "score_difference": _difference(model.scores(raw[:256]).r_score, reference.r_score(raw[:256])),
        "images_per_second": case.n_scored / ours,
        "reference_images_per_second": case.n_scored / theirs,
        "ratio": theirs / ours,
        "gflop_per_image": sum(flops[0].values()) / case.n_scored / 1e9,
        "reference_gflop_per_image": sum(flops[1].values()) / case.n_scored / 1e9,
        "fraction_of_peak": ideal / ours,
        "peaks": _named(peaks),
    }


def _peak_resident(case: Case, kind: str, precision: settings.Precision = "float32") -> float:
    """GiB that a process of its own takes for the product's side, the program itself included."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_resident_of_product, case, kind, precision).result()


def _resident_of_product(case: Case, kind: str, precision: settings.Precision) -> float:
    raw = torch.randint(0, 256, (max(512, case.settings.batch_size), *case.shape), dtype=torch.uint8)
    model = Model(case.shape, dataclasses.replace(case.settings, scoring_precision=precision), torch.uint8)
    with freed_memory_kept():
        if kind == "training":
            module = AMATraining(model.networks, case.settings, lambda indices: raw[indices], 3, seed=0)
            run_training(module, Batches(len(raw), case.settings.batch_size, 3, 0, lambda: 0), [], Run())
        else:
            model.networks.fit_scaling(raw)
            model.finish(raw[:64], raw[64:128], raw[64:128], seed=0)
            model.scores(raw.repeat(-(-case.n_scored // len(raw)), 1, 1, 1)[: case.n_scored])
    # The kernel hands getrusage's peak on to a new process from the one that started it.
    status = Path("/proc/self/status")
    if not status.exists():
        return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 2)
    return round(int(status.read_text().partition("VmHWM:")[2].split()[0]) / 2**20, 2)


class _Interleave(Callback):
    """Times each of the product's steps, all that Lightning adds to it included, and a reference one after it."""

    def __init__(self, reference_step: Callable[[int], None], total: int):
        self.reference_step, self.total = reference_step, total
        self.ours: list[float] = []
        self.theirs: list[float] = []

    def on_train_start(self, trainer: Trainer, module: LightningModule) -> None:
        self._mark = time.perf_counter()

    def on_train_batch_end(
        self, trainer: Trainer, module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        if batch.step == self.total:
            return  # the last step was counted, not timed
        self.ours.append(time.perf_counter() - self._mark)
        if batch.step == 0:
            with CountFlops() as count:
                self.reference_step(batch.step)
            self.reference_flops = sum(count.by_dtype.values())
        elif batch.step >= WARM_UP:
            self.theirs.append(_seconds(lambda: self.reference_step(batch.step)))
        if batch.step == self.total - 1:
            self._count = CountFlops()
            self._count.__enter__()
        self._mark = time.perf_counter()

    def on_train_end(self, trainer: Trainer, module: LightningModule) -> None:
        self._count.__exit__(None, None, None)
        self.flops = self._count.by_dtype


def start_times() -> dict[str, float]:
    """Seconds of ``ama --help`` and of ``ama score`` on ten images, in processes of their own, files in the cache."""
    import ama

    with tempfile.TemporaryDirectory() as folder, _quietly():
        images = np.random.default_rng(0).integers(0, 256, (60, 28, 28), dtype=np.uint8)
        detector = ama.AMADetector(max_steps=2, held_out=0.4, scoring="r_score", progress=False).fit(images)
        detector.save(f"{folder}/model")
        np.save(f"{folder}/ten.npy", images[:10])
        ama_command = [sys.executable, "-m", "ama"]
        commands = {
            "help_seconds": [*ama_command, "--help"],
            "score_10_images_seconds": [
                *ama_command, "score", f"{folder}/model", f"{folder}/ten.npy", "--out", f"{folder}/s.csv",
            ],
        }  # fmt: skip
        return {
            name: min(_seconds(partial(_silent, words)) for _ in range(3)) for name, words in commands.items()
        }


def markdown(rows: list[dict[str, Any]]) -> str:
    """The rows as the tables of docs/performance.md."""
    parts = []
    for kind, unit in (("training", "ms a step"), ("scoring", "images a second")):
        chosen = [row for row in rows if row["kind"] == kind]
        if not chosen:
            continue
        parts.append(
            f"| {kind} | {unit} | reference | times faster | images a second | GFLOP an image (reference) "
            "| fraction of peak | GiB resident |\n| --- | --- | --- | --- | --- | --- | --- | --- |"
        )
        for row in chosen:
            ours, theirs = (
                (row["step_ms"], row["reference_step_ms"])
                if kind == "training"
                else (row["images_per_second"], row["reference_images_per_second"])
            )
            parts.append(
                f"| {row['case']}, {row['precision']} | {ours:,.1f} | {theirs:,.1f} | {row['ratio']:.2f} "
                f"| {row['images_per_second']:,.0f} | {row['gflop_per_image']:.3f} "
                f"({row['reference_gflop_per_image']:.3f}) "
                f"| {row['fraction_of_peak']:.0%} | {row['peak_resident_gib']:.2f} |"
            )
        parts.append("")
    for row in rows:
        if row["kind"] == "start":
            parts.append(
                f"`ama --help`: {row['help_seconds']:.2f} s; `ama score` on ten images: "
                f"{row['score_10_images_seconds']:.2f} s."
            )
    if rows and "peaks" in rows[0]:
        parts.append(f"Peaks, in 10^9 operations a second: {json.dumps(rows[0]['peaks'])}")
    return "\n".join(parts)


def _difference(found: Tensor, exact: Tensor) -> float:
    """Mean absolute difference of two sets of R-scores, in standard deviations of the second."""
    return float((found - exact).abs().mean() / exact.double().std())


def _named(peaks: dict[torch.dtype, dict[str, float]]) -> dict[str, dict[str, int]]:
    return {
        str(dtype).removeprefix("torch."): {name: round(rate / 1e9) for name, rate in rates.items()}
        for dtype, rates in peaks.items()
    }


def _seconds(call: Callable[[], Any]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def _silent(words: list[str]) -> None:
    subprocess.run(words, check=True, capture_output=True)


@contextmanager
def _quietly() -> Iterator[None]:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
