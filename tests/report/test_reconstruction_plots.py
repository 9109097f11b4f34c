"""Pictures: what is drawn is what was given."""

from __future__ import annotations

import importlib
import os
import sys
from io import BytesIO

import matplotlib
import numpy as np
import pytest
from matplotlib.colors import Normalize
from PIL import Image

from ama.report.reconstruction_plots import plot_reconstructions
from children import end, start


def render(figure) -> np.ndarray:
    """The figure as pixels, through a PNG."""
    file = BytesIO()
    figure.savefig(file, format="png", dpi=60)
    return np.asarray(Image.open(file).convert("RGB"))


def group(n: int, channels: int = 1, seed: int = 0):
    random = np.random.default_rng(seed)
    images = random.integers(0, 256, (n, channels, 8, 9), dtype=np.uint8)
    return images, random.uniform(0, 255, images.shape).astype(np.float32), random.normal(size=n)


def shown(axis) -> np.ndarray:
    [picture] = axis.get_images()
    assert (picture.norm.vmin, picture.norm.vmax) == (0, 1)
    return np.asarray(picture.get_array())


@pytest.mark.parametrize("channels", [1, 3])
def test_originals_stand_above_their_reconstructions_and_scores(channels):
    groups = {"normal": group(4, channels), "anomalies": group(3, channels, seed=1)}
    figure = plot_reconstructions(groups)
    axes = np.array(figure.axes).reshape(4, 4)
    for row, (images, reconstructions, scores) in enumerate(groups.values()):
        for column in range(len(images)):
            for axis, image in (
                (axes[2 * row, column], images[column]),
                (axes[2 * row + 1, column], reconstructions[column]),
            ):
                expected = image.transpose(1, 2, 0) / 255 if channels == 3 else image[0] / 255
                assert np.allclose(shown(axis), expected)
            assert axes[2 * row + 1, column].get_xlabel() == f"{scores[column]:.1f}"
    assert not axes[2, 3].get_images()
    assert not axes[3, 3].get_images()
    assert axes[0, 0].get_ylabel() == "normal\nx"
    assert axes[2, 0].get_ylabel() == "anomalies\nx"
    assert render(figure).std() > 5


def test_at_most_n_pairs_of_a_group_are_shown():
    figure = plot_reconstructions({"normal": group(30)}, n=7)
    assert len(figure.axes) == 2 * 7
    assert all(axis.get_images() for axis in figure.axes)


def test_values_outside_the_range_are_black_and_white():
    images = np.linspace(-1, 2, 64).reshape(1, 1, 8, 8)
    figure = plot_reconstructions({"normal": (images, images, np.zeros(1))}, value_range=(0.0, 1.0))
    assert np.array_equal(shown(figure.axes[0]), np.clip(images[0, 0], 0, 1))
    assert Normalize(0, 1)(shown(figure.axes[0])).max() == 1


def test_other_numbers_of_channels_are_shown_by_their_mean():
    images, reconstructions, scores = group(1, channels=5)
    figure = plot_reconstructions({"normal": (images, reconstructions, scores)})
    assert np.allclose(shown(figure.axes[0]), images[0].mean(0) / 255)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_drawing_leaves_the_users_choice_of_backend_alone(tmp_path):
    def work() -> None:
        for name in [name for name in sys.modules if name.split(".")[0] == "ama"]:
            del sys.modules[name]  # so that it is imported anew, without the seconds of what it imports
        matplotlib.use("svg")
        for name in ("ama.report.reconstruction_plots", "ama.report.charts"):
            importlib.import_module(name)
        print(matplotlib.get_backend().lower())

    assert end(start(work, tmp_path, tmp_path), tmp_path) == (0, "svg\n", "")
