"""The interface of a score term."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import ClassVar

from jaxtyping import Float
from torch import Tensor

from ama.io.storable import Resizable
from ama.scores.forward_pass import ForwardPass
from ama.scores.kinds.kind import SampleKind
from ama.settings import Settings


class Term(Resizable, ABC):
    """One number per sample, higher for more anomalous samples.

    A term says what it needs of a forward pass (:meth:`features`), fits its statistics to normal samples (:meth:`fit`)
    and makes a value of the two (:meth:`value`). Its statistics are its buffers: registered empty, set by ``fit``, and
    stored with the model, whatever their sizes.

    Parameters
    ----------
    kind
        Of the samples.
    settings
        Of the fit.
    """

    max_samples: ClassVar[int | None] = None  # most normal samples that its statistics need; None: all
    absorbs: ClassVar[bool] = False  # whether it has a use for normal samples after the calibration with them
    needs_known: ClassVar[bool] = False  # whether it is fitted to known anomalies, too
    sees_places: ClassVar[bool] = False  # whether it looks at the distances of places
    needs_gaussians: ClassVar[bool] = False  # whether at ``ForwardPass.place_deviations``

    def __init__(self, kind: SampleKind, settings: Settings):
        super().__init__()

    @classmethod
    def check(cls, kind: SampleKind, settings: Settings) -> None:
        """Refuse to score samples of a kind, or networks of a fit, that lack what the term needs.

        Raises
        ------
        InputError
            One sentence that says what is missing.
        """

    @classmethod
    def suits(cls, kind: SampleKind, settings: Settings) -> bool:
        """Whether ``scoring="auto"`` includes the term."""
        return False

    @classmethod
    def has_statistics(cls) -> bool:
        """Whether anything is fitted to normal samples: nothing is computed for the fit of another term."""
        return cls.fit is not Term.fit or cls.fit_known is not Term.fit_known

    @abstractmethod
    def features(self, forward: ForwardPass) -> Float[Tensor, "b n"]:
        """What the term looks at."""

    def fit(self, parts: Sequence[Float[Tensor, "_ n"]], seed: int) -> None:
        """Fit the statistics.

        Parameters
        ----------
        parts
            Features of normal samples, chunk by chunk.
        seed
            Of anything random.

        Raises
        ------
        DivergenceError
            If the networks learned nothing that the term could use.
        """

    def fit_known(
        self, parts: Sequence[Float[Tensor, "_ n"]], known: Sequence[Float[Tensor, "_ n"]], seed: int
    ) -> None:
        """As :meth:`fit`, for a term that ``needs_known``: with the features of known anomalies, chunk by chunk."""

    def absorb(self, features: Float[Tensor, "m n"]) -> None:
        """Add normal samples, by their features, after the calibration with them; for a term that ``absorbs``.

        It may raise the value of no sample. The p-values stay valid then: a new normal sample scores at least as normal
        as it would have in the calibration.
        """

    @abstractmethod
    def value(self, features: Float[Tensor, "b n"]) -> Float[Tensor, " b"]:
        """The term, float64: a logarithm of a distance or of a probability, so that terms can be added."""


def see_places(terms: Iterable[Term]) -> bool:
    """Whether one of them looks at the distances of places."""
    return any(term.sees_places for term in terms)
