"""Maps in a graph are those of the model, and those of rows are refused."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ama.detectors.ama import AMADetector
from ama.errors import InputError
from ama.export.graph_maps import check_map, graph_map
from ama.export.graph_sight import GraphSight
from ama.scores.kinds.factory import kind_of


@pytest.mark.filterwarnings("ignore:each image of")
@pytest.mark.parametrize("tile_size", [0, 8])
def test_maps_are_those_of_the_model(tile_size):
    images = np.random.default_rng(0).integers(0, 255, (40, 1, 16, 12)).astype(np.uint8)
    given = {
        "max_steps": 1,
        "batch_size": 8,
        "tile_size": tile_size,
        "scoring": "r_score",
        "preset": "compact",
    }
    detector = AMADetector(**given, false_alarm_rate=0.2, random_state=0, progress=False).fit(images)
    model = detector.model_
    with torch.no_grad():
        found = graph_map(model.map, model.kind)(
            GraphSight(model, places=False)(torch.from_numpy(images[:3]))
        )
    assert found.numpy() == pytest.approx(detector.anomaly_map(images[:3]), rel=1e-3, abs=1e-5)


def test_maps_of_rows_are_refused():
    check_map(kind_of((3, 8, 8)))
    with pytest.raises(InputError, match=r"^only maps of images can be exported, found rows of 2 columns$"):
        check_map(kind_of((2,)))
