"""Names of backbones, their descriptions, and weights that are found again."""

from __future__ import annotations

import dataclasses
import json
import re

import pytest
import torch

from ama.errors import InputError
from ama.features.backbone import Lite0Backbone
from ama.features.loading import (
    check_features,
    described_backbone,
    description_of,
    load_backbone,
    prepare_backbone,
    weights_again,
)
from tiny_backbones import CONFIGS, tiny


@pytest.fixture
def lite0_file(tmp_path):
    """Random weights of EfficientNet-Lite0, as its package stores them."""
    tensors = {name: torch.rand_like(t) for name, t in Lite0Backbone().network.state_dict().items() if t.ndim}
    torch.save(tensors, tmp_path / "w.pth")
    return tmp_path / "w.pth"


def test_lite0_takes_its_weights_from_a_file(lite0_file, monkeypatch):
    monkeypatch.chdir(lite0_file.parent)
    backbone = load_backbone("lite0:w.pth")
    stored = list(torch.load(lite0_file, weights_only=True).values())
    own = [t for name, t in backbone.network.state_dict().items() if t.ndim]
    assert all(torch.equal(one, other) for one, other in zip(own, stored, strict=True))
    assert backbone.provenance.source == f"lite0:{lite0_file}"
    assert str(backbone.provenance) == f"EfficientNet-Lite0, of the file {lite0_file} (licence unknown)"
    with pytest.raises(InputError, match=r"names a file of weights, found no file other\.pth"):
        check_features("lite0:other.pth")


@pytest.mark.parametrize("features", ["lite0:", "timm:", "lite1", "Lite0", 3, None])
def test_what_names_no_backbone_is_refused(features):
    with pytest.raises(InputError, match="features must be "):
        check_features(features)


@pytest.mark.parametrize("kind", CONFIGS)
def test_a_description_as_json_and_the_weights_make_the_same_backbone(tmp_path, kind):
    backbone = load_backbone(str(tiny(kind, tmp_path / "own")))
    description = json.loads(json.dumps(description_of(backbone)))
    prepare_backbone(description)
    with torch.device("meta"):
        again = described_backbone(description)
    again.load_state_dict(backbone.state_dict(), assign=True)
    images = torch.rand(2, 3, 96, 128)
    assert torch.equal(again(images), backbone(images))
    assert again.provenance == backbone.provenance


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"library": "keras"}, "its backbone is of the unknown library 'keras'"),
        ({"library": 1}, "library is 1, expected text"),
        ({"more": 1}, "its backbone has the unknown key 'more'"),
        ({"provenance": {"name": 1}}, "the provenance of its backbone: name is 1, expected text"),
    ],
)
def test_a_broken_description_is_refused(change, reason):
    description = {**description_of(Lite0Backbone()), **change}
    with pytest.raises(ValueError, match=reason):
        described_backbone(description)
    with pytest.raises(ValueError, match="its backbone lacks network"):
        prepare_backbone({"library": "lite0", "provenance": {}})


def test_weights_are_found_again_and_others_are_refused(tmp_path, lite0_file):
    folder = tiny("resnet", tmp_path / "own")
    for features in (str(folder), f"lite0:{lite0_file}"):
        backbone = load_backbone(features)
        found = weights_again(backbone.provenance)
        assert all(torch.equal(found[name], t) for name, t in backbone.state_dict().items())
        other = dataclasses.replace(backbone.provenance, sha256="0" * 64)
        sentence = re.escape(
            f"have changed: their SHA-256 starts with {backbone.provenance.sha256[:12]}, expected 000"
        )
        with pytest.raises(InputError, match=sentence):
            weights_again(other)
