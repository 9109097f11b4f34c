"""Images that users pass to a detector: no result is ever missing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import ama
from ama.errors import InputError
from image_files import noise, save


@pytest.fixture(scope="module")
def detector():
    return ama.AMADetector(max_steps=2, held_out=0.5, random_state=0, progress=False).fit(noise(60, 8, 8))


def test_an_unreadable_image_is_refused_by_name_where_a_result_would_be_missing(tmp_path, detector):
    for i in range(6):
        save(tmp_path / f"{i}.png", noise(8, 8, seed=i))
    assert len(detector.predict(tmp_path)) == 6
    (tmp_path / "2.png").write_bytes((tmp_path / "2.png").read_bytes()[:60])
    for method in (detector.predict, detector.score_samples, detector.p_value, detector.decision_function):
        with pytest.raises(InputError) as error:
            method(tmp_path)
        assert str(error.value) == (
            f"in {tmp_path}, 2.png cannot be read: image file is truncated; detector.open(source).read() skips such "
            "images and names them"
        )
    samples = detector.open(tmp_path).read()
    assert len(detector.predict(samples)) == len(samples) == 5
    with pytest.warns(UserWarning, match=r"skipped: 2.png cannot be read|skipped 1 unreadable|false-alarm"):
        fitted = ama.AMADetector(max_steps=1, progress=False).fit(tmp_path)
    assert fitted.learned_from_ == f"{tmp_path}: 5 images of 8 x 8 pixels, 1 channel"


def test_lists_of_images_are_scored_like_their_array(tmp_path, detector):
    images = noise(5, 8, 8, seed=1)
    expected = detector.score_samples(images)
    assert np.array_equal(detector.score_samples([Image.fromarray(image) for image in images]), expected)
    paths = [save(tmp_path / f"{i}.png", image) for i, image in enumerate(images)]
    assert np.array_equal(detector.score_samples(paths), expected)


def test_one_image_is_no_batch(detector):
    for image in (noise(8, 8), noise(8, 8, 1), torch.from_numpy(noise(8, 8))):
        with pytest.raises(InputError, match=r"of one image: pass x\[None\]"):
            detector.predict(image)


def test_no_samples_are_refused_as_such(detector):
    for nothing, shape in (([], r"\(0,\)"), (np.zeros((0, 8, 8), np.uint8), r"\(0, 8, 8\)")):
        with pytest.raises(InputError, match=rf"^X has no samples \(shape {shape}\), expected images"):
            detector.predict(nothing)


COMMANDS = """
import sys
from ama.cli.main import main

for words in sys.argv[1].split("\\n"):
    if main(words.split("\\t")):
        sys.exit(1)
"""


def test_names_of_any_bytes_go_from_fit_to_scores_and_report_in_any_locale(tmp_path):
    root = os.fsencode(tmp_path) + b"/s\xe9t"
    for label in (b"caf\xe8", b"caf\xe9"):
        os.makedirs(root + b"/" + label)
        for i in range(10):
            image = save(tmp_path / "a.png", noise(8, 8, seed=i))
            os.rename(image, root + b"/" + label + b"/%d\xff.png" % i)
    variables = os.environ | {
        "LC_ALL": "C",
        "PYTHONUTF8": "0",
        "PYTHONCOERCECLOCALE": "0",
        "PYTHONPATH": str(Path(ama.__file__).parents[1]),
    }
    commands = (
        (b"fit", root, b"--out", b"model", b"--method", b"NearestNeighbours", b"--normal-label", b"caf\xe9"),
        (b"score", b"model", root, b"--out", b"scores.csv"),
        (b"report", b"model", root, b"--anomalies", root + b"/caf\xe9", b"--out", b"report.html"),
    )
    done = subprocess.run(
        [sys.executable, "-c", COMMANDS, b"\n".join(map(b"\t".join, commands))],
        cwd=tmp_path,
        env=variables,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert len((tmp_path / "scores.csv").read_text(encoding="utf-8").splitlines()) == 21
