"""A trained model: the networks with the statistics of normal samples that turn features into scores."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import torch
from jaxtyping import Float, Shaped
from torch import Tensor, nn

from ama import scoring
from ama.density import Gaussian, Mixture, fit_gaussian, fit_mixture
from ama.errors import DivergenceError
from ama.networks import Networks
from ama.networks.folding import folded
from ama.networks.turns import is_mirror_symmetric, turned
from ama.settings import Settings

SETTLING_ITERATIONS = 15
CHUNK = 256  # samples scored at a time: memory stays constant whatever their number


class Scores(NamedTuple):
    """Scores of b samples, each of shape (b,), float64."""

    r_score: Tensor  # Eq. 5
    a_score: Tensor  # logarithm of Eq. 6
    score: Tensor  # the one that decides, higher = more normal


class Measured(NamedTuple):
    """What the networks say of b samples, in float64; empty where the settings' score does not ask for it."""

    code: Float[Tensor, "b d"]
    r_score: Float[Tensor, " b"]
    vector: Float[Tensor, "b n"]
    turn: Float[Tensor, " b"]


class Model(nn.Module):
    """Networks and statistics. Its ``state_dict`` and the arguments below are all there is to store.

    Parameters
    ----------
    shape
        (channels, height, width) of an image, or (columns,) of a row.
    settings
        Of the fit.
    dtype
        Of raw samples: uint8, or float32 in [0, 1], for images; float64 for rows.
    n_components
        Components of the joint score's mixture.
    n_calibration
        Held-out normal samples behind the p-values.
    """

    r_mean: Tensor
    r_std: Tensor
    gaussian_mean: Tensor
    gaussian_precision: Tensor
    term_mean: Tensor
    term_std: Tensor
    symmetric: Tensor
    calibration: Tensor

    def __init__(
        self,
        shape: tuple[int, ...],
        settings: Settings,
        dtype: torch.dtype,
        n_components: int = 0,
        n_calibration: int = 0,
    ):
        super().__init__()
        self.shape, self.settings, self.dtype = shape, settings, dtype
        # A tuple, so that the copy for scoring is no part of the state.
        self._scorer: tuple[Networks, list[Tensor]] | None = None
        self.networks = Networks(shape, settings)
        n_features = settings.latent_dim + 1
        n_vector = self.networks.discriminator.n_statistics if "vector" in settings.terms else 0
        self.register_buffer("r_mean", torch.zeros((), dtype=torch.float64))
        self.register_buffer("r_std", torch.ones((), dtype=torch.float64))
        self.register_buffer("term_mean", torch.zeros(len(settings.terms), dtype=torch.float64))
        self.register_buffer("term_std", torch.ones(len(settings.terms), dtype=torch.float64))
        self.register_buffer("symmetric", torch.zeros((), dtype=torch.bool))
        self.register_buffer("calibration", torch.zeros(n_calibration, dtype=torch.float64))
        self._set_density(
            "gaussian",
            Gaussian(
                torch.zeros(n_vector, dtype=torch.float64),
                torch.zeros(n_vector, n_vector, dtype=torch.float64),
            ),
        )
        self._set_density(
            "mixture",
            Mixture(
                torch.zeros(n_components, dtype=torch.float64),
                torch.zeros(n_components, n_features, dtype=torch.float64),
                torch.zeros(n_components, n_features, n_features, dtype=torch.float64),
            ),
        )

    def fill(self, tensors: Mapping[str, Tensor]) -> Model:
        """Take over a whole ``state_dict``, and be ready to score."""
        # assign keeps the stored type: the networks of rows are float64 after their training.
        self._scorer = None
        self.load_state_dict(tensors, assign=True)
        # The memory layout is not stored, and another would sum in another order.
        self.networks.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        return self.eval()

    def __reduce__(self) -> Any:
        # The copy for scoring need not travel: it is made anew from the state.
        sizes = len(self.mixture.weights), len(self.calibration)
        return _unpickle, (self.shape, self.settings, self.dtype, *sizes, self.state_dict())

    @property
    def mixture(self) -> Mixture:
        """The Gaussian mixture of the joint score."""
        return Mixture(*(getattr(self, f"mixture_{name}") for name in Mixture._fields))

    @property
    def gaussian(self) -> Gaussian:
        """The Gaussian of the vector score."""
        return Gaussian(self.gaussian_mean, self.gaussian_precision)

    def _set_density(self, prefix: str, density: Mixture | Gaussian) -> None:
        for name, value in density._asdict().items():
            self.register_buffer(f"{prefix}_{name}", value.to(self.r_mean.device))

    def finish(
        self,
        statistics: Shaped[Tensor, "n ..."],
        unseen: Shaped[Tensor, "k ..."],
        calibration: Shaped[Tensor, "m ..."],
        seed: int,
    ) -> None:
        """Fit what the scores need on normal samples, after training.

        Parameters
        ----------
        statistics
            Raw normal samples for the mean and spread of R and for the densities.
        unseen
            Raw normal samples, not trained on, that put the terms of a sum on one scale.
        calibration
            Other raw normal samples, not trained on, for the threshold and the p-values.

        Raises
        ------
        DivergenceError
            If the R-scores are not finite or all the same.
        """
        self._scorer = None
        # The weights may be an average, of which the last iteration's singular vectors are not quite those.
        self.networks.discriminator.iterate(SETTLING_ITERATIONS)
        if len(self.shape) == 1:
            # Rows cost little: in float64 a score does not depend on the batch that it comes in.
            self.networks.double()
        self.fit_statistics(statistics, seed)
        if "turn" in self.settings.terms:
            self.symmetric.fill_(is_mirror_symmetric(statistics))
        if self.settings.terms:
            self._fit_terms(unseen)
        scores = self.scores(calibration).score
        # A score's last digits depend on the batch it comes in. With this slack, which only makes p-values larger,
        # no sample is flagged for differing from its own twin.
        self.calibration = scores - self.rounding * (1 + scores.abs())

    @property
    def rounding(self) -> float:
        """Bound on the relative rounding error of a score."""
        if self._scores_in_bfloat16:
            return 1e-3
        return float(torch.finfo(self.networks.encoder_dtype).eps ** 0.75)

    @torch.no_grad()
    def fit_statistics(self, raw: Shaped[Tensor, "n ..."], seed: int) -> None:
        """The mean and spread of R over normal samples (Eq. 6), and the joint score's mixture."""
        moments = scoring.RunningMoments()
        parts = []
        for part in self._measure(raw):
            moments.update(part.r_score)
            parts.append(part)
        if not (moments.std > 0 and moments.std < float("inf")):
            raise DivergenceError(
                f"the R-scores of the normal samples have mean {moments.mean:g} and spread {moments.std:g}, so the "
                "critic learned nothing to score by; try a smaller learning_rate or another loss"
            )
        self.r_mean.fill_(moments.mean)
        self.r_std.fill_(moments.std)
        if self.settings.scoring == "joint":
            features = [scoring.joint_features(part.code, part.r_score, self._floor) for part in parts]
            self._set_density("mixture", fit_mixture(torch.cat(features), seed))
        if "vector" in self.settings.terms:
            self._set_density("gaussian", fit_gaussian(torch.cat([part.vector for part in parts])))

    @torch.no_grad()
    def _fit_terms(self, raw: Shaped[Tensor, "k ..."]) -> None:
        logs = scoring.log_terms(torch.cat([self._terms(part) for part in self._measure(raw)]))
        self.term_mean.copy_(logs.mean(0))
        spread = logs.std(0, correction=0)
        self.term_std.copy_(torch.where(spread > 0, spread, torch.ones_like(spread)))

    @torch.no_grad()
    def scores(self, raw: Shaped[Tensor, "b ..."]) -> Scores:
        """R-score, log A-score and deciding score of raw samples."""
        parts = [self._score(part) for part in self._measure(raw)]
        return Scores(*(torch.cat(values) for values in zip(*parts, strict=True)))

    @torch.no_grad()
    def reconstruct(self, raw: Shaped[Tensor, "b ..."]) -> Float[Tensor, "b ..."]:
        """G(E(x)) in the units of the raw samples."""
        return torch.cat([self.networks.restore(self.networks.reconstruct(x)) for x in self._chunks(raw)])

    @torch.no_grad()
    def anomaly_map(self, raw: Shaped[Tensor, "b ..."]) -> Float[Tensor, "b ..."]:
        """Share of every pixel in the R-score, shape (b, height, width); of every column, shape (b, columns), for rows.

        An image's map sums to its R-score over the pixels. A row's map is its standardised absolute
        reconstruction error.
        """
        maps = []
        weights = self.networks.discriminator.weights()
        for x in self._chunks(raw):
            reconstruction = self.networks.reconstruct(x)
            if x.ndim == 2:
                maps.append((x - reconstruction).abs())
                continue
            same, other = (self.networks.discriminator.maps(x, y, weights)[-1] for y in (x, reconstruction))
            coarse = scoring.r_map(same, other)[:, None]
            fine = nn.functional.interpolate(coarse, x.shape[2:], mode="bilinear")
            fine *= coarse[0].numel() / fine[0].numel()
            # Interpolation keeps the sum, which is what has a meaning, only roughly.
            missing = coarse.sum((2, 3), keepdim=True) - fine.sum((2, 3), keepdim=True)
            maps.append((fine + missing / fine[0].numel()).squeeze(1))
        return torch.cat(maps)

    @property
    def _floor(self) -> float:
        return 1e-6 * self.r_mean.item()

    def _score(self, found: Measured) -> Scores:
        r = found.r_score
        a = scoring.a_score(r, self.r_mean.item(), self.r_std.item())
        if self.settings.terms:
            return Scores(r, a, scoring.sum_of_terms(self._terms(found), self.term_mean, self.term_std))
        if self.settings.scoring == "joint":
            features = scoring.joint_features(found.code, r, self._floor)
            return Scores(r, a, scoring.joint_score(features, *self.mixture))
        return Scores(r, a, a if self.settings.scoring == "a_score" else -r)

    def _terms(self, found: Measured) -> Float[Tensor, "b t"]:
        terms = {
            "vector": lambda: scoring.mahalanobis(found.vector, *self.gaussian),
            "turn": lambda: found.turn,
        }
        return torch.stack([terms[name]() for name in self.settings.terms], 1)

    def _measure(self, raw: Shaped[Tensor, "b ..."]) -> Iterator[Measured]:
        """What the scores are made of, chunk by chunk."""
        if self._scorer is None:
            networks = folded(self.networks)
            self._scorer = networks, networks.discriminator.weights()
        networks, weights = self._scorer
        critic = networks.discriminator
        for x in self._chunks(raw):
            with torch.autocast(x.device.type, torch.bfloat16, enabled=self._scores_in_bfloat16):
                code = networks.encoder(x)
                others = critic.maps(x, networks.generator(code), weights)
                same = critic.maps(x, x, weights)
                r = scoring.r_score(critic.pool(same[-1]), critic.pool(others[-1]))
                vector, turn = r.new_empty(len(x), 0), r.new_empty(0)
                if "vector" in self.settings.terms:
                    vector = scoring.pair_statistics(same, others)
                if "turn" in self.settings.terms:
                    lasts = [same[-1], *(critic.maps(y, y, weights)[-1] for y in turned(x)[1:])]
                    turn = self._turn_surprise(lasts)
                    if self.symmetric:
                        mirrored = [critic.maps(y, y, weights)[-1] for y in turned(x.flip(3))]
                        turn = turn + self._turn_surprise(mirrored)
            yield Measured(code.double(), r.double(), vector.double(), turn.double())

    def _turn_surprise(self, lasts: list[Tensor]) -> Float[Tensor, " b"]:
        critic = self.networks.discriminator
        return scoring.turn_surprise(torch.stack([critic.turn_logits(last) for last in lasts], 1))

    @property
    def _scores_in_bfloat16(self) -> bool:
        return len(self.shape) == 3 and self.settings.scoring_precision == "bfloat16"

    def _apply(self, fn: Any, recurse: bool = True) -> Model:
        self._scorer = None  # the original moves to another device or type
        return super()._apply(fn, recurse)

    def _chunks(self, raw: Shaped[Tensor, "b ..."]) -> Iterator[Float[Tensor, "c ..."]]:
        """Normalised chunks, on the model's device and in evaluation mode."""
        self.eval()
        for part in raw.split(CHUNK):
            yield self.networks.normalise(part.to(self.r_mean.device))


def _unpickle(
    shape: tuple[int, ...],
    settings: Settings,
    dtype: torch.dtype,
    n_components: int,
    n_calibration: int,
    tensors: Mapping[str, Tensor],
) -> Model:
    return Model(shape, settings, dtype, n_components, n_calibration).fill(tensors)
