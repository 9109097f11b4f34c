"""Detectors that see through a backbone of transformers: saved with its weights, or by reference."""

from __future__ import annotations

import json
import pickle
import re
import shutil
import sys

import numpy as np
import pytest
from safetensors import safe_open

import ama
from ama.errors import InputError, ModelFolderError
from ama.io.model_folder import CONFIG, WEIGHTS
from ama.report.model_card import model_card
from image_files import noise
from tiny_backbones import tiny

OPTIONS = {
    "max_steps": 2, "held_out": 0.5, "false_alarm_rate": 0.35, "random_state": 0, "progress": False,
}  # fmt: skip
PHOTOGRAPHS = noise(8, 3, 96, 128)


@pytest.fixture(params=["resnet", "dinov2"])
def own(request, tmp_path):
    return tiny(request.param, tmp_path / "own")


def fitted(folder, **more) -> ama.AMADetector:
    return ama.AMADetector(features=str(folder), **OPTIONS, **more).fit(PHOTOGRAPHS)


def in_weights(folder) -> list[str]:
    with safe_open(folder / WEIGHTS, "pt") as file:
        return [name for name in file.keys() if name.startswith("backbone.")]  # noqa: SIM118


def test_a_saved_model_scores_without_the_folder(own, tmp_path):
    detector = fitted(own)
    detector.save(tmp_path / "model")
    shutil.rmtree(own)
    loaded = ama.load(tmp_path / "model")
    for again in (loaded, pickle.loads(pickle.dumps(detector))):
        assert np.array_equal(again.score_samples(PHOTOGRAPHS), detector.score_samples(PHOTOGRAPHS))
        maps = detector.anomaly_map(PHOTOGRAPHS[:2])
        assert maps.shape == (2, 96, 128)
        assert np.array_equal(again.anomaly_map(PHOTOGRAPHS[:2]), maps)
    card = dict(model_card(loaded)[0][1])
    assert card["sees images through"] == f"own, of the folder {own} (apache-2.0)"
    sha256 = detector.kind_.provenance.sha256
    assert card["weights of that network"] == f"in the model, SHA-256 of all tensors {sha256}"
    loaded.save(tmp_path / "again")
    assert (tmp_path / "again" / WEIGHTS).read_bytes() == (tmp_path / "model" / WEIGHTS).read_bytes()


def test_by_reference_it_scores_the_same_and_is_smaller(own, tmp_path):
    for name, by_reference in (("whole", False), ("model", True)):
        fitted(own, features_by_reference=by_reference).save(tmp_path / name)
    assert in_weights(tmp_path / "whole")
    assert not in_weights(tmp_path / "model")
    whole, loaded = ama.load(tmp_path / "whole"), ama.load(tmp_path / "model")
    assert np.array_equal(loaded.score_samples(PHOTOGRAPHS), whole.score_samples(PHOTOGRAPHS))
    assert np.array_equal(loaded.anomaly_map(PHOTOGRAPHS[:1]), whole.anomaly_map(PHOTOGRAPHS[:1]))
    assert dict(model_card(loaded)[0][1])["weights of that network"].startswith(
        "left out of the model, SHA-256"
    )
    loaded.save(tmp_path / "again")
    assert not in_weights(tmp_path / "again")


def test_by_reference_other_weights_or_none_are_refused(own, tmp_path):
    fitted(own, features_by_reference=True).save(tmp_path / "model")
    kind = json.loads((own / CONFIG).read_text())["model_type"]
    tiny(kind, own, seed=1)
    held = f"{tmp_path / 'model'} holds its backbone by reference"
    with pytest.raises(
        ModelFolderError, match=f"{held}: the weights of the folder .* have changed: their SHA-256"
    ):
        ama.load(tmp_path / "model")
    shutil.rmtree(own)
    with pytest.raises(ModelFolderError, match=f"{held}: .* there is no folder {own}"):
        ama.load(tmp_path / "model")


