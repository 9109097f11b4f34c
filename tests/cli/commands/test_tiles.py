"""Photographs in tiles: ``ama fit --tile-size``, and the commands that use such a model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import ama
from image_files import save
from places import SMALL, read, refused

pytestmark = pytest.mark.filterwarnings("always:each image of|.* are resized to")  # notes, not errors
OPTIONS = [*SMALL, "--false-alarm-rate", "0.2"]
SEEN = "each image of 60 x 300 pixels is seen in 22 overlapping tiles of 32 x 32 pixels"


def part(n: int, seed: int = 0) -> np.ndarray:
    """Long dark parts in grey, brighter at one end."""
    random = np.random.default_rng(seed)
    return (np.linspace(30, 120, 300) + random.integers(0, 20, (n, 60, 300))).astype(np.uint8)


@pytest.fixture(scope="module")
def parts(tmp_path_factory) -> Path:
    """Normal parts, and new ones of which the last has a bright spot."""
    folder = tmp_path_factory.mktemp("parts")
    for i, image in enumerate(part(24)):
        save(folder / "normal" / f"{i:02}.png", image)
    new = part(4, seed=1)
    new[3, 40:50, 20:32] = 255
    for i, image in enumerate(new):
        save(folder / "new" / f"{i}.png", image)
    return folder


@pytest.fixture(scope="module")
def model(parts, place) -> Path:
    """Of the normal ones."""
    from ama.cli.main import main

    words = ["fit", parts / "normal", "--tile-size", 32, *OPTIONS, "--out", parts / "model"]
    assert main([str(word) for word in words]) == 0
    return parts / "model"


def test_a_fit_says_how_images_are_cut_and_keeps_their_size(call, parts, tmp_path):
    words = ["fit", parts / "normal", "--scoring", "a_score", *OPTIONS, "--out", tmp_path / "model"]
    status, output, errors = call(*words, "--tile-size", 32)
    assert (status, output) == (0, "")
    assert "24 images of 60 x 300 pixels, 1 channel" in errors
    assert f"ama: note: {SEEN}\n" in errors
    assert "are resized" not in errors
    detector = ama.load(tmp_path / "model")
    assert (detector.shape_, detector.get_params()["tile_size"]) == ((1, 60, 300), 32)
    _, _, errors = call(*words)
    hint = "AMADetector keeps up to 512 pixels with features (--features lite0), up to 4,096 with tiles (--tile-size)"
    assert f"are resized to 64 x 64; their aspect ratio is not kept; {hint}" in errors
    assert "overlapping tiles" not in errors


def test_the_part_with_a_spot_scores_worst(call, model, parts, tmp_path):
    words = ["score", model, parts / "new", "--maps", tmp_path / "maps", "--out", tmp_path / "scores.parquet"]
    assert call(*words)[0] == 0
    scores = read(tmp_path / "scores.parquet").to_pandas()
    assert scores["score"].argmin() == 3
    expected = ama.load(model).score_samples(parts / "new")
    np.testing.assert_allclose(scores["score"], expected, rtol=1e-4, atol=1e-4)
    with Image.open(next((tmp_path / "maps").rglob("3*.png"))) as image:
        assert image.size == (300, 60)


def test_images_of_another_size_are_read_as_the_model_learned_with_a_word(call, model, tmp_path):
    save(tmp_path / "new" / "a.png", part(1)[0, :, :150])
    status, _, errors = call("score", model, tmp_path / "new", "--out", tmp_path / "scores.csv")
    assert status == 0
    assert "images of 60 x 150 pixels are resized to 60 x 300, as the model learned" in errors
    assert len(read(tmp_path / "scores.csv")) == 1


def test_a_report_of_tiles_says_so(call, model, parts, tmp_path):
    assert call("report", model, parts / "new", "--out", tmp_path / "page.html")[0] == 0
    assert "22 overlapping tiles of 32 x 32 pixels" in (tmp_path / "page.html").read_text()


def test_what_tiles_cannot_do_is_refused(call, parts, tmp_path):
    words = ["fit", parts / "normal", *SMALL, "--out", tmp_path / "model", "--tile-size"]
    known = ("--anomalies", parts / "new")
    assert refused(
        call(*words, 32, *known), "most tiles of a known anomaly are normal, so .* choose features"
    )
    assert refused(call(*words, 300), "tile_size must be at most 256 pixels without features, found 300")
    assert refused(call(*words, 5), "tile_size must be 0 or at least 8 pixels, found 5")
    assert refused(call(*words, -1), "--tile-size must be .*, found -1|.*tile_size must be .* found -1")
    words[1:2] = ["table.csv", "--label-column", "kind"]
    assert refused(call(*words, 32), "tile_size=32 cuts tiles of images, found rows of 3 columns")
    assert not (tmp_path / "model").exists()


def test_the_help_names_tile_size_with_its_limits(call):
    status, output, _ = call("fit", "--help")
    assert status == 0
    said = " ".join(output.split())
    assert (
        "--tile-size INT Longest side of overlapping tiles, in pixels, at least 8, and at most 256 witho"
        in said
    )
