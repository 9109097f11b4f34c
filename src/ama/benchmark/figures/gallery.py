"""``ama benchmark gallery``: a page of pictures from real trainings, one section for each data set."""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.datasets import load_breast_cancer

from ama.benchmark.selected_names import selected
from ama.benchmark.tables.datasets import available, check_folder, images
from ama.decision.metrics import evaluate
from ama.detectors.ama import AMADetector
from ama.errors import InputError
from ama.io.whole_files import write_text
from ama.report.displays import MapDisplay, ScoresDisplay, grouped
from ama.utils.progress import progress_bar

SHOWN = 10
# Name of a data set of images, the class that is learned, and the title of its section.
CLASSES = (
    ("mnist", "3", "MNIST, learned from threes"),
    ("fashion_mnist", "sandal", "Fashion-MNIST, learned from sandals"),
    ("cifar10", "automobile", "CIFAR-10, learned from automobiles"),
)
EXHIBITS = ("digits", *(data for data, _, _ in CLASSES), "tumours")
TITLE = """# Gallery

`make docs DATA=FOLDER` makes this page and its pictures. For each data set a detector with default parameters and
`random_state=0` is trained on normal samples alone and scores unseen test samples. FOLDER holds `mnist/train` and so
on, as on the hub. The maps show where the critic finds a sample to differ from its reconstruction, all on one scale.
"""


@dataclass(frozen=True, eq=False)
class Exhibit:
    """A section of the page: normal training samples, and test samples of which some are anomalous."""

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
        Folder of the data sets, or None for the hub.
    out
        Folder for ``gallery.md`` and ``images/gallery-NAME-*.png``.
    max_steps
        Training steps, or None for the preset's number.
    only
        Make only the sections whose name contains this text.

    Returns
    -------
    list of Path
        The page and the pictures.

    Raises
    ------
    InputError
        If no name contains ``only``, or ``folder`` does not exist or holds none of the data.
    """
    names = selected(EXHIBITS, only)
    check_folder(folder)
    chosen = list(exhibits(folder, names))
    if not chosen:
        raise InputError(
            f"the data of {', '.join(names)} are not in {folder}, expected NAME/train and NAME/test"
        )
    pictures = Path(out) / "images"
    pictures.mkdir(parents=True, exist_ok=True)
    sections, paths = [TITLE], []
    for exhibit in progress_bar(iterable=chosen, desc="gallery", unit="training"):
        detector = AMADetector(max_steps=max_steps, random_state=0).fit(exhibit.train)
        scores = detector.score_samples(exhibit.test)
        groups = grouped(scores, 1 - 2 * exhibit.anomalous)
        figures = {"scores": ScoresDisplay(groups, detector.offset_).plot().figure_}
        most = np.argsort(scores)[:SHOWN]
        if detector.kind_.pictured:
            figures["maps"] = MapDisplay.from_estimator(detector, exhibit.test[most]).figure_
        for kind, figure in figures.items():
            paths.append(pictures / f"gallery-{exhibit.name}-{kind}.png")
            figure.savefig(paths[-1], dpi=100)
        sections.append(_section(exhibit, detector, scores, list(figures)))
    page = Path(out) / "gallery.md"
    write_text(page, "\n".join(sections))
    return [page, *paths]


def exhibits(folder: str | None, names: Container[str] = EXHIBITS) -> Iterator[Exhibit]:
    """The sections of these names whose data are available."""
    if "digits" in names:
        yield _class(
            "digits", "8", "Scanned digits of scikit-learn, learned without the 8", None, left_out=True
        )
    for data, label, title in CLASSES:
        if data in names and all(available(data, split, folder) for split in ("train", "test")):
            yield _class(data, label, title, folder)
    if "tumours" in names:
        yield _tumours()


def _tumours() -> Exhibit:
    rows, benign = load_breast_cancer(return_X_y=True)
    normal = rows[benign == 1]
    return Exhibit(
        "tumours",
        "A table: measurements of tumours, learned from benign ones",
        normal[: len(normal) // 2],
        np.concatenate([normal[len(normal) // 2 :], rows[benign == 0]]),
        np.repeat([False, True], [len(normal) - len(normal) // 2, int((benign == 0).sum())]),
    )


def _class(data: str, label: str, title: str, folder: str | None, left_out: bool = False) -> Exhibit:
    """One class is normal or, with ``left_out``, all others are."""
    train, test = (images(data, split, folder) for split in ("train", "test"))
    train_normal, test_normal = ((part.labels == label) != left_out for part in (train, test))
    return Exhibit(data, title, train.of(train_normal).numpy(), test.x.numpy(), ~test_normal)


def _section(exhibit: Exhibit, detector: AMADetector, scores: np.ndarray, kinds: list[str]) -> str:
    found = evaluate(scores, exhibit.anomalous)
    flagged = scores < detector.offset_
    lines = [
        f"## {exhibit.title}",
        "",
        f"{len(exhibit.train):,} normal samples, {detector.n_steps_:,} steps. AUROC {found.auroc}. At the threshold "
        f"{flagged[exhibit.anomalous].mean():.1%} of the anomalies and {flagged[~exhibit.anomalous].mean():.1%} of the "
        f"normal test samples are flagged; at most {detector.guaranteed_rate:.0%} is guaranteed on average.",
    ]
    captions = {"scores": "Histogram of the scores", "maps": "The most anomalous test samples"}
    for kind in kinds:
        lines += ["", f"![{captions[kind]}](images/gallery-{exhibit.name}-{kind}.png)"]
    if not detector.kind_.pictured:
        lines += ["", *_rows(exhibit, detector, scores)]
    return "\n".join([*lines, ""])


def _rows(exhibit: Exhibit, detector: AMADetector, scores: np.ndarray) -> list[str]:
    """A table of the most anomalous rows, each with the three columns of highest anomaly-map values."""
    names = list(load_breast_cancer().feature_names)
    most = exhibit.test[np.argsort(scores)[:SHOWN]]
    rises = detector.anomaly_map(most)
    lines = [
        "| row | most anomalous columns: value (in standard deviations of normal rows) |",
        "| --- | --- |",
    ]
    mean, spread = exhibit.train.mean(0), exhibit.train.std(0)
    for number, (row, rise) in enumerate(zip(most, rises, strict=True), 1):
        parts = [
            f"{names[j]} {row[j]:.4g} ({(row[j] - mean[j]) / spread[j]:+.1f})" for j in np.argsort(-rise)[:3]
        ]
        lines.append(f"| {number} | {', '.join(parts)} |")
    return lines
