"""What is said where timm is missing, or cannot be imported; and its networks, where it can."""

from __future__ import annotations

import sys

import pytest
import torch

from ama.errors import InputError, MissingLibraryError
from ama.features.loading import check_features
from ama.features.provenance import Provenance
from ama.features.staged_backbone import measured
from ama.features.timm_backbone import TimmBackbone


def test_without_timm_its_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(
        MissingLibraryError, match=r"needs timm, which is not installed: pip install timm \(the extra"
    ):
        check_features("timm:resnet18")


def test_a_timm_that_cannot_be_imported_says_why(monkeypatch, tmp_path):
    """As where torchvision is missing, or is made for another torch."""
    (tmp_path / "timm").mkdir()
    (tmp_path / "timm" / "__init__.py").write_text(
        "raise RuntimeError('operator torchvision::nms does not exist')"
    )
    monkeypatch.delitem(sys.modules, "timm", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(
        MissingLibraryError,
        match=r"features='timm:NAME' needs timm, which cannot be imported here \(RuntimeError: operator "
        r"torchvision::nms does not exist\): install the torchvision of your torch",
    ):
        check_features("timm:resnet18")


def test_a_network_of_timm_is_built_from_its_description():
    timm = pytest.importorskip("timm", exc_type=Exception)  # it needs a torchvision that fits torch
    with pytest.raises(InputError, match="which has no 'no_such_network'"):
        check_features("timm:no_such_network")
    network = timm.create_model("vit_tiny_patch16_224", features_only=True, dynamic_img_size=True)
    channels, strides = measured(network.eval(), 16)
    layout = {
        "mean": [0.5] * 3,
        "deviation": [0.5] * 3,
        "multiple": 16,
        "channels": channels,
        "strides": strides,
    }
    building = {"model_name": "vit_tiny_patch16_224", "dynamic_img_size": True}
    known = Provenance("vit", "timm", "apache-2.0", "timm:vit_tiny_patch16_224")
    backbone = TimmBackbone.described({"building": building, "layout": layout}, known)
    assert backbone(torch.rand(1, 3, 100, 150)).shape == (1, backbone.n_columns)
    with pytest.raises(ValueError, match="timm has no network 'hf_hub:owner/name'"):
        TimmBackbone.described({"building": {"model_name": "hf_hub:owner/name"}, "layout": layout}, known)
