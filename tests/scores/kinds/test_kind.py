"""What every kind of samples says of itself."""

from __future__ import annotations

import pytest
import torch

from ama.scores import photo_anomalies
from ama.scores.kinds.factory import kind_of

KINDS = {
    "images": kind_of((1, 8, 9)),
    "rows": kind_of((5,)),
    "tiles": kind_of((1, 8, 19), tile_size=8),
    "features": kind_of((3, 8, 9), "lite0"),
    "maps of features": kind_of((3, 8, 9), "lite0", features_as="maps"),
}


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("n", [2, 7])
def test_as_many_synthetic_anomalies_are_made_as_is_said_before(name, n, monkeypatch):
    monkeypatch.setattr(photo_anomalies, "MOST", 5)
    kind = KINDS[name]
    raw = torch.rand(n, *kind.shape, dtype=torch.float64 if name == "rows" else torch.float32)
    made = list(kind.synthetic_anomalies(raw, torch.Generator().manual_seed(0)))
    assert sum(map(len, made)) == kind.n_synthetic(raw)
