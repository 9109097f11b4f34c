"""A cell of a grid: one training and its test."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

from ama.benchmark.tables.compared_methods import BASELINES, KNOWN

SEEDS = (0, 1, 2)  # of cells that are run more than once
ALL_BUT = "all but "  # prefix of a class: every other class is normal


@dataclass(frozen=True)
class Cell:
    """One training and its test.

    Parameters
    ----------
    data
        Name of the data set to train on.
    normal
        The normal class, all others being anomalous; "all but X" for the reverse. None: the whole data set is normal
        and the anomalies come from ``against``, or the data set says which of its rows are anomalies.
    against
        Name of the data set of anomalies, if it is another one.
    method
        A name from :mod:`ama.benchmark.tables.compared_methods`.
    seed
        Seed of the split, the training and the random draws.
    jpeg
        Whether both data sets are first encoded as JPEG.
    max_steps
        Training steps, in place of the method's own number.
    strict_only
        Whether to use the strict protocol alone. The paper's protocol also selects weights, which takes much longer.
    judged
        Number of test samples to draw and score, instead of all, for methods that are slow at test time.
    contamination
        Share of anomalies among the rows to learn from; None for the protocol without any.
    """

    data: str
    normal: str | None
    against: str | None
    method: str
    seed: int = 0
    jpeg: bool = False
    max_steps: int | None = None
    strict_only: bool = False
    judged: int | None = None
    contamination: float | None = None

    @property
    def name(self) -> str:
        """A readable name, unique within a grid."""
        parts = [self.data, *self._normal_or_against(), self.method, f"seed {self.seed}"]
        parts += ["jpeg"] if self.jpeg else []
        parts += [f"{self.max_steps} steps"] if self.max_steps is not None else []
        parts += ["strict"] if self.strict_only else []
        parts += [f"{self.judged} judged"] if self.judged is not None else []
        parts += [f"{self.contamination:.0%} anomalies"] if self.contamination is not None else []
        return ", ".join(parts)

    @property
    def experiment(self) -> str:
        """What is normal and what is anomalous: the cell's row or column in a table."""
        if self.against is None:
            return ", ".join([self.data, *self._normal_or_against()])
        return f"{self.data} against {self.against}" + (", both through JPEG" if self.jpeg else "")

    @property
    def labelled(self) -> bool:
        """Whether the data set itself says which of its samples are anomalies."""
        return self.normal is None and self.against is None

    def _normal_or_against(self) -> list[str]:
        if self.labelled:
            return []
        return [self.normal or f"against {self.against}"]

    def as_dict(self) -> dict[str, Any]:
        """The fields, for a results file."""
        return asdict(self)


def group_by_training(cells: Iterable[Cell]) -> list[list[Cell]]:
    """Group the cells that can share one training, in order of each group's first cell.

    A detector that sees no anomaly before the test is trained once per data set, whatever the anomalies. AMA does see
    some where the paper's protocol selects its weights, and where it is trained with known anomalies.
    """
    groups: dict[Cell, list[Cell]] = {}
    for cell in cells:
        unseen = cell.method in BASELINES or (cell.strict_only and cell.method not in KNOWN)
        key = replace(cell, against=None, judged=None) if unseen else cell
        groups.setdefault(key, []).append(cell)
    return list(groups.values())
