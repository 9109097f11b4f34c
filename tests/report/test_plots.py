"""Pictures: what is drawn is what was given."""

from __future__ import annotations

import subprocess
import sys
from io import BytesIO

import numpy as np
import pytest
from matplotlib.colors import Normalize
from PIL import Image

from ama.report.plots import plot_curves, plot_densities, plot_reconstructions


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


def test_densities_of_every_group_share_their_bins_and_integrate_to_one():
    random = np.random.default_rng(0)
    groups = {"normal": random.normal(1000, 1, 500), "anomalies": random.normal(990, 3, 100)}
    figure = plot_densities(groups, "score", threshold=997.0)
    [axis] = figure.axes
    containers = axis.containers
    assert len(containers) == 2
    edges = [[bar.get_x() for bar in bars] for bars in containers]
    assert edges[0] == edges[1]
    for bars in containers:
        assert sum(bar.get_height() * bar.get_width() for bar in bars) == pytest.approx(1)
    legend = [text.get_text() for text in axis.get_legend().get_texts()]
    assert sorted(legend) == ["anomalies (100)", "normal (500)", "threshold 997"]
    assert axis.get_xlabel() == "score"
    [line] = axis.get_lines()
    assert list(line.get_xdata()) == [997.0, 997.0]
    assert render(figure).std() > 5


def test_a_few_far_scores_do_not_squeeze_the_others_into_one_bar():
    scores = np.concatenate([np.random.default_rng(0).normal(size=1000), [-1e9, 1e9]])
    [axis] = plot_densities({"normal": scores}, "score").axes
    heights = [bar.get_height() for bar in axis.containers[0]]
    assert sum(height > 0 for height in heights) > 30
    assert axis.get_xlim()[1] < 10


def test_scores_that_are_all_the_same_are_drawn():
    figure = plot_densities({"normal": np.full(20, 3.0)}, "score")
    assert render(figure).std() > 5
    assert not figure.axes[0].get_lines()


def test_a_curve_of_one_point_goes_on_and_others_join_their_points_in_order():
    panels = {
        "easy": {"neighbours": [(2.0, 0.8)], "ours": [(100.0, 0.95), (10.0, 0.9)]},
        "hard": {"ours": [(10.0, 0.6)]},
    }
    figure = plot_curves(panels, "seconds", "AUROC")
    easy, hard = figure.axes
    point, level, curve = easy.get_lines()
    assert list(point.get_xdata()) == [2.0]
    assert list(level.get_xdata()) == [2.0, 100.0]
    assert list(level.get_ydata()) == [0.8, 0.8]
    assert (list(curve.get_xdata()), list(curve.get_ydata())) == ([10.0, 100.0], [0.9, 0.95])
    assert (easy.get_title(), hard.get_title()) == ("easy", "hard")
    assert [text.get_text() for text in easy.get_legend().get_texts()] == ["neighbours", "ours"]
    assert easy.get_xscale() == "log"
    assert render(figure).std() > 5


def test_drawing_leaves_the_users_choice_of_backend_alone():
    code = (
        "import matplotlib; matplotlib.use('svg'); import ama.report.plots;"
        "assert matplotlib.get_backend().lower() == 'svg', matplotlib.get_backend()"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
