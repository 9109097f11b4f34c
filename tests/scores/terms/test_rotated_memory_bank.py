"""Mean features of rotated images by hand."""

from __future__ import annotations

import torch

from ama.scores.terms.rotated_memory_bank import rotated_statistics
from draws import draw


def test_the_statistics_of_rotated_pairs_are_the_means_of_every_map():
    maps = [[draw(4 * i + j, 2, 3 + j, 5, 5) for j in range(2)] for i in range(4)]
    expected = [
        layer[:, k].flatten(1).mean(1)
        for rotation in maps
        for layer in rotation
        for k in range(layer.shape[1])
    ]
    torch.testing.assert_close(rotated_statistics(maps), torch.stack(expected, 1).float())
