"""The time to score images, beside the reference networks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from ama.benchmark.speed.flops import CountFlops
from ama.benchmark.speed.peak_rates import PeakRates, in_giga
from ama.benchmark.speed.reference_step import ReferenceStep
from ama.benchmark.speed.resident_memory import peak_resident_gib
from ama.benchmark.speed.speed_cases import Case
from ama.benchmark.speed.timing import chosen_by_auto, seconds_of
from ama.scores.model import Model

ROUNDS = 3  # of which the fastest counts
REFERENCE_BATCH = 256


def scoring_row(case: Case, peaks: PeakRates) -> dict[str, Any]:
    """Speed, operations, memory and rounding error of scoring, for the results file."""
    raw = case.images(case.n_scored)
    model = Model(case.shape, case.settings, torch.uint8)
    model.networks.scaling.fit(raw)
    reference = ReferenceStep(model.networks, case.settings, seed=0)
    reference.train(False)
    model.finish(raw[:64], raw[64:128], raw[64:128], seed=0)

    def score() -> None:
        model.scores(raw)

    def score_by_reference() -> None:
        for part in raw.split(REFERENCE_BATCH):
            reference.r_score(part)

    flops, reference_flops = _flops(score), _flops(score_by_reference)
    times = [(seconds_of(score), seconds_of(score_by_reference)) for _ in range(ROUNDS)]
    ours, theirs = map(min, zip(*times, strict=True))
    ideal = sum(n / peaks[dtype]["forward"] for dtype, n in flops.items())
    return {
        "peak_resident_gib": peak_resident_gib(case, "scoring"),
        "kind": "scoring",
        "case": case.name,
        "precision": case.settings.scoring_precision,
        "auto": chosen_by_auto(case.settings.scoring_precision),
        "score_difference": _difference(-model.score(raw[:256]), reference.r_score(raw[:256])),
        "images_per_second": case.n_scored / ours,
        "reference_images_per_second": case.n_scored / theirs,
        "ratio": theirs / ours,
        "gflop_per_image": sum(flops.values()) / case.n_scored / 1e9,
        "reference_gflop_per_image": sum(reference_flops.values()) / case.n_scored / 1e9,
        "fraction_of_peak": ideal / ours,
        "peaks": in_giga(peaks),
    }


def _flops(call: Callable[[], None]) -> dict[torch.dtype, int]:
    with CountFlops() as count:
        call()
    return count.by_dtype


def _difference(found: Tensor, exact: Tensor) -> float:
    """Mean absolute difference of two sets of R-scores, in standard deviations of the second."""
    return float((found - exact).abs().mean() / exact.double().std())
