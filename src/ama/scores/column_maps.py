r"""Maps of rows: which column makes a row anomalous.

The value of a column is by how much the score would rise if the column had its expected value,
:math:`x_j - (P (x - m))_j / P_{jj}`: the conditional mean, given the other columns, of a Gaussian of mean m and
precision P fitted to normal rows. Several numbers J of a row that encode one column of a table have their expected
values together, :math:`x_J - P_{JJ}^{-1} (P (x - m))_J`.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float, Shaped
from torch import Tensor

from ama.io.storable import empty
from ama.scores.densities import fit_gaussian
from ama.scores.forward_pass import ForwardPass
from ama.scores.map_contract import AnomalyMap, Groups, Scorer

ROWS_AT_ONCE = 1024  # scored with a column changed
MAX_COLUMNS = 1000  # with more, the expected value of a column does not depend on the others


class ColumnMap(AnomalyMap):
    """Maps of rows (b, columns); see above.

    Parameters
    ----------
    n_columns
        Columns of a row.
    """

    mean: Tensor
    precision: Tensor

    def __init__(self, n_columns: int):
        super().__init__()
        self.register_buffer("mean", empty(n_columns))
        self.register_buffer("precision", empty(0, 0))

    def features(self, forward: ForwardPass) -> Float[Tensor, "b d"]:
        return forward.x.double()

    def fit(
        self, parts: Sequence[Float[Tensor, "_ d"]], normal: Shaped[Tensor, "n d"], scorer: Scorer
    ) -> None:

        x = torch.cat(list(parts))
        if x.shape[1] > MAX_COLUMNS:
            self.mean = x.mean(0)
            return
        self.mean, self.precision = (part.to(self.mean.device) for part in fit_gaussian(x))

    def explain(
        self, raw: Shaped[Tensor, "b d"], scorer: Scorer, groups: Groups | None = None
    ) -> Float[Tensor, "b columns"]:
        score, expected = scorer.score(raw), self.expected(raw, scorer, groups)
        columns = groups or [[j] for j in range(raw.shape[1])]
        at_once, rises = max(1, ROWS_AT_ONCE // max(1, len(raw))), []
        for start in range(0, len(columns), at_once):
            some = columns[start : start + at_once]
            changed = raw.double().repeat(len(some), 1, 1)
            for rows, column in zip(changed, some, strict=True):
                rows[:, column] = expected[:, column]
            rises.append(scorer.score(changed.flatten(0, 1)).view(len(some), -1) - score)
        return torch.cat(rises).T

    def expected(
        self, raw: Shaped[Tensor, "b d"], scorer: Scorer, groups: Groups | None = None
    ) -> Float[Tensor, "b d"]:
        """The value of each column of raw rows that follows from the others."""
        precision = self.precision if len(self.precision) else None
        together = [group for group in groups or () if len(group) > 1]
        parts = [expected_values(x.double(), self.mean, precision, together) for x in scorer.chunks(raw)]
        return scorer.networks.restore(torch.cat(parts))


def expected_values(
    x: Float[Tensor, "b d"],
    mean: Float[Tensor, " d"],
    precision: Float[Tensor, "d d"] | None,
    together: Groups = (),
) -> Float[Tensor, "b d"]:
    """The expected value of each column given the others of its row; the mean if there is no precision.

    Parameters
    ----------
    x
        Rows, on the scale of the Gaussian.
    mean, precision
        Of a Gaussian fitted to normal rows.
    together
        Groups of columns; one of a group is given the columns outside it.
    """
    if precision is None:
        return mean.expand_as(x)
    pull = (x - mean) @ precision
    expected = x - pull / precision.diagonal()
    for group in together:
        own = precision[group][:, group]
        expected[:, group] = x[:, group] - torch.linalg.solve(own, pull[:, group].T).T
    return expected
