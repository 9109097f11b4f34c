"""Images that are seen in tiles, by networks of pixels or through a backbone: fit, score, explain, save, load."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pytest
import torch
from PIL import Image

import ama
from ama.data.images.image_format import LARGEST_SIDE
from ama.detectors.saving import LARGEST_SAMPLE
from ama.errors import InputError, ModelFolderError
from ama.features.backbone import Lite0Backbone
from ama.features.lite0 import Lite0
from ama.features.tile_places import tile_places
from ama.io.model_folder import CONFIG
from ama.report.model_card import model_card
from ama.scores.model import Model
from ama.settings import resolve
from ama.training import preparation
from image_files import noise, save
from lite0_package import needs_lite0

OPTIONS = {
    "max_steps": 30,
    "batch_size": 16,
    "held_out": 0.4,
    "false_alarm_rate": 0.1,
    "latent_dim": 8,
    "encoder_width": 8,
    "generator_width": 8,
    "discriminator_width": 8,
    "random_state": 0,
    "progress": False,
}
SEEN = "each image of 48 x 80 pixels is seen in 15 overlapping tiles of 20 x 20 pixels"


def smooth(n: int, *shape: int, seed: int = 0) -> np.ndarray:
    """Dim images with slow changes of brightness and a little noise, uint8."""
    random = np.random.default_rng(seed)
    *channels, height, width = shape
    coarse = random.integers(60, 120, (n, *channels, 3, 4)).astype(np.uint8)
    large = torch.nn.functional.interpolate(
        torch.from_numpy(coarse).float().view(n, -1, 3, 4), (height, width), mode="bilinear"
    )
    return (large.numpy().reshape(n, *shape) + random.integers(0, 9, (n, *shape))).astype(np.uint8)


def with_spot(images: np.ndarray, size: int = 8) -> np.ndarray:
    """With a bright defect in the lower right corner."""
    changed = images.copy()
    changed[..., -size - 2 : -2, -size - 2 : -2] = 250
    return changed


@pytest.fixture(scope="module")
def detector() -> ama.AMADetector:
    with pytest.warns(UserWarning, match=f"^{SEEN}$"):
        return ama.AMADetector(tile_size=20, **OPTIONS).fit(smooth(50, 3, 48, 80))


def test_scores_p_values_lengths_and_pictures_are_of_images(detector):
    x = smooth(5, 3, 48, 80, seed=1)
    assert detector.shape_ == (3, 48, 80)
    assert len(detector.tiles_) == 15
    for values in (detector.score_samples(x), detector.p_value(x), detector.encoding_lengths(x)):
        assert values.shape == (5,)
    assert all(values.shape == (5,) for values in detector.scores(x).terms.values())
    assert detector.reconstruct(x).shape == (5, 3, 48, 80)
    maps = detector.anomaly_map(x)
    assert maps.shape == (5, 48, 80)
    assert maps.min() >= 0
    found = detector.explain(x)
    assert np.array_equal(found.anomaly_map, maps)
    assert found.reconstruction.shape == x.shape
    assert {values.shape for values in found.terms.values()} == {(5,)}
    assert detector.encoding_lengths(x)[2] == pytest.approx(
        max(
            detector.model_.networks.encoder(detector.model_.networks.normalise(part))[0].norm().item()
            for part in detector.tiles_.cut(torch.from_numpy(x[2:3])).split(1)
        ),
        rel=1e-5,
    )


def test_a_defect_in_one_corner_makes_the_image_an_anomaly_and_shows_there(detector):
    normal = smooth(20, 3, 48, 80, seed=2)
    defective = with_spot(normal)
    before, after = detector.score_samples(normal), detector.score_samples(defective)
    assert after.max() < before.min()
    assert (detector.predict(defective) == -1).all()
    assert (detector.predict(normal) == -1).mean() < 0.5
    for heat in detector.anomaly_map(defective):
        row, column = np.unravel_index(heat.argmax(), heat.shape)
        assert row >= 36
        assert column >= 68
    change = detector.anomaly_map(defective) - detector.anomaly_map(normal)
    assert change[:, 38:46, 70:78].mean() > 0
    assert np.abs(change[:, :25, :55]).max() < 1e-4  # no tile there holds any of it
    for regions in detector.regions(defective):
        assert regions[0].x + regions[0].width > 70
        assert regions[0].y + regions[0].height > 38


def test_one_image_at_a_time_scores_as_all_of_them(detector):
    x = smooth(7, 3, 48, 80, seed=3)
    alone = np.concatenate([detector.score_samples(one[None]) for one in x])
    np.testing.assert_allclose(detector.score_samples(x), alone, rtol=1e-4, atol=1e-4)
    alone = np.concatenate([detector.anomaly_map(one[None]) for one in x])
    np.testing.assert_allclose(detector.anomaly_map(x), alone, rtol=1e-4, atol=1e-6)


def test_a_saved_model_scores_the_same(detector, tmp_path):
    x = smooth(4, 3, 48, 80, seed=4)
    detector.save(tmp_path / "model")
    for again in (ama.load(tmp_path / "model"), pickle.loads(pickle.dumps(detector))):
        assert np.array_equal(again.score_samples(x), detector.score_samples(x))
        assert np.array_equal(again.anomaly_map(x), detector.anomaly_map(x))
        assert np.array_equal(again.p_value(x), detector.p_value(x))
        card = dict(model_card(again)[0][1])
        assert card["sees each image in"] == "15 overlapping tiles of 20 x 20 pixels"


def test_a_model_of_the_largest_images_loads_and_one_that_names_larger_ones_is_refused(detector, tmp_path):
    assert 3 * LARGEST_SIDE**2 <= LARGEST_SAMPLE
    detector.save(tmp_path / "model")
    path = tmp_path / "model" / CONFIG
    config = json.loads(path.read_text())
    for side in (10**5, 10**9, 10**15):
        path.write_text(json.dumps({**config, "shape": [3, side, side]}))
        with pytest.raises(ModelFolderError, match="is too large"):
            ama.load(tmp_path / "model")


def test_what_tiles_cannot_do_is_refused(detector, rng):
    x = smooth(20, 3, 48, 80)
    known = np.where(np.arange(20) < 18, 1, -1)
    with pytest.raises(InputError, match=r"^most tiles of a known anomaly are normal, so networks that see"):
        ama.AMADetector(tile_size=20, **OPTIONS).fit(x, known)
    for side in (1, 7, 257, 4097, -1):
        with pytest.raises(InputError, match=r"^tile_size must be "):
            ama.AMADetector(tile_size=side).check_parameters()
    with pytest.raises(InputError, match=r"^tile_size=20 cuts tiles of images, found rows of 4 columns$"):
        ama.AMADetector(tile_size=20, **OPTIONS).fit(rng.normal(size=(50, 4)))
    with pytest.raises(InputError, match="expected images of 48 x 80 pixels, 3 channels"):
        detector.score_samples(rng.normal(size=(5, 4)))


def test_tiles_are_drawn_where_there_are_too_many(monkeypatch):
    monkeypatch.setattr(preparation, "MAX_TILES", 40)
    images = smooth(20, 3, 48, 80)
    options = {**OPTIONS, "max_steps": 2, "scoring": "a_score", "held_out": 0.45}
    with pytest.warns(UserWarning, match=f"^{SEEN}; the networks learn from 40 of 165, drawn at random$"):
        ama.AMADetector(tile_size=20, **options).fit(images)
    monkeypatch.setattr(preparation, "MAX_TILES", 5)
    with pytest.warns(UserWarning, match="; the networks learn from 11 of 165, drawn at random$"):
        ama.AMADetector(tile_size=20, **options).fit(images)
    whole = ama.AMADetector(tile_size=80, **options).fit(images)  # of all 11, which is said of no image
    assert whole.tiles_ is None
    assert "sees each image in" not in dict(model_card(whole)[0][1])


def test_images_of_a_single_tile_are_scored_as_images_that_are_not_cut():
    images = smooth(30, 16, 20)
    options = {**OPTIONS, "max_steps": 5, "scoring": "a_score"}
    one, other = (ama.AMADetector(tile_size=side, **options).fit(images) for side in (None, 64))
    assert np.array_equal(one.score_samples(images), other.score_samples(images))
    assert np.array_equal(one.anomaly_map(images), other.anomaly_map(images))


def test_files_of_larger_images_keep_their_size_and_others_get_it(tmp_path):
    for i, image in enumerate(smooth(12, 40, 300)):
        save(tmp_path / "normal" / f"{i:02}.png", image)
    options = {**OPTIONS, "max_steps": 2, "held_out": 0.5, "false_alarm_rate": 0.2, "scoring": "a_score"}
    with pytest.warns(UserWarning, match="of 40 x 300 pixels is seen in 9 overlapping tiles of 40 x 40"):
        fitted = ama.AMADetector(tile_size=40, **options).fit(tmp_path / "normal")
    assert fitted.shape_ == (1, 40, 300)
    images = []
    for path in sorted((tmp_path / "normal").iterdir()):
        with Image.open(path) as image:
            images.append(np.asarray(image))
    assert np.array_equal(fitted.score_samples(tmp_path / "normal"), fitted.score_samples(np.stack(images)))
    save(tmp_path / "new" / "a.png", noise(50, 60))
    sentence = (
        r"images of 50 x 60 pixels are resized to 40 x 300, as the model learned; their aspect ratio is"
    )
    with pytest.warns(UserWarning, match=sentence):
        assert fitted.anomaly_map(tmp_path / "new").shape == (1, 40, 300)


def random_lite0(seed: int = 0) -> Lite0:
    """Random weights, which keep the scale of what passes through."""
    torch.manual_seed(seed)
    network = Lite0()
    for name, values in network.state_dict().items():
        if values.ndim == 4:
            torch.nn.init.kaiming_normal_(values)
        elif "num_batches" not in name:
            values.fill_(0.0 if name.endswith(("bias", "running_mean")) else 1.0)
    return network.eval()


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """A file of them, as ``features='lite0:FILE'`` takes it."""
    path = tmp_path_factory.mktemp("lite0") / "random.pth"
    fc = {"_fc.weight": torch.ones(1000, 1280), "_fc.bias": torch.ones(1000)}
    torch.save({**random_lite0().state_dict(), **fc}, path)
    return path


def test_through_a_backbone_the_places_of_each_tile_are_seen():
    settings = resolve("auto", "features of images", features="lite0", tile_size=256)
    model = Model((3, 700, 560), settings, torch.uint8, backbone=Lite0Backbone(random_lite0()))
    x = torch.from_numpy(smooth(2, 3, 700, 560))
    model.fit_places(x[:1], seed=0)
    distances = model.place_distances(x)
    assert distances.shape == (2, 9, 16, 16)
    alone = model.place_distances(x[1:])
    assert torch.equal(distances[1:], alone)
    [tile] = list(tile_places(model.backbone, x[1:], model.kind.tiles))[7:8]
    assert torch.equal(model.bank.distances(tile), distances[1:, 7])
    assert distances[0].mean() < 0.2 * distances[1].mean()
    assert model.anomaly_map(x[1:]).shape == (1, 700, 560)


@pytest.fixture(scope="module")
def seeing(weights) -> ama.AMADetector:
    chosen = ama.AMADetector(
        features=f"lite0:{weights}", tile_size=128, **{**OPTIONS, "max_steps": 2, "false_alarm_rate": 0.4}
    )
    with pytest.warns(
        UserWarning, match="of 240 x 250 pixels is seen in 6 overlapping tiles of 128 x 128 pixels$"
    ):
        return chosen.fit(smooth(10, 3, 240, 250))


def test_through_a_backbone_a_defect_in_one_corner_is_found(seeing):
    assert "nearest_places" in seeing.score_weights()
    normal = smooth(2, 3, 240, 250, seed=1)
    defective = with_spot(normal, 40)
    before, after = (seeing.scores(x).terms["nearest_places"].numpy() for x in (normal, defective))
    assert after.min() > before.max()
    maps = seeing.anomaly_map(defective)
    assert maps.shape == (2, 240, 250)
    for heat in maps:
        row, column = np.unravel_index(heat.argmax(), heat.shape)
        assert row > 180
        assert column > 190
    with pytest.raises(InputError, match="the networks reconstruct the features of an image"):
        seeing.reconstruct(normal)
    assert seeing.encoding_lengths(normal).shape == (2,)


def test_through_a_backbone_scores_depend_on_no_batch_and_are_saved(seeing, tmp_path):
    x = smooth(2, 3, 240, 250, seed=2)
    scores = seeing.score_samples(x)
    alone = np.concatenate([seeing.score_samples(one[None]) for one in x])
    np.testing.assert_allclose(scores, alone, rtol=0, atol=1e-12)
    seeing.save(tmp_path / "model")
    loaded = ama.load(tmp_path / "model")
    assert np.array_equal(loaded.score_samples(x), scores)
    assert np.array_equal(loaded.anomaly_map(x), seeing.anomaly_map(x))
    card = dict(model_card(loaded)[0][1])
    assert card["sees each image in"] == "6 overlapping tiles of 128 x 128 pixels"


def test_through_a_backbone_known_anomalies_take_part(weights):
    options = {**OPTIONS, "max_steps": 2, "false_alarm_rate": 0.4, "held_out": 0.5}
    x, y = smooth(10, 3, 60, 140), np.where(np.arange(10) < 8, 1, -1)
    x[8:] = with_spot(x[8:], 20)
    with pytest.warns(UserWarning, match="of 60 x 140 pixels is seen in 2 overlapping tiles of 60 x 100"):
        fitted = ama.AMADetector(features=f"lite0:{weights}", tile_size=100, **options).fit(x, y)
    assert "known_anomalies" in fitted.score_weights()


@needs_lite0
def test_with_the_pre_trained_backbone_a_small_defect_is_found_at_full_resolution():
    """It covers 1/1,250 of the image."""
    options = {
        **OPTIONS,
        "max_steps": 2,
        "false_alarm_rate": 0.3,
        "scoring": "nearest_places",
        "held_out": 0.5,
    }
    with pytest.warns(UserWarning, match="is seen in 8 overlapping tiles of 200 x 200"):
        fitted = ama.AMADetector(features="lite0", tile_size=200, **options).fit(smooth(6, 3, 300, 600))
    normal = smooth(2, 3, 300, 600, seed=5)
    defective = with_spot(normal, 12)
    assert fitted.score_samples(defective).max() < fitted.score_samples(normal).min()
    row, column = np.unravel_index(fitted.anomaly_map(defective[:1])[0].argmax(), (300, 600))
    assert row > 270
    assert column > 570
