"""All that a detector computes, from a raw sample to its p-value, as one module that can be exported."""

from __future__ import annotations

from typing import Any, cast

import torch
from jaxtyping import Bool, Float, Shaped
from torch import Tensor, nn

from ama.decision.score_bounds import bounded
from ama.export.graph_terms import graph_term
from ama.scores.forward_pass import ForwardPass
from ama.scores.model import Model
from ama.scores.terms.term import Term


class _LeakyReLU(nn.Module):
    """The same in operations that onnxruntime has for float64, too."""

    def __init__(self, slope: float):
        super().__init__()
        self.slope = slope

    def forward(self, x: Float[Tensor, ...]) -> Float[Tensor, ...]:
        return torch.where(x > 0, x, self.slope * x)


def _replace_leaky_relus(networks: nn.Module) -> None:
    for module in list(networks.modules()):
        for name, child in module.named_children():
            if isinstance(child, nn.LeakyReLU):
                setattr(module, name, _LeakyReLU(child.negative_slope))


class ScoringGraph(nn.Module):
    """Score, p-value and label of raw samples, and each term where asked.

    Parameters
    ----------
    model
        Without a backbone. Its convolutions run in float32, whatever it scores in.
    with_terms
        Whether the terms are outputs, too.
    """

    calibration: Tensor

    def __init__(self, model: Model, with_terms: bool):
        super().__init__()
        self.kind, self.combination, self.deciding = model.kind, model.combination, model.deciding
        self.networks = model.networks.folded()
        _replace_leaky_relus(self.networks)
        self.weights = [weight.detach() for weight in self.networks.discriminator.weights()]
        names = model.terms if with_terms else model.deciding
        self.terms = nn.ModuleDict({name: graph_term(cast(Term, model.terms[name])) for name in names})
        self.with_terms = with_terms
        self.register_buffer("calibration", model.calibration.clone())
        self.eval()

    @property
    def output_names(self) -> list[str]:
        """Of what :meth:`forward` returns."""
        return ["score", "p_value", "anomaly", *(self.terms if self.with_terms else ())]

    def forward(
        self, x: Shaped[Tensor, "b ..."], false_alarm_rate: Float[Tensor, ""]
    ) -> tuple[Float[Tensor, " b"] | Bool[Tensor, " b"], ...]:
        """Scores, higher = more normal; p-values; whether each is flagged; then the terms, higher = more anomalous."""
        forward = ForwardPass(self.networks.normalise(self.kind.seen(x, None).x), self.networks, self.weights)
        values = {name: self._value(term, forward) for name, term in self.terms.items()}
        score = bounded(self.combination(torch.stack([values[name] for name in self.deciding], 1)))
        m = len(self.calibration)
        p_value = (1 + (self.calibration <= score[:, None]).sum(1)).double() / (m + 1)
        # With fewer calibration samples than the rate needs, the lowest p-value is flagged, as in Python.
        anomaly = p_value <= false_alarm_rate.clamp_min(1 / (m + 1))
        return score, p_value, anomaly, *(values.values() if self.with_terms else ())

    def _value(self, term: Any, forward: ForwardPass) -> Float[Tensor, " b"]:
        value = term(term.term.features(forward))
        return -bounded(-self.kind.per_sample(value))
