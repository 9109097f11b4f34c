"""Why a sample has its score: reconstruction, map and terms."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
from torch import Tensor

from ama.data.encoding.table_encoding import TableEncoding
from ama.detectors.explanation import Explanation


class ExplainingMixin:
    """Maps, reconstructions and terms of single samples."""

    model_: Any
    encoding_: TableEncoding | None
    _fitted_samples: Callable[[Any], Tensor]

    def anomaly_map(self, X: Any) -> np.ndarray:
        """Where in a sample its score comes from; see :mod:`ama.scores.anomaly_maps` and :mod:`ama.scores.column_maps`.

        Parameters
        ----------
        X
            Samples, as in :meth:`score_samples`.

        Returns
        -------
        ndarray
            For images (n, H, W), at least 0, of the size in ``shape_``; see :mod:`ama.scores.place_maps` with
            ``features``. For rows (n, d), a value for each column of the table: by how much the score would rise if it
            had its expected value.
        """
        x = self._fitted_samples(X)
        return self.model_.anomaly_map(x, self._groups()).double().cpu().numpy()

    def seen_once(self) -> AbstractContextManager[None]:
        """See :meth:`ama.detectors.localising.LocalisingMixin.seen_once`."""
        return self.model_.seen_once()

    def explain(self, X: Any) -> Explanation:
        """Reconstruction, map and terms of each sample; for rows the expected values, too."""
        x = self._fitted_samples(X)
        with self.seen_once():
            return self._explain(x)

    def _explain(self, x: Tensor) -> Explanation:
        model = self.model_
        found = model.scores(x)
        deviations = model.combination.standardised(model.of_the_score(found.terms)).cpu().numpy()
        expected = model.expected(x, self._groups())
        return Explanation(
            dict(zip(model.deciding, deviations.T, strict=True)),
            model.reconstruct(x).double().cpu().numpy() if model.kind.shows_reconstructions else None,
            model.anomaly_map(x, self._groups()).double().cpu().numpy(),
            None if expected is None else self._decoded(expected.cpu().numpy()),
        )

    def _groups(self) -> list[list[int]] | None:
        """Which numbers of a row stand for each column, if columns are encoded."""
        return None if self.encoding_ is None else self.encoding_.groups

    def _decoded(self, rows: np.ndarray) -> np.ndarray:
        return rows if self.encoding_ is None else self.encoding_.decode(rows)
