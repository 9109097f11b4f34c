"""Small models, what they score, and a server of each."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from PIL import Image

import ama
from ama.cli.main import main
from places import payments
from served import Served

QUICK = {"max_steps": 20, "random_state": 0, "progress": False, "device": "cpu"}


@pytest.fixture(scope="session")
def models(tmp_path_factory, digits) -> Path:
    """``digits`` and ``table``, models; ``images`` and ``payments.csv``, to be scored."""
    place, (images, labels) = tmp_path_factory.mktemp("served"), digits
    (place / "images").mkdir()
    for i, image in enumerate(images[:12]):
        Image.fromarray(image[0]).save(place / "images" / f"{i:02}.png")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of few held-out samples, and of what the table lacks
        ama.AMADetector(**QUICK).fit(images[labels == 0]).save(place / "digits")
        ama.AMADetector(**QUICK).fit(payments(300)).save(place / "table")
    payments(8, seed=1).to_csv(place / "payments.csv", index=False)
    return place


@pytest.fixture(scope="session")
def server(models) -> Iterator[Served]:
    with Served(models / "digits", models / "digits.log") as served:
        yield served


@pytest.fixture(scope="session")
def table_server(models) -> Iterator[Served]:
    with Served(models / "table", models / "table.log") as served:
        yield served


@pytest.fixture
def pictures(models) -> dict[str, bytes]:
    """The images as files."""
    return {path.name: path.read_bytes() for path in sorted((models / "images").iterdir())}


@pytest.fixture
def scored(tmp_path, capfd):
    """What ``ama score`` says of a source: a dictionary a sample."""

    def score(model: Path, source: Path, *options: str) -> list[dict]:
        out = tmp_path / "scores.parquet"
        words = ["score", str(model), str(source), "--device", "cpu", "--out", str(out), *options]
        assert main(words) == 0, capfd.readouterr().err
        return pq.read_table(out).to_pylist()

    return score


@pytest.fixture
def refusal(capfd):
    """The sentence with which ``ama score`` refuses a source, about "the request"."""

    def refuse(model: Path, source: Path) -> str:
        capfd.readouterr()
        assert main(["score", str(model), str(source), "--device", "cpu"]) == 2
        last = capfd.readouterr().err.splitlines()[-1].removeprefix("ama: ")
        return last.replace(str(source), "the request")

    return refuse
