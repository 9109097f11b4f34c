"""What commands show while they read and score: in a terminal a bar that moves image by image, in a pipe nothing."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ama.cli.main import main
from ama.utils import progress
from lite0_package import needs_lite0
from seen_images import seen_images

pytestmark = [needs_lite0, pytest.mark.skipif(os.name != "posix", reason="there are no pseudo terminals")]


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """Photographs with and without defects, their masks, and a model."""
    place, random = tmp_path_factory.mktemp("photographs"), np.random.default_rng(0)
    for part, n in (("normal", 24), ("test/good", 4), ("test/spot", 4)):
        (place / part).mkdir(parents=True)
        for i in range(n):
            pixels = random.integers(0, 256, (40, 300, 3)).astype(np.uint8)
            Image.fromarray(pixels).save(place / part / f"{i}.png")
    (place / "masks" / "spot").mkdir(parents=True)
    for i in range(4):
        mask = np.zeros((40, 300), np.uint8)
        mask[10:20, 50:80] = 255
        Image.fromarray(mask).save(place / "masks" / "spot" / f"{i}.png")
    options = ["--features", "lite0", "--max-steps", "2", "--held-out", "0.4", "--false-alarm-rate", "0.2"]
    assert main(["fit", str(place / "normal"), "--out", str(place / "model"), *options]) == 0
    return place


@contextmanager
def terminal(patch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """A pseudo terminal as standard error; what it was sent is there at the end."""
    ours, theirs = os.openpty()
    shown = list[str]()

    def read() -> bytes:
        parts = []
        while part := os.read(ours, 4096):
            parts.append(part)
            if part.endswith(b"\x04"):
                break
        return b"".join(parts)

    with ThreadPoolExecutor() as pool, patch.context() as inside, os.fdopen(theirs, "w") as stream:
        sent = pool.submit(read)
        inside.setattr(sys, "stderr", stream)
        inside.setattr(progress, "tqdm", partial(progress.tqdm, mininterval=0, miniters=1))
        yield shown
        stream.write("\x04")
        stream.flush()
        shown.append(sent.result().decode())
    os.close(ours)


COMMANDS = {
    "score": ["score", "model", "test", "--boxes", "--maps", "maps", "--out", "scores.csv"],
    "evaluate": ["evaluate", "model", "test", "--normal-label", "good", "--masks", "masks"],
    "report": ["report", "model", "test", "--out", "report.html"],
}


@pytest.mark.parametrize("name", COMMANDS)
def test_each_photograph_is_seen_once_under_a_bar_that_moves_with_it(place, monkeypatch, name):
    monkeypatch.chdir(place)
    with terminal(monkeypatch) as shown, seen_images() as sides:
        assert main(COMMANDS[name]) == 0
    n = 16 if name == "report" else 8  # all are among the examples, which are explained later
    assert (sides.count(256), sides.count(300)) == (n + 1, n + 2)  # a model is tried when it is loaded
    counts = [int(count) for count in re.findall(r"scoring: +\d+%\|.*?\| (\d+)/8 \[", shown[0])]
    assert counts == sorted(counts)
    assert set(counts) == set(range(9))


def test_a_calibration_reads_and_scores_under_bars(place, monkeypatch):
    monkeypatch.setattr("ama.utils.progress.DELAY", 0.0)
    monkeypatch.chdir(place)
    with terminal(monkeypatch) as shown:
        assert main(["calibrate", "model", "test/good", "--out", "other"]) == 0
    for phase in ("reading", "calibration"):
        counts = re.findall(rf"{phase}: +\d+%\|.*?\| (\d)/4 \[", shown[0])
        assert set(map(int, counts)) == set(range(5))


def test_a_pipe_gets_notes_alone(place, monkeypatch, capsys):
    monkeypatch.chdir(place)
    assert main(["calibrate", "model", "test/good", "--out", "another"]) == 0
    assert main(["score", "model", "test", "--boxes", "--out", "scores.csv"]) == 0
    assert all(line.startswith("ama: ") for line in capsys.readouterr().err.splitlines())
