"""Work that writes files: what each kind finds, does and leaves."""

from __future__ import annotations

import shutil
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

import numpy as np

import ama
from ama.benchmark.tables.cell import Cell
from ama.benchmark.tables.grid import GRIDS
from ama.benchmark.tables.run_grid import run_grid
from ama.io.results_files import read_results
from children import command
from places import SMALL

FIT = ["fit", "rows.npy", *SMALL, "--max-steps", "40", "--batch-size", "64"]
TIMES = {
    "seconds",
    "fit_seconds",
    "score_seconds",
    "date",
    "commit",
}  # of a measurement: they differ between runs


class Work(ABC):
    """Something that writes files, over older ones.

    Parameters
    ----------
    place
        Folder with ``rows.npy`` and the models ``older`` and ``newer``.
    """

    def __init__(self, place: Path):
        self.place = place

    def prepare(self, folder: Path) -> None:
        """What is there before the work."""
        for name in ("rows.npy", "older"):
            (folder / name).symlink_to(self.place / name)

    @abstractmethod
    def run(self) -> int | None:
        """The work, in the folder; returns an exit status."""

    @abstractmethod
    def result(self, folder: Path) -> Any:
        """What the work wrote, as it would be read by its user; raises if it is damaged."""

    def is_whole(self, found: Any, older: Any, newer: Any) -> bool:
        """Whether a result after a kill is one of those of before and of afterwards."""
        return found in (older, newer)


class Fit(Work):
    """A fit with checkpoints, of which each run resumes the last; there is no older model."""

    def run(self) -> int | None:
        return command(*FIT, "--out", "model", "--checkpoints", "c", "--checkpoint-every", "0.01s")()

    def result(self, folder: Path) -> Any:
        return scores(folder / "model") if (folder / "model").exists() else None


class FitAgain(Fit):
    """The same over an older model."""

    def prepare(self, folder: Path) -> None:
        super().prepare(folder)
        shutil.copytree(self.place / "older", folder / "model")


class Save(Work):
    """A model saved over an older one."""

    def __init__(self, place: Path):
        super().__init__(place)
        self.detector = ama.load(place / "newer", "cpu")

    def prepare(self, folder: Path) -> None:
        shutil.copytree(self.place / "older", folder / "model")

    def run(self) -> None:
        self.detector.save("model")

    def result(self, folder: Path) -> Any:
        return scores(folder / "model")


class Calibrate(Save):
    """An older model, calibrated in its place."""

    def prepare(self, folder: Path) -> None:
        super().prepare(folder)
        (folder / "rows.npy").symlink_to(self.place / "rows.npy")

    def run(self) -> int | None:
        return command("calibrate", "model", "rows.npy")()

    def result(self, folder: Path) -> Any:
        return scores(folder / "model"), ama.load(folder / "model", "cpu").offset_


class Score(Work):
    """A table of scores over an older file."""

    file = "scores.csv"
    words = ("score", "older", "rows.npy")

    def prepare(self, folder: Path) -> None:
        super().prepare(folder)
        (folder / self.file).write_bytes(b"older")

    def run(self) -> int | None:
        return command(*self.words, "--out", self.file)()

    def result(self, folder: Path) -> Any:
        return (folder / self.file).read_bytes()


class ScoreParquet(Score):
    """The same in Parquet."""

    file = "scores.parquet"


class Report(Score):
    """A report over an older file."""

    file = "report.html"
    words = ("report", "older", "rows.npy")

    def result(self, folder: Path) -> Any:
        found = super().result(folder)
        return "whole" if found.startswith(b"<!") and found.rstrip().endswith(b"</html>") else found


class Benchmark(Work):
    """A grid of measurements, which another run completes."""

    def __init__(self, place: Path):
        super().__init__(place)
        GRIDS["killed"] = [
            Cell("digits", f"all but {digit}", None, method, max_steps=steps, judged=50, strict_only=True)
            for digit in (3, 8)
            for method, steps in (("Deep SVDD", 5), ("pca", None))
        ]

    def run(self) -> None:
        run_grid("killed", None, "results.jsonl", jobs=1, only=[])

    def result(self, folder: Path) -> Any:
        records = read_results(folder / "results.jsonl")
        return sorted(str({k: v for k, v in record.items() if k not in TIMES}) for record in records)

    def is_whole(self, found: Any, older: Any, newer: Any) -> bool:
        return set(found) <= set(newer) and len(set(found)) == len(found)


WORKS = (Fit, FitAgain, Save, Calibrate, Score, ScoreParquet, Report, Benchmark)


def scores(model: Path) -> list[float]:
    """Some scores of a model folder, which must load."""
    return ama.load(model, "cpu").score_samples(np.linspace(-2, 2, 30).reshape(10, 3)).tolist()
