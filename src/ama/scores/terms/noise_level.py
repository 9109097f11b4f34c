r"""Noise level: how much noise a small network, which has learned to tell it, finds in a row itself.

:math:`E[\log \sigma \mid x]`, where the network was shown :math:`x + \sigma \epsilon` of learned rows
(:mod:`ama.scores.noise_regression`). It is a distance from the learned rows that knows which directions they take:
noise leaves these, and so do anomalies that lie between them, whose nearest rows are near.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from ama.errors import InputError
from ama.io.storable import empty
from ama.scores.densities import MAX_SAMPLES
from ama.scores.kinds.kind import SampleKind
from ama.scores.noise_regression import N_LAYERS, NoiseNetwork, fit_noise_network, log_noise
from ama.scores.terms.row_term import RowTerm
from ama.settings import Settings

PER_STEP = 3  # steps of the network for each of the game's, at most: a short fit is short


class NoiseLevel(RowTerm):
    """Logarithm of the noise that a network finds in a row, in standard deviations of a column."""

    does = "learns how noisy rows are"
    max_samples = MAX_SAMPLES

    def __init__(self, kind: SampleKind, settings: Settings):
        super().__init__(kind, settings)
        steps, game = settings.noise_steps, settings.max_steps
        self.steps = steps if game is None else min(steps, PER_STEP * game)
        for layer in range(N_LAYERS):
            self.register_buffer(f"weight_{layer}", empty(0, 0))
            self.register_buffer(f"bias_{layer}", empty(0))

    @classmethod
    def check(cls, kind: SampleKind, settings: Settings) -> None:
        if not settings.noise_steps:
            raise InputError(
                f"scoring={settings.scoring!r} {cls.does}, so noise_steps must be 1 or more, found 0"
            )
        super().check(kind, settings)

    @classmethod
    def suits(cls, kind: SampleKind, settings: Settings) -> bool:
        return kind.symmetric_distances and not kind.best_whitened and settings.noise_steps > 0

    def fit(self, parts: Sequence[Float[Tensor, "_ d"]], seed: int) -> None:
        for layer, (weight, bias) in enumerate(
            zip(*fit_noise_network(torch.cat(list(parts)), self.steps, seed), strict=True)
        ):
            setattr(self, f"weight_{layer}", weight)
            setattr(self, f"bias_{layer}", bias)

    def value(self, features: Float[Tensor, "b d"]) -> Float[Tensor, " b"]:
        return log_noise(features, self._network)

    @property
    def _network(self) -> NoiseNetwork:
        layers = range(N_LAYERS)
        return NoiseNetwork(
            [getattr(self, f"weight_{layer}") for layer in layers],
            [getattr(self, f"bias_{layer}") for layer in layers],
        )
