"""Charts: what is drawn is what was given."""

from __future__ import annotations

import math
from io import BytesIO

import numpy as np
import pytest
from matplotlib import rc_context
from PIL import Image
from sklearn.metrics import roc_curve

from ama.report.charts import (
    plot_curves,
    plot_densities,
    plot_norms,
    plot_precision_recall,
    plot_roc,
    plot_training,
)


def render(figure) -> np.ndarray:
    """The figure as pixels, through a PNG."""
    file = BytesIO()
    figure.savefig(file, format="png", dpi=60)
    return np.asarray(Image.open(file).convert("RGB"))


def labels(axis) -> list[str]:
    return [text.get_text() for text in axis.get_legend().get_texts()]


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


def test_names_of_groups_are_shown_as_they_are():
    groups = {"_rest": np.arange(9.0), "a $\\frac{1$ b": np.arange(9.0) + 3, "from $5 to $9": np.arange(9.0)}
    figure = plot_densities(groups, "score", threshold=2.0)
    [axis] = figure.axes
    assert labels(axis) == [*(f"{name} (9)" for name in groups), "threshold 2"]
    file = BytesIO()
    with rc_context({"svg.fonttype": "none"}):
        figure.savefig(file, format="svg")
    assert all(f">{name} (9)</text>" in file.getvalue().decode() for name in groups)


def test_a_few_far_scores_do_not_squeeze_the_others_into_one_bar():
    scores = np.concatenate([np.random.default_rng(0).normal(size=1000), [-1e9, 1e9]])
    [axis] = plot_densities({"normal": scores}, "score").axes
    heights = [bar.get_height() for bar in axis.containers[0]]
    assert sum(height > 0 for height in heights) > 30
    assert axis.get_xlim()[1] < 10


@pytest.mark.parametrize("scores", [[3.0] * 20, [0.0] * 3, [-0.1, np.nextafter(-0.1, 0), -0.1]])
def test_scores_that_are_all_the_same_are_drawn(scores):
    figure = plot_densities({"normal": np.array(scores)}, "score")
    assert render(figure).std() > 5
    assert not figure.axes[0].get_lines()


def test_a_small_group_is_not_piled_up_at_the_end_of_a_large_one(rng):
    small, large = rng.normal(5, 1, 1000), rng.normal(0, 1, 99_000)
    [axis] = plot_densities({"normal": small, "anomalies": large}, "score").axes
    heights = [bar.get_height() for bar in axis.containers[0]]
    assert heights[-1] < max(heights) / 2


def test_scores_that_overflowed_do_not_squeeze_the_others_into_a_bar(rng):
    scores = np.r_[rng.normal(size=20), [-1e30, -3e29]]
    [axis] = plot_densities({"all": scores, "normal": rng.normal(size=1000)}, "score").axes
    assert sum(bar.get_height() > 0 for bar in axis.containers[1]) > 5
    assert axis.containers[0][0].get_height() > 0  # the two


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
    [legend] = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["neighbours", "ours"]
    assert easy.get_xscale() == "log"
    assert render(figure).std() > 5


@pytest.fixture
def judged():
    random = np.random.default_rng(0)
    return np.concatenate([random.normal(1, 1, 300), random.normal(-1, 1, 100)]), np.arange(400) >= 300


def test_a_roc_curve_is_scikit_learns_within_its_band(judged):
    scores, anomalous = judged
    figure = plot_roc(scores, anomalous)
    [axis] = figure.axes
    _, curve = axis.get_lines()
    fpr, recall, _ = roc_curve(anomalous, -scores, drop_intermediate=False)
    assert np.allclose(curve.get_ydata(), np.interp(curve.get_xdata(), fpr, recall), atol=1e-9)
    [band] = axis.collections
    low, high = band.get_paths()[0].get_extents().get_points()
    assert low.min() >= 0
    assert high.max() <= 1
    assert render(figure).std() > 5


def test_precision_is_counted_at_each_recall(judged):
    scores, anomalous = judged
    figure = plot_precision_recall(scores, anomalous)
    [axis] = figure.axes
    level, curve = axis.get_lines()
    assert level.get_ydata()[0] == 0.25
    half = float(np.interp(0.5, curve.get_xdata(), curve.get_ydata()))
    threshold = np.sort(scores[anomalous])[49]  # half of the anomalies are at or below it
    assert half == pytest.approx(50 / (50 + (scores[~anomalous] <= threshold).sum()))
    assert render(figure).std() > 5


def test_every_loss_of_a_training_has_its_panel():
    history = [{"step": 25 * i, "critic": 1 / i, "generator": 2.0 + i % 2} for i in range(1, 41)]
    figure = plot_training(history)
    assert [axis.get_ylabel() for axis in figure.axes] == ["critic", "generator"]
    raw, smooth = figure.axes[1].get_lines()
    assert list(raw.get_xdata()) == list(smooth.get_xdata()) == [25 * i for i in range(1, 41)]
    assert list(raw.get_ydata()) == [2.0 + i % 2 for i in range(1, 41)]
    assert np.allclose(smooth.get_ydata()[5:-5], 2.5, atol=0.01)
    assert {line.get_marker() for axis in figure.axes for line in axis.get_lines()} == {"None"}
    assert render(plot_training(history[:1])).std() > 0


def test_the_losses_of_a_training_with_one_record_are_points():
    figure = plot_training([{"step": 20, "critic": 0.5}])
    shown = render(figure)
    for line in figure.axes[0].get_lines():
        line.remove()
    assert (render(figure) != shown).any()


def test_lengths_of_encodings_stand_beside_the_sphere_and_its_shell():
    random = np.random.default_rng(0)
    figure = plot_norms({"normal": random.normal(4, 0.3, 100)}, 16, (3.0, 4.0))
    [axis] = figure.axes
    assert list(axis.get_lines()[0].get_xdata()) == [math.sqrt(16)] * 2
    assert set(labels(axis)) == {"normal (100)", "sphere of radius 4", "atypical shell"}
    assert set(labels(plot_norms({"a": np.ones(3)}, 2, None).axes[0])) == {"a (3)", "sphere of radius 1.41"}
