"""EfficientNet-Lite0 on many images of one size makes what it makes of each."""

from __future__ import annotations

import pytest
import torch

from ama.errors import InputError
from ama.export.graph_backbone import GraphBackbone, check_backbone
from ama.features.backbone import Backbone, Lite0Backbone
from ama.features.provenance import Provenance


@pytest.fixture(scope="module")
def lite0() -> Lite0Backbone:
    torch.manual_seed(0)
    return Lite0Backbone()


@pytest.mark.parametrize("shape", [(3, 48, 40), (1, 130, 128)])
def test_rows_maps_and_places_are_those_of_the_backbone(lite0, shape):
    raw = torch.randint(0, 256, (2, *shape), dtype=torch.uint8)
    graph = GraphBackbone(lite0, shape[1:])
    with torch.no_grad():
        torch.testing.assert_close(graph(raw), lite0(raw), rtol=1e-3, atol=1e-5)
        for found, expected in zip(graph.rows_and_maps(raw, 4), lite0.rows_and_maps(raw, 4), strict=True):
            torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-5)
        torch.testing.assert_close(graph.places(raw), lite0.places(raw), rtol=1e-3, atol=1e-5)


def test_another_backbone_is_refused(lite0):
    check_backbone(None)
    check_backbone(lite0)
    kind = type("Other", (Backbone,), {})
    kind.__abstractmethods__ = frozenset()
    other = kind()
    other.provenance = Provenance("DINOv2", "a folder", "MIT", "x")
    with pytest.raises(
        InputError, match=r"^a detector that sees images through DINOv2 cannot be exported: of all"
    ):
        check_backbone(other)
