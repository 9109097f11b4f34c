"""The interface of what explains a score."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any, Protocol, runtime_checkable

from jaxtyping import Float, Shaped
from torch import Tensor

from ama.io.storable import Resizable
from ama.networks.networks import Networks
from ama.scores.forward_pass import ForwardPass

Groups = Sequence[Sequence[int]]  # places in a row


@runtime_checkable
class Scorer(Protocol):
    """What an anomaly map uses of a model."""

    networks: Networks

    def chunks(self, raw: Any) -> Iterator[Any]:
        """Raw samples, normalised, a few at a time."""

    def score(self, raw: Any) -> Any:
        """The deciding score of raw samples, higher = more normal."""

    def place_distances(self, raw: Any) -> Any:
        """Distances of the places of raw images (b, t, i, j), tile by tile, from a model with a backbone."""


class AnomalyMap(Resizable, ABC):
    """Explains where in a sample its score comes from; what it needs is fitted to normal samples."""

    @abstractmethod
    def features(self, forward: ForwardPass) -> Float[Tensor, "b ..."]:
        """What it looks at of normal samples."""

    @abstractmethod
    def fit(
        self, parts: Sequence[Float[Tensor, "_ ..."]], normal: Shaped[Tensor, "n ..."], scorer: Scorer
    ) -> None:
        """Fit the statistics.

        Parameters
        ----------
        parts
            Features of normal samples, chunk by chunk.
        normal
            The raw samples.
        scorer
            The model.
        """

    @abstractmethod
    def explain(
        self, raw: Shaped[Tensor, "b ..."], scorer: Scorer, groups: Groups | None = None
    ) -> Float[Tensor, "p ..."]:
        """The maps of raw samples, or of the tiles of each.

        Parameters
        ----------
        raw
            The samples.
        scorer
            The model.
        groups
            The numbers of a row that stand for one column of a table, for each column; by default each by itself. Maps
            of images have no use for it.
        """

    def expected(
        self, raw: Shaped[Tensor, "b ..."], scorer: Scorer, groups: Groups | None = None
    ) -> Float[Tensor, "b ..."] | None:
        """What each number of a raw sample would be if it were normal, where the explanation has such values."""
        return None

    def trial(self, raw: Shaped[Tensor, "b ..."], scorer: Scorer) -> None:
        """Use the statistics at little cost: it fails if they do not fit the networks."""
        self.expected(raw, scorer)
