"""``ama benchmark gallery``: a page of pictures from real runs, one for each kind of data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.datasets import load_breast_cancer
from tqdm.auto import tqdm

from ama.benchmark.tables.datasets import available, images
from ama.decision.metrics import evaluate
from ama.detectors.ama import AMADetector
from ama.io.whole_files import write_text
from ama.report.displays import MapDisplay, ScoresDisplay, grouped

SHOWN = 10
TITLE = """# Gallery

`make docs DATA=FOLDER` makes this page and its pictures: for each kind of data a detector learns from normal samples
alone, with its defaults and `random_state=0`, and judges test samples that it has not seen. FOLDER holds `mnist/train`
and so on, as the hub has them. A map shows where the critic finds a sample unlike its reconstruction, all on one scale.
"""


@dataclass(frozen=True, eq=False)
class Exhibit:
    """Samples to learn from, and samples to judge."""

    name: str
    title: str
    train: np.ndarray
    test: np.ndarray
    anomalous: np.ndarray


def gallery(folder: str | None, out: str, max_steps: int | None, only: str | None) -> list[Path]:
    """Train on each exhibit and write the page.

    Parameters
    ----------
    folder
        Of the data sets; None: the hub.
    out
        Folder for ``gallery.md`` and ``images/gallery-NAME-*.png``.
    max_steps
        Length of the trainings, or None for the preset's.
    only
        Only the exhibits whose name holds this text.

    Returns
    -------
    list of Path
        The page and the pictures.
    """
    pictures = Path(out) / "images"
    pictures.mkdir(parents=True, exist_ok=True)
    sections, paths = [TITLE], []
    chosen = [e for e in exhibits(folder) if only is None or only in e.name]
    for exhibit in tqdm(chosen, desc="gallery", unit="training", disable=None):
        detector = AMADetector(max_steps=max_steps, random_state=0).fit(exhibit.train)
        scores = detector.score_samples(exhibit.test)
        groups = grouped(scores, 1 - 2 * exhibit.anomalous)
        figures = {"scores": ScoresDisplay(groups, detector.offset_).plot().figure_}
        most = np.argsort(scores)[:SHOWN]
        if len(detector.shape_) == 3:
            figures["maps"] = MapDisplay.from_estimator(detector, exhibit.test[most]).figure_
        for kind, figure in figures.items():
            paths.append(pictures / f"gallery-{exhibit.name}-{kind}.png")
            figure.savefig(paths[-1], dpi=100)
        sections.append(_section(exhibit, detector, scores, list(figures)))
    page = Path(out) / "gallery.md"
    write_text(page, "\n".join(sections))
    return [page, *paths]


def exhibits(folder: str | None) -> Iterator[Exhibit]:
    """Those whose data can be had."""
    yield _class("digits", "8", "Scanned digits of scikit-learn, learned without the 8", None, left_out=True)
    for data, label, title in (
        ("mnist", "3", "MNIST, learned from threes"),
        ("fashion_mnist", "sandal", "Fashion-MNIST, learned from sandals"),
        ("cifar10", "automobile", "CIFAR-10, learned from automobiles"),
    ):
        if all(available(data, split, folder) for split in ("train", "test")):
            yield _class(data, label, title, folder)
    rows, benign = load_breast_cancer(return_X_y=True)
    normal = rows[benign == 1]
    yield Exhibit(
        "tumours",
        "A table: measurements of tumours, learned from benign ones",
        normal[: len(normal) // 2],
        np.concatenate([normal[len(normal) // 2 :], rows[benign == 0]]),
        np.repeat([False, True], [len(normal) - len(normal) // 2, int((benign == 0).sum())]),
    )


def _class(data: str, label: str, title: str, folder: str | None, left_out: bool = False) -> Exhibit:
    """One class is normal or, where it is left out, all but one."""
    train, test = (images(data, split, folder) for split in ("train", "test"))
    normal, usual = ((part.labels == label) != left_out for part in (train, test))
    return Exhibit(data, title, train.of(normal).numpy(), test.x.numpy(), ~usual)


def _section(exhibit: Exhibit, detector: AMADetector, scores: np.ndarray, kinds: list[str]) -> str:
    found = evaluate(scores, exhibit.anomalous)
    flagged = scores < detector.offset_
    lines = [
        f"## {exhibit.title}",
        "",
        f"{len(exhibit.train):,} normal samples, {detector.n_steps_:,} steps. AUROC {found.auroc}. At the threshold "
        f"{flagged[exhibit.anomalous].mean():.1%} of the anomalies and {flagged[~exhibit.anomalous].mean():.1%} of the "
        f"normal test samples are flagged; at most {detector.promised_rate:.0%} was promised.",
    ]
    captions = {"scores": "Histogram of the scores", "maps": "The most anomalous test samples"}
    for kind in kinds:
        lines += ["", f"![{captions[kind]}](images/gallery-{exhibit.name}-{kind}.png)"]
    if len(detector.shape_) == 1:
        lines += ["", *_rows(exhibit, detector, scores)]
    return "\n".join([*lines, ""])


def _rows(exhibit: Exhibit, detector: AMADetector, scores: np.ndarray) -> list[str]:
    """The most anomalous rows, each with the columns that say most."""
    names = list(load_breast_cancer().feature_names)
    most = exhibit.test[np.argsort(scores)[:SHOWN]]
    rises = detector.anomaly_map(most)
    lines = [
        "| row | columns that say most: value (in standard deviations of normal rows) |",
        "| --- | --- |",
    ]
    mean, spread = exhibit.train.mean(0), exhibit.train.std(0)
    for number, (row, rise) in enumerate(zip(most, rises, strict=True), 1):
        parts = [
            f"{names[j]} {row[j]:.4g} ({(row[j] - mean[j]) / spread[j]:+.1f})" for j in np.argsort(-rise)[:3]
        ]
        lines.append(f"| {number} | {', '.join(parts)} |")
    return lines
