"""Normalisation, sizes and levels of a network of several maps, against a network of plain means."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from ama.errors import InputError
from ama.features.provenance import Provenance
from ama.features.staged_backbone import Layout, StagedBackbone, layout_from, measured

KNOWN = Provenance("means", "the test", "mit", "/x")
PLAIN = {"mean": [0.0] * 3, "deviation": [1.0] * 3}


class Means(nn.Module):
    """Maps that are means of windows, whose sides are the strides."""

    def __init__(self, *strides: int):
        super().__init__()
        self.strides = strides
        self.register_buffer("computed", torch.ones(2), persistent=False)

    def forward(self, pixels: torch.Tensor) -> list[torch.Tensor]:
        return [F.avg_pool2d(pixels, stride) for stride in self.strides]


class OfMeans(StagedBackbone):
    """Means as a backbone."""

    library = "means"

    def maps(self, pixels: torch.Tensor) -> list[torch.Tensor]:
        return self.network(pixels)

    def building(self) -> dict[str, Any]:
        return {}

    @classmethod
    def check(cls, name: str) -> None: ...

    @classmethod
    def loaded(cls, name: str) -> OfMeans:
        raise NotImplementedError

    @classmethod
    def described(cls, network: dict[str, Any], provenance: Provenance) -> OfMeans:
        raise NotImplementedError


def backbone(*strides: int, multiple: int = 1, **normalisation: list[float]) -> OfMeans:
    layout = Layout(
        multiple=multiple, channels=[3] * len(strides), strides=list(strides), **{**PLAIN, **normalisation}
    )
    return OfMeans(Means(*strides), layout, KNOWN)


def test_a_row_has_the_normalised_mean_of_every_stage():
    image, mean, deviation = torch.rand(1, 3, 128, 192), [0.1, 0.2, 0.3], [0.5, 0.25, 0.125]
    row = backbone(4, 32, mean=mean, deviation=deviation)(image)
    normal = (image - torch.tensor(mean).view(3, 1, 1)) / torch.tensor(deviation).view(3, 1, 1)
    windows = [F.avg_pool2d(normal, stride) for stride in (4, 32)]
    expected = [w.mean((2, 3)) for w in windows]
    torch.testing.assert_close(row, torch.cat(expected, 1))


@pytest.mark.parametrize(
    ("strides", "places", "columns"),
    [
        ((2, 4, 8, 16, 32), (8, 16), 15),
        ((4, 32), (32,), 6),  # none of 8 to 16: the nearest to 16
        ((14, 14, 14), (14, 14), 3),  # layers: the last two, and rows of the last one
        ((16,), (16,), 3),
    ],
)
def test_places_are_of_strides_8_to_16_and_rows_of_all_but_of_the_last_layer(strides, places, columns):
    network = backbone(*strides, multiple=14 if 14 in strides else 1)
    stages = network.stages(torch.rand(1, 3, 224, 224))
    assert [round(224 / stage.shape[2]) for stage in network.of_places(stages)] == list(places)
    assert network.n_columns == network(torch.rand(1, 3, 224, 224)).shape[1] == columns


@pytest.mark.parametrize(("size", "seen"), [((130, 150), (140, 154)), ((140, 154), (140, 154))])
def test_sides_are_enlarged_to_the_next_multiple(size, seen):
    image = torch.rand(1, 3, *size)
    [stage] = backbone(1, multiple=14).stages(image)
    expected = image if size == seen else F.interpolate(image, seen, mode="bilinear", align_corners=False)
    torch.testing.assert_close(stage, expected)


def test_too_many_tokens_are_refused():
    with pytest.raises(
        InputError, match=r"images of 600 x 600 pixels are too large for means: .*--image-size"
    ):
        backbone(4, 4, multiple=4).places(torch.rand(1, 3, 600, 600))
    assert backbone(4, 8, multiple=4).places(torch.rand(1, 3, 600, 600)).shape[1] == 3


def test_it_stays_frozen_and_stores_what_its_library_computes():
    network = backbone(8, 16).train()
    assert not any(module.training for module in network.modules())
    assert "network.computed" in network.state_dict()


def test_channels_and_strides_are_measured():
    assert measured(Means(4, 8, 16), 4) == ([3, 3, 3], [4, 8, 16])
    with pytest.raises(ValueError, match="it gives no feature maps"):
        measured(lambda x: [x.flatten(2)], 1)
    with pytest.raises(ValueError, match="channels of its feature maps depend on the size of the image"):
        measured(lambda x: [x.transpose(1, 3)], 1)
    with pytest.raises(ValueError, match=r"refuses images of 128 x 160 pixels \(shape '\[1, 7\]' is invalid"):
        measured(lambda x: [x.view(1, 7)], 1)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"mean": [0.0]}, "is not a mean and a positive deviation"),
        ({"deviation": [1, 0, 1]}, "is not a mean and a positive deviation"),
        ({"multiple": 10**6}, "multiples of 1000000, expected 1 to 64"),
        ({"channels": []}, "0 stages of channels and 1 of strides"),
        ({"strides": [0]}, "channels or strides are not from 1"),
        ({"strides": "8"}, "strides is '8', expected a list"),
        ({"other": 1}, "unknown key 'other'"),
    ],
)
def test_a_broken_layout_is_refused(change, reason):
    layout = {**PLAIN, "multiple": 1, "channels": [3], "strides": [8]}
    assert layout_from(layout).strides == [8]
    with pytest.raises(ValueError, match=reason):
        layout_from({**layout, **change})
