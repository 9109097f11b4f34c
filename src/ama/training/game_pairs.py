"""The pairs of one batch that D rates: everything that E and G compute in a step."""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Float, Shaped
from torch import Generator, Tensor

from ama.networks.networks import Networks
from ama.networks.running_statistics import fixed_statistics
from ama.objective.latent import NEGATIVES, simplex_interpolation
from ama.settings import Settings

Pair = tuple[Tensor, Tensor]
# By name: same (x, x), reconstruction (x, G(E(x))), interpolated, and Eq. 4's negative_same and negative.
Pairs = dict[str, Pair]


class GamePairs(NamedTuple):
    """The pairs of a batch, and the encodings of its normal samples."""

    pairs: Pairs
    code: Float[Tensor, "b d"]


class PairMaker:
    """Makes the pairs of a batch.

    The samples that E and G see in training mode decide the running statistics of batch normalisation: the normal
    ones and what is interpolated between them, and with ``negative_batch="mixed"`` the negatives of the mixed batch.
    Every other negative is normalised by the running statistics and leaves them as they are. With
    ``negative_pairs="mismatched"`` no negative passes through E; in a mixed batch those that they replace do.

    Parameters
    ----------
    networks
        E and G.
    settings
        Of the fit.
    anomalies
        Known raw anomalies, which replace synthetic ones in Eq. 4; or None.
    """

    def __init__(
        self, networks: Networks, settings: Settings, anomalies: Shaped[Tensor, "m ..."] | None = None
    ):
        self.networks, self.settings, self.anomalies = networks, settings, anomalies
        self.has_negatives = settings.lambda_neg > 0 and settings.negatives != "none"
        self.mismatched = anomalies is None and settings.negative_pairs == "mismatched"

    def pairs(self, x: Float[Tensor, "b ..."], with_negatives: bool, random: Generator) -> GamePairs:
        """All pairs that the settings ask for.

        Parameters
        ----------
        x
            Normalised normal samples, at least two.
        with_negatives
            Whether Eq. 4 takes part already.
        random
            Source of random numbers.
        """
        if not (with_negatives and self.has_negatives):
            code, reconstruction = self._reconstructed(x)
            return GamePairs(self._normal(x, code, reconstruction, random), code)
        m = min(max(1, round(self.settings.negative_share * len(x))), len(x) - 1)
        mixed = self.settings.negative_batch == "mixed"
        if mixed and not self.mismatched:
            return self._in_one_batch(x[m:], m, random)
        code, reconstruction = self._reconstructed(x)
        normal = slice(m, None) if mixed else slice(None)
        pairs = self._normal(x[normal], code[normal], reconstruction[normal], random)
        with fixed_statistics(self.networks.encoder, self.networks.generator):
            anomaly = self._anomalies(code, m, random)
            first, second = (
                (x[:m], anomaly) if self.mismatched else (anomaly, self._reconstructed(anomaly)[1])
            )
        negatives = {"negative_same": (first, first), "negative": (first, second)}
        return GamePairs(pairs | negatives, code[normal])

    def _in_one_batch(self, x: Float[Tensor, "n ..."], m: int, random: Generator) -> GamePairs:
        """The pairs of n normal samples and m negatives that pass through E and G together."""
        n = len(x)
        with torch.no_grad(), fixed_statistics(self.networks.encoder, self.networks.generator):
            anomaly = self._anomalies(self._encoded(x), m, random)
        codes, reconstructions = self._reconstructed(torch.cat([x, anomaly]))
        pairs = self._normal(x, codes[:n], reconstructions[:n], random)
        negatives = {"negative_same": (anomaly, anomaly), "negative": (anomaly, reconstructions[n:])}
        return GamePairs(pairs | negatives, codes[:n])

    def _normal(self, x: Tensor, code: Tensor, reconstruction: Tensor, random: Generator) -> Pairs:
        """The pairs of Eq. 3."""
        settings = self.settings
        pairs = {"same": (x, x), "reconstruction": (x, reconstruction)}
        if settings.lambda_inter and len(x) > 1:  # of a mixed batch, a single sample may be left
            # Batch normalisation needs two.
            m = min(len(x), max(2, round(settings.interpolated_share * len(x))))
            ends = code.detach() if settings.detached else code
            mixed = simplex_interpolation(ends, settings.n_interpolated, random, settings.interpolation)
            pairs["interpolated"] = x[:m], self._generated(mixed[:m])
        return pairs

    def _anomalies(self, code: Float[Tensor, "b d"], m: int, random: Generator) -> Tensor:
        """Known anomalies, drawn at random, or G(z_neg)."""
        if self.anomalies is not None:
            drawn = self.anomalies[torch.randint(len(self.anomalies), (m,), generator=random)]
            return self.networks.normalise(drawn.to(code.device))
        settings = self.settings
        z = NEGATIVES[settings.negatives](code, m, settings.delta, settings.direction, random)
        generated = self._generated(z)
        return generated.detach() if settings.detached else generated

    def _encoded(self, x: Tensor) -> Tensor:
        return self.networks.encoder(x).to(x.dtype)

    def _generated(self, z: Tensor) -> Tensor:
        return self.networks.generator(z).to(z.dtype)

    def _reconstructed(self, x: Tensor) -> tuple[Tensor, Tensor]:
        code = self._encoded(x)
        return code, self._generated(code)
