"""What is seen of many samples, and what is said of those that are left out."""

from __future__ import annotations

from functools import partial

import pytest
import torch

from ama.features.backbone import Lite0Backbone
from ama.scores.kinds.factory import kind_of
from ama.training import preparation
from ama.training.run import Run


def test_networks_learn_from_some_of_very_many_maps_which_is_said(monkeypatch):
    monkeypatch.setattr(preparation, "MAX_MAPS", 3)
    backbone, images = Lite0Backbone(), torch.randint(256, (5, 3, 32, 40), dtype=torch.uint8)
    kind = kind_of((3, 32, 40), "lite0", backbone, features_as="maps")
    with pytest.warns(UserWarning, match="learn from the maps of 3 of 5 images, drawn at random"):
        seen = preparation.seen_samples(images, kind, backbone, Run())
    assert (len(seen.x), len(seen.rows)) == (3, 5)
    assert torch.equal(seen.rows, backbone(images))


def test_samples_without_backbone_and_tiles_are_seen_as_they_are(recwarn):
    images = torch.randint(256, (5, 3, 16, 16), dtype=torch.uint8)
    kind = kind_of((3, 16, 16))
    assert preparation.seen_samples(images, kind, None, Run()).x is images
    held_out_from = preparation.chosen_hold_out(images, False, "auto", 0.1, kind, None, Run())
    assert held_out_from == "anywhere"
    assert preparation.chosen_hold_out(images, True, "auto", 0.1, kind, None, Run()) == "groups"
    assert not recwarn


def test_a_table_in_series_is_told_and_one_that_was_sorted_is_not(recwarn):
    torch.manual_seed(0)
    kind = kind_of((6,))
    rows = torch.randn(300, 6, dtype=torch.float64)
    chosen = partial(preparation.chosen_hold_out, share=0.25, kind=kind, backbone=None, run=Run())
    rows[:, 0] = rows[:, 0].sort().values
    assert chosen(rows, False, "auto") == "anywhere"
    assert not recwarn
    walk = torch.cat([torch.arange(300.0, dtype=torch.float64)[:, None], rows[:, 1:].cumsum(0)], 1)
    with pytest.warns(
        UserWarning, match="in series .* the one before or after.* use held_out_from='end' or groups"
    ):
        assert chosen(walk, False, "auto") == "anywhere"
    assert chosen(walk, False, "end") == "end"
