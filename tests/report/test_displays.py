"""Pictures for a notebook: what is drawn is what the detector says."""

from __future__ import annotations

import io
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

import ama
from ama.errors import InputError
from ama.report.displays import MapDisplay, ReconstructionsDisplay, ScoresDisplay, TrainingDisplay


def legend(figure) -> set[str]:
    return {text.get_text() for text in figure.axes[0].get_legend().get_texts()}


def pictures(figure) -> list[np.ndarray]:
    return [np.asarray(image.get_array()) for axis in figure.axes for image in axis.get_images()]


@pytest.fixture(scope="module")
def two(digits):
    images, labels = digits
    return images[labels < 2][:40], labels[labels < 2][:40]


def test_scores_are_drawn_by_their_groups_beside_the_threshold(digit_detector, two):
    images, labels = two
    display = ScoresDisplay.from_estimator(digit_detector, images, np.where(labels == 0, 1, -1))
    assert list(display.groups) == ["normal", "anomalies"]
    assert np.array_equal(display.groups["anomalies"], digit_detector.score_samples(images)[labels == 1])
    [line] = display.figure_.axes[0].get_lines()
    assert line.get_xdata()[0] == digit_detector.offset_
    figure = digit_detector.plot_scores(images, labels)
    assert legend(figure) == {"0 (21)", "1 (19)", f"threshold {digit_detector.offset_:.3g}"}
    assert f"samples ({len(images)})" in legend(digit_detector.plot_scores(images))
    assert np.asarray(Image.open(io.BytesIO(figure._repr_png_()))).std() > 5


def test_reconstructions_are_drawn_below_their_images(digit_detector, two):
    images, labels = two
    figure = digit_detector.plot_reconstructions(images, labels, n=3)
    drawn = pictures(figure)
    assert len(drawn) == 12
    zeros = images[labels == 0][:3]
    assert np.allclose(drawn[:3], zeros[:, 0] / 255)
    rebuilt = digit_detector.reconstruct(zeros)[:, 0] / 255
    assert np.allclose(drawn[3:6], np.clip(rebuilt, 0, 1), atol=1e-5)
    display = ReconstructionsDisplay.from_estimator(digit_detector, images, labels)
    assert np.allclose(display.groups["1"][2], digit_detector.score_samples(images[labels == 1]), rtol=1e-6)


def test_maps_are_drawn_hottest_where_they_are_highest(digit_detector, two):
    images, _ = two
    display = MapDisplay.from_estimator(digit_detector, images, n=5)
    assert np.array_equal(display.maps, digit_detector.anomaly_map(images[:5]))
    drawn = pictures(display.figure_)
    assert len(drawn) == 15
    hottest = np.unravel_index(display.maps.argmax(), display.maps.shape)
    red, _, blue = drawn[10 + hottest[0]][hottest[1:]]
    assert red > blue
    assert len(pictures(digit_detector.plot_map(images, n=2))) == 6
    boxes = [[patch.get_bbox().bounds for patch in axis.patches] for axis in display.figure_.axes]
    regions = digit_detector.regions(images[:5])
    assert boxes == [[]] * 10 + [
        [(r.x - 0.5, r.y - 0.5, r.width, r.height) for r in found] for found in regions
    ]
    assert any(regions)


def test_photographs_are_drawn_at_their_own_size_as_far_as_they_fit(rng):
    photographs, maps = np.zeros((2, 3, 300, 400), np.uint8), rng.uniform(0, 1, (2, 300, 400))
    two, many = (
        MapDisplay(photographs.repeat(k, 0), None, maps.repeat(k, 0), (0.0, 255.0)).plot().figure_
        for k in (1, 10)
    )
    assert two.get_size_inches() == pytest.approx([2 * 4 + 1.2, 2 * 3 * 1.05])
    assert many.get_size_inches()[0] == pytest.approx(20 + 1.2)


def test_maps_are_drawn_over_the_images_in_the_pixels_that_were_given(digit_detector, two):
    wide = two[0][:5].repeat(3, axis=-2).repeat(9, axis=-1)
    with pytest.warns(UserWarning, match="are resized to 8 x 8"):
        display = MapDisplay.from_estimator(digit_detector, wide)
    assert {tuple(image.get_extent()) for axis in display.figure_.axes for image in axis.get_images()} == {
        (-0.5, 71.5, 23.5, -0.5)
    }
    with pytest.warns(UserWarning, match="are resized to 8 x 8"):
        regions = digit_detector.regions(wide)
    drawn = [[patch.get_bbox().bounds for patch in axis.patches] for axis in display.figure_.axes[10:]]
    assert drawn == [[(r.x - 0.5, r.y - 0.5, r.width, r.height) for r in found] for found in regions]
    assert any(drawn)


def test_the_training_is_drawn_by_its_losses(digit_detector, digits):
    figure = digit_detector.plot_training()
    assert [axis.get_ylabel() for axis in figure.axes] == [
        k for k in digit_detector.history_[0] if k != "step"
    ]
    assert TrainingDisplay.from_estimator(digit_detector).history == digit_detector.history_
    neighbours = ama.baselines.NearestNeighbours().fit(digits[0][:200])
    with pytest.raises(InputError, match="NearestNeighbours has no training to draw"):
        neighbours.plot_training()
    assert neighbours.plot_scores(digits[0][:20]).axes


def test_what_cannot_be_drawn_is_refused(row_detector, digit_detector, two):
    rows = np.zeros((3, 5))
    for draw in (row_detector.plot_reconstructions, row_detector.plot_map):
        with pytest.raises(
            InputError, match="only images can be shown, but this detector scores rows of 5 columns"
        ):
            draw(rows)
    assert row_detector.plot_scores(rows).axes
    with pytest.raises(InputError, match="y holds 3 labels for 40 samples"):
        digit_detector.plot_scores(two[0], [1, 1, -1])
    for draw in (digit_detector.plot_reconstructions, digit_detector.plot_map):
        with pytest.raises(InputError, match="n must be a whole number from 1, found 0"):
            draw(two[0], n=0)


def test_a_detector_shows_itself_in_a_notebook(digit_detector):
    html = digit_detector._repr_html_()
    assert "AMADetector" in html
    assert "max_steps" in html


def test_a_detector_does_not_bring_matplotlib_before_it_draws():
    code = "import sys, ama.detectors.ama; print('matplotlib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
