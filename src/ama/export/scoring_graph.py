"""All that a detector computes, from a raw sample to its p-value, as one module that can be exported."""

from __future__ import annotations

from typing import Any, cast

import torch
from jaxtyping import Bool, Float, Shaped
from torch import Tensor, nn

from ama.decision.score_bounds import LEAST_NORMAL, bounded
from ama.export.graph_maps import graph_map
from ama.export.graph_sight import GraphSight
from ama.export.graph_terms import graph_term
from ama.scores.forward_pass import ForwardPass
from ama.scores.model import Model
from ama.scores.terms.term import Term, see_places

MAP = "map"


class ScoringGraph(nn.Module):
    """Score, p-value and label of raw samples, and each term and the map where asked.

    Parameters
    ----------
    model
        Without a backbone, or with EfficientNet-Lite0.
    with_terms
        Whether the terms are outputs, too.
    with_map
        Whether the anomaly map of images is one.
    """

    calibration: Tensor

    def __init__(self, model: Model, with_terms: bool, with_map: bool = False):
        super().__init__()
        self.kind, self.combination, self.deciding = model.kind, model.combination, model.deciding
        self.terms_of = model.terms if with_terms else model.deciding
        self.map = graph_map(model.map, model.kind) if with_map else None
        named = {name: cast(Term, model.terms[name]) for name in self.terms_of}
        in_places = see_places(named.values()) or (with_map and model.kind.has_places)
        self.sight = GraphSight(model, in_places)
        self.terms = nn.ModuleDict({name: graph_term(term) for name, term in named.items()})
        self.with_terms = with_terms
        self.register_buffer("calibration", model.calibration.clone())
        self.eval()

    @property
    def output_names(self) -> list[str]:
        """Of what :meth:`forward` returns."""
        others = [*(self.terms if self.with_terms else ()), *([MAP] if self.map is not None else ())]
        return ["score", "p_value", "anomaly", *others]

    def forward(
        self, x: Shaped[Tensor, "b ..."], false_alarm_rate: Float[Tensor, ""]
    ) -> tuple[Float[Tensor, "b ..."] | Bool[Tensor, " b"], ...]:
        """Scores, higher = more normal; p-values; whether each is flagged; terms, higher = more anomalous; maps."""
        forward = self.sight(x)
        values = {name: self._value(term, forward) for name, term in self.terms.items()}
        score = bounded(self.combination(torch.stack([values[name] for name in self.deciding], 1)))
        if x.is_floating_point():
            # Python refuses what is not finite, and a rectified NaN may become 0.
            score = torch.where(x.isfinite().flatten(1).all(1), score, LEAST_NORMAL)
        m = len(self.calibration)
        p_value = (1 + (self.calibration <= score[:, None]).sum(1)).double() / (m + 1)
        # With fewer calibration samples than the rate needs, the lowest p-value is flagged, as in Python.
        anomaly = p_value <= false_alarm_rate.clamp_min(1 / (m + 1))
        others = [*(values.values() if self.with_terms else ())]
        if self.map is not None:
            others.append(self.map(forward))
        return score, p_value, anomaly, *others

    def _value(self, term: Any, forward: ForwardPass) -> Float[Tensor, " b"]:
        value = term(term.term.features(forward))
        return -bounded(-self.kind.per_sample(value))
