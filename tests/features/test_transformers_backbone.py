"""Backbones of transformers, against their networks called by hand."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from ama.errors import InputError
from ama.features.transformers_backbone import TransformersBackbone
from tiny_backbones import CONFIGS, PROCESSOR, SIZES, tiny

library = pytest.importorskip("transformers")


def by_hand(folder, image, *stages: str) -> list[torch.Tensor]:
    config = library.AutoConfig.from_pretrained(folder, out_features=list(stages))
    network = library.MODEL_FOR_BACKBONE_MAPPING[type(config)].from_pretrained(folder, config=config)
    mean, deviation = (torch.tensor(PROCESSOR[name]).view(3, 1, 1) for name in ("image_mean", "image_std"))
    with torch.no_grad():
        return list(network((image - mean) / deviation).feature_maps)


@pytest.mark.parametrize("kind", ["resnet", "convnext"])
def test_a_pyramid_gives_rows_of_all_stages_and_places_of_strides_8_and_16(tmp_path, kind):
    folder, image = tiny(kind, tmp_path / "own"), torch.rand(1, 3, 128, 160)
    backbone = TransformersBackbone.loaded(str(folder))
    maps = by_hand(folder, image, "stage1", "stage2", "stage3", "stage4")
    expected = [m.mean((2, 3)) for m in maps]
    torch.testing.assert_close(backbone(image), torch.cat(expected, 1), rtol=1e-4, atol=1e-5)
    assert backbone.n_columns == sum(SIZES)
    assert backbone.places(image).shape == (1, SIZES[1] + SIZES[2], 8, 10)


def test_a_vision_transformer_gives_rows_of_its_last_layer_and_places_of_two(tmp_path):
    folder, image = tiny("dinov2", tmp_path / "own"), torch.rand(1, 3, 128, 150)
    backbone = TransformersBackbone.loaded(str(folder))
    larger = F.interpolate(image, (140, 154), mode="bilinear", align_corners=False)
    _, last = by_hand(folder, larger, "stage2", "stage3")
    expected = last.mean((2, 3))
    torch.testing.assert_close(backbone(image), expected, rtol=1e-4, atol=1e-5)
    assert backbone.n_columns == 16
    assert backbone.places(image).shape == (1, 32, 10, 11)


@pytest.mark.parametrize("kind", CONFIGS)
def test_the_features_of_an_image_do_not_depend_on_its_batch(tmp_path, kind):
    backbone = TransformersBackbone.loaded(str(tiny(kind, tmp_path / "own")))
    images = torch.randint(256, (3, 3, 60, 90), dtype=torch.uint8)
    assert torch.equal(backbone(images)[1:2], backbone(images[1:2]))
    assert torch.equal(backbone.places(images)[2:], backbone.places(images[2:]))


def test_it_says_where_it_comes_from_and_what_it_assumes(tmp_path):
    folder = tiny("resnet", tmp_path / "own")
    backbone = TransformersBackbone.loaded(str(folder))
    assert str(backbone.provenance) == f"own, of the folder {folder} (apache-2.0)"
    assert backbone.remarks == ()
    silent = TransformersBackbone.loaded(str(tiny("resnet", tmp_path / "silent", processor=None)))
    assert silent.provenance.sha256 == backbone.provenance.sha256
    assert silent.layout.mean == [0.485, 0.456, 0.406]
    assert silent.remarks == (
        f"{tmp_path / 'silent'} has no preprocessor_config.json with a mean and a deviation: pixels are normalised as "
        "for ImageNet",
    )
    raw = TransformersBackbone.loaded(
        str(tiny("resnet", tmp_path / "raw", processor={"do_normalize": False}))
    )
    assert (raw.layout.mean, raw.layout.deviation, raw.remarks) == ([0.0] * 3, [1.0] * 3, ())


@pytest.mark.parametrize("wrong", [{"image_std": [1, 0, 1]}, {"image_mean": [1, 1]}])
def test_a_normalisation_that_is_none_is_refused(tmp_path, wrong):
    folder = tiny("resnet", tmp_path / "own", processor={**PROCESSOR, **wrong})
    with pytest.raises(InputError, match="own cannot be used as a backbone: its normalisation is not a mean"):
        TransformersBackbone.loaded(str(folder))


def test_a_network_for_images_of_one_size_is_refused(tmp_path):
    config = library.AutoConfig.for_model("hiera", embed_dim=8, depths=[1] * 4, num_heads=[1] * 4)
    library.AutoBackbone.from_config(config).save_pretrained(tmp_path / "own")
    with pytest.raises(
        InputError, match=r"own cannot be used as a backbone: it refuses images of 224 x 448 pixels"
    ):
        TransformersBackbone.loaded(str(tmp_path / "own"))
