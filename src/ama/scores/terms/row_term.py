"""Terms on the rows themselves, without networks: they see what the networks ignore."""

from __future__ import annotations

from typing import ClassVar

from jaxtyping import Float
from torch import Tensor

from ama.scores.forward_pass import ForwardPass
from ama.scores.kinds.kind import SampleKind
from ama.scores.terms.term import Term
from ama.settings import Settings


class RowTerm(Term):
    """Base of the terms on rows themselves, every column in its standard deviations."""

    does: ClassVar[str]  # what it does with rows, for messages
    whitens: ClassVar[bool] = False  # whether it needs their covariance

    @classmethod
    def check(cls, kind: SampleKind, settings: Settings) -> None:
        check = kind.check_covariance if cls.whitens else kind.check_comparable
        check(f"scoring={settings.scoring!r} {cls.does}")

    def features(self, forward: ForwardPass) -> Float[Tensor, "b d"]:
        return forward.rows.double()