def test_a_deep_network_by_reference_is_loaded(tmp_path):
    """It takes many calls to build, and the model folder holds few tensors."""
    transformers = pytest.importorskip("transformers")
    config = transformers.Dinov2Config(
        hidden_size=4, num_hidden_layers=40, num_attention_heads=1, image_size=28
    )
    transformers.Dinov2Backbone(config).save_pretrained(tmp_path / "deep")
    with pytest.warns(UserWarning, match=r"deep has no preprocessor_config\.json .* as for ImageNet"):
        detector = fitted(tmp_path / "deep", features_by_reference=True)
    detector.save(tmp_path / "model")
    loaded = ama.load(tmp_path / "model")
    assert np.array_equal(loaded.score_samples(PHOTOGRAPHS), detector.score_samples(PHOTOGRAPHS))


def test_without_the_library_its_extra_is_named(own, tmp_path, monkeypatch):
    fitted(own).save(tmp_path / "model")
    monkeypatch.setitem(sys.modules, "transformers", None)
    sentence = re.escape("needs transformers, which is not installed: pip install transformers (the extra")
    with pytest.raises(InputError, match=f"^this backbone {sentence}"):
        ama.load(tmp_path / "model")
    with pytest.raises(InputError, match=f"features='.*own' {sentence}"):
        fitted(own)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A model that holds its backbone."""
    place = tmp_path_factory.mktemp("whole")
    fitted(tiny("resnet", place / "own")).save(place / "model")
    return place / "model"


def test_what_names_no_backbone_is_refused_before_samples_are_read(tmp_path):
    for features in ("no-such", str(tmp_path / "missing"), tmp_path):
        with pytest.raises(InputError, match=r"features must be |there is no folder "):
            ama.AMADetector(features=features).check_parameters()
    with pytest.raises(InputError, match="leaves out the weights of a backbone, but features is none"):
        ama.AMADetector(features_by_reference=True).check_parameters()


@pytest.mark.usefixtures("no_patience")
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (
            lambda b: b["network"]["building"].update(auto_map={"AutoBackbone": "x--evil.Net"}),
            "no field 'auto_map'",
        ),
        (
            lambda b: b["network"]["building"].update(model_type="timm_backbone"),
            "no backbone of the model_type",
        ),
        (
            lambda b: b["network"]["building"].update(depths=[10**4] * 4),
            "many more layers than there are tensors",
        ),
        (lambda b: b["network"]["building"].update(embedding_size=12), r"tensor backbone.* is missing"),
        (lambda b: b["network"]["layout"].update(multiple=8), "sides that are multiples of 8"),
        (lambda b: b["network"]["layout"].update(channels=[9, 9, 9, 9]), "has shape .*, expected"),
        (lambda b: b.update(network={}), "KeyError: 'building'"),
        (lambda b: b.update(library="lite0"), "tensor backbone.network.* is unknown|missing"),
        (lambda b: b["provenance"].update(sha256="x"), "is not a SHA-256"),
    ],
)
def test_a_hostile_description_is_one_sentence(whole, tmp_path, change, reason):
    shutil.copytree(whole, tmp_path / "model")
    path = tmp_path / "model" / CONFIG
    config = json.loads(path.read_text())
    change(config["backbone"])
    path.write_text(json.dumps(config))
    with pytest.raises(ModelFolderError, match=reason) as caught:
        ama.load(tmp_path / "model")
    assert "\n" not in str(caught.value)
    del config["backbone"]
    path.write_text(json.dumps(config))
    with pytest.raises(ModelFolderError, match=r"features is '.*own', which does not fit its backbone"):
        ama.load(tmp_path / "model")


def test_checkpoints_of_another_backbone_are_not_resumed(tmp_path):
    folder = tiny("resnet", tmp_path / "own")
    options = {"checkpoints": str(tmp_path / "checkpoints"), "checkpoint_every": 0.001}
    fitted(folder, **options)
    tiny("resnet", folder, seed=1)
    with pytest.raises(InputError, match="backbone"):
        fitted(folder, **options)
