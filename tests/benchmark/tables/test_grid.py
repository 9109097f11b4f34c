"""The grids and their cells."""

from __future__ import annotations

import pytest

from ama.benchmark.tables.grid import GRIDS, cells_of
from ama.errors import InputError


def test_an_unknown_grid_is_refused_with_the_known_ones():
    with pytest.raises(InputError, match="there is no grid 'minst', expected one of mnist, "):
        cells_of("minst")


def test_cells_and_their_names_are_unique_in_a_grid():
    for cells in GRIDS.values():
        assert len({cell.name for cell in cells}) == len(set(cells)) == len(cells)
