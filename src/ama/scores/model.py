"""A trained model: the networks with the statistics of normal samples that turn features into scores."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, TypeVar

import torch
from jaxtyping import Float, Shaped
from torch import Tensor, nn

from ama.decision import conformal
from ama.errors import DivergenceError
from ama.networks.folding import folded
from ama.networks.networks import Networks
from ama.networks.rotations import n_rotations, rotated
from ama.scores import anomaly_maps as maps
from ama.scores import scoring
from ama.scores.densities import Gaussian, MemoryBank, Mixture, fit_gaussian, fit_memory_bank, fit_mixture
from ama.scores.synthetic_anomalies import synthetic_anomalies
from ama.settings import Settings
from ama.utils.random_generators import generator_for

Density = TypeVar("Density", Gaussian, MemoryBank, Mixture)

SETTLING_ITERATIONS = 15
MAP_SAMPLES = 1000  # normal samples that the weights of a map's levels are taken from
MAX_COLUMNS = 1000  # of more, a column's expected value does not depend on the others
CHUNK = 256  # samples scored at a time: memory stays constant whatever their number


class Scores(NamedTuple):
    """Scores of b samples, float64."""

    r_score: Float[Tensor, " b"]  # Eq. 5
    a_score: Float[Tensor, " b"]  # logarithm of Eq. 6
    score: Float[Tensor, " b"]  # the one that decides, higher = more normal
    terms: Float[Tensor, "b t"]  # what it adds up, not standardised, higher = more anomalous


class Measured(NamedTuple):
    """What the networks say of b samples, in float64; empty where the settings' score does not ask for it."""

    code: Float[Tensor, "b d"]
    r_score: Float[Tensor, " b"]
    vector: Float[Tensor, "b n"]  # of the pair
    turned: Float[Tensor, "b q"]  # of the turned pairs
    turn: Float[Tensor, " b"]  # surprise at the turns


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
    n_points
        Normal samples in the banks of vectors.
    n_calibration
        Held-out normal samples behind the p-values.
    """

    r_mean: Tensor
    r_std: Tensor
    term_mean: Tensor
    term_std: Tensor
    term_weight: Tensor
    map_weight: Tensor
    calibration: Tensor

    def __init__(
        self,
        shape: tuple[int, ...],
        settings: Settings,
        dtype: torch.dtype,
        n_components: int = 0,
        n_points: int = 0,
        n_calibration: int = 0,
    ):
        super().__init__()
        self.shape, self.settings, self.dtype = shape, settings, dtype
        # A tuple, so that the copy for scoring is no part of the state.
        self._scorer: tuple[Networks, list[Tensor]] | None = None
        self.networks = Networks(shape, settings)
        self.terms = settings.terms(shape)
        critic = self.networks.discriminator
        n_features = settings.latent_dim + 1
        # Without its term a density is empty.
        sizes = {
            "mahalanobis": critic.n_statistics,
            "memory_bank": critic.n_statistics,
            "rotated_memory_bank": n_rotations(shape) * critic.n_channels,
        }
        n_columns = shape[0] if len(shape) == 1 else 0
        n_related = n_columns if n_columns <= MAX_COLUMNS else 0
        n_vector, n_pair, n_turned = (n if term in self.terms else 0 for term, n in sizes.items())
        densities: dict[str, Gaussian | MemoryBank | Mixture] = {
            "row": Gaussian(_zeros(n_columns), _zeros(n_related, n_related)),
            "mahalanobis": Gaussian(_zeros(n_vector), _zeros(n_vector, n_vector)),
            "memory_bank": MemoryBank(
                _zeros(n_pair), _zeros(n_pair, n_pair), _zeros(n_points if n_pair else 0, n_pair)
            ),
            "rotated_memory_bank": MemoryBank(
                _zeros(n_turned), _zeros(n_turned, n_turned), _zeros(n_points if n_turned else 0, n_turned)
            ),
            "latent_density": Mixture(
                _zeros(n_components),
                _zeros(n_components, n_features),
                _zeros(n_components, n_features, n_features),
            ),
        }
        for prefix, density in densities.items():
            self._set_density(prefix, density)
        for name, value in (
            ("r_mean", _zeros()),
            ("r_std", _zeros() + 1),
            ("term_mean", _zeros(len(self.terms))),
            ("term_std", _zeros(len(self.terms)) + 1),
            ("term_weight", _zeros(len(self.terms)) + 1),
            ("map_weight", _zeros(critic.n_levels)),
            ("calibration", _zeros(n_calibration)),
        ):
            self.register_buffer(name, value)

    def description(self) -> dict[str, Any]:
        """See :class:`ama.io.model_folder.Storable`."""
        return {
            "settings": dataclasses.asdict(self.settings),
            "n_components": self.n_components,
            "n_points": self.n_points,
            "n_calibration": len(self.calibration),
        }

    @classmethod
    def described(cls, shape: tuple[int, ...], dtype: torch.dtype, description: dict[str, Any]) -> Model:
        """See :class:`ama.io.model_folder.Storable`."""
        # A list in JSON where the settings have a tuple.
        given: dict[str, Any] = {
            k: tuple(v) if isinstance(v, list) else v for k, v in description["settings"].items()
        }
        sizes = (int(description[name]) for name in ("n_components", "n_points", "n_calibration"))
        return cls(shape, Settings(**given), dtype, *sizes)

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
        return _unpickle, (self.shape, self.dtype, self.description(), self.state_dict())

    @property
    def n_components(self) -> int:
        """Components of the joint score's mixture."""
        return len(self._density("latent_density", Mixture).weights)

    @property
    def n_points(self) -> int:
        """Normal samples in the banks."""
        return max(
            len(self._density(name, MemoryBank).points) for name in ("memory_bank", "rotated_memory_bank")
        )

    def _density(self, prefix: str, kind: type[Density]) -> Density:
        return kind(*(getattr(self, f"{prefix}_{name}") for name in kind._fields))

    def _set_density(self, prefix: str, density: Mixture | Gaussian | MemoryBank) -> None:
        device = self.networks.shift.device
        for name, value in density._asdict().items():
            self.register_buffer(f"{prefix}_{name}", value.to(device))

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
        if len(self.terms) > 1:
            self._fit_terms(unseen, seed)
        self.calibrate(calibration)

    def calibrate(self, raw: Shaped[Tensor, "m ..."]) -> None:
        """Keep the scores of normal samples that nothing was fitted to, for the threshold and the p-values."""
        self.calibration = conformal.calibration_scores(self.score(raw), self.rounding)

    @property
    def rounding(self) -> float:
        """Bound on the relative rounding error of a score."""
        if self._scores_in_bfloat16:
            return 1e-3
        return float(torch.finfo(self.networks.weights_dtype).eps ** 0.75)

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
        if len(self.shape) == 3:
            seen = self._chunks(raw[:MAP_SAMPLES])
            self.map_weight.copy_(maps.level_weights(map(self._differences, seen), moments.mean))
        else:
            self._fit_rows(torch.cat(list(self._chunks(raw))).double())
        dtype = self.networks.weights_dtype
        if "latent_density" in self.terms:
            features = [scoring.latent_features(part.code, part.r_score, self._floor) for part in parts]
            self._set_density("latent_density", fit_mixture(torch.cat(features), seed))
        vectors = torch.cat([part.vector for part in parts]).to(dtype)
        if "mahalanobis" in self.terms:
            self._set_density("mahalanobis", fit_gaussian(vectors))
        if "memory_bank" in self.terms:
            self._set_density("memory_bank", fit_memory_bank(vectors, seed))
        if "rotated_memory_bank" in self.terms:
            self._set_density(
                "rotated_memory_bank",
                fit_memory_bank(torch.cat([part.turned for part in parts]).to(dtype), seed),
            )

    def _fit_rows(self, x: Float[Tensor, "n d"]) -> None:
        """How the columns of normalised rows go together."""
        if x.shape[1] <= MAX_COLUMNS:
            self._set_density("row", fit_gaussian(x))
        else:
            self._set_density("row", Gaussian(x.mean(0), _zeros(0, 0)))

    @torch.no_grad()
    def _fit_terms(self, raw: Shaped[Tensor, "k ..."], seed: int) -> None:
        """Scale and weight of each term, from normal samples that were not trained on."""

        def terms(x: Tensor) -> Tensor:
            return torch.cat([self._terms(part) for part in self._measure(x)])

        normal = terms(raw)
        self.term_mean.copy_(normal.mean(0))
        spread = normal.std(0, correction=0)
        self.term_std.copy_(torch.where(spread > 0, spread, torch.ones_like(spread)))
        if self.settings.scoring == "auto":
            unusual = synthetic_anomalies(raw, generator_for(seed, 6))
            weights = scoring.term_weights(normal, [terms(x) for x in unusual.values()])
            self.term_weight.copy_(weights)

    @torch.no_grad()
    def scores(self, raw: Shaped[Tensor, "b ..."]) -> Scores:
        """R-score, log A-score and deciding score of raw samples."""
        parts = [self._score(part) for part in self._measure(raw)]
        return Scores(*(torch.cat(values) for values in zip(*parts, strict=True)))

    def score(self, raw: Shaped[Tensor, "b ..."]) -> Float[Tensor, " b"]:
        """The deciding score of raw samples, higher = more normal."""
        return self.scores(raw).score

    def named_scores(self, raw: Shaped[Tensor, "b ..."]) -> dict[str, Float[Tensor, " b"]]:
        """The deciding score, Eq. 6 and minus Eq. 5 of raw samples, higher = more normal."""
        found = self.scores(raw)
        return {"score": found.score, "a_score": found.a_score, "r_score": -found.r_score}

    @torch.no_grad()
    def encode(self, raw: Shaped[Tensor, "b ..."]) -> Float[Tensor, "b d"]:
        """E(x) of raw samples."""
        return torch.cat([self.networks.encoder(x) for x in self._chunks(raw)])

    @torch.no_grad()
    def reconstruct(self, raw: Shaped[Tensor, "b ..."]) -> Float[Tensor, "b ..."]:
        """G(E(x)) in the units of the raw samples."""
        return torch.cat([self.networks.restore(self.networks.reconstruct(x)) for x in self._chunks(raw)])

    @torch.no_grad()
    def anomaly_map(self, raw: Shaped[Tensor, "b ..."]) -> Float[Tensor, "b ..."]:
        """What every pixel has to do with the score, shape (b, height, width); every column, (b, columns), for rows.

        Maps of normal images add up to their R-score on average; none is below 0. A row's map says by how much its
        score would rise if the column had the value that the others lead one to expect (:mod:`ama.scores.anomaly_maps`).
        """
        if len(self.shape) == 1:
            return self._rises(raw)
        parts = [maps.anomaly_map(self._differences(x), self.map_weight) for x in self._chunks(raw)]
        return torch.cat(parts)

    @torch.no_grad()
    def expected(self, raw: Shaped[Tensor, "b d"]) -> Float[Tensor, "b d"]:
        """The value of each column of raw rows that the others of its row lead one to expect."""
        mean, precision = self._density("row", Gaussian)
        known = precision if len(precision) else None
        parts = [maps.expected_values(x.double(), mean, known) for x in self._chunks(raw)]
        return self.networks.restore(torch.cat(parts))

    def _rises(self, raw: Shaped[Tensor, "b d"]) -> Float[Tensor, "b d"]:
        """By how much the score of each row would rise with one column's expected value in its place."""
        score, expected = self.score(raw), self.expected(raw)
        rises = []
        for column in range(raw.shape[1]):
            changed = raw.double().clone()
            changed[:, column] = expected[:, column]
            rises.append(self.score(changed) - score)
        return torch.stack(rises, 1)

    def _differences(self, x: Float[Tensor, "b c h w"]) -> list[Float[Tensor, "b _ _"]]:
        """How far apart a normalised image and its reconstruction are on every level."""
        critic = self.networks.discriminator
        weights = critic.weights()
        reconstruction = self.networks.reconstruct(x)
        same, others = (critic.maps(x, y, weights) for y in (x, reconstruction))
        return maps.difference_maps(x, reconstruction, same, others)

    @property
    def _floor(self) -> float:
        return 1e-6 * self.r_mean.item()

    def _score(self, found: Measured) -> Scores:
        r = found.r_score
        a = scoring.a_score(r, self.r_mean.item(), self.r_std.item())
        if self.terms:
            terms = self._terms(found)
            scaled = self.term_mean, self.term_std, self.term_weight
            # A term by itself has no scale, and nothing beside it that it could outvote.
            bound = self.settings.term_bound if len(self.terms) > 1 else 0.0
            total = scoring.sum_of_terms(terms, *scaled, bound)
            return Scores(r, a, total, terms)
        return Scores(r, a, a if self.settings.scoring == "a_score" else -r, r.new_empty(len(r), 0))

    def _terms(self, found: Measured) -> Float[Tensor, "b t"]:
        """A column for each term of the score, higher for more anomalous samples."""
        return torch.stack([self._term(name, found) for name in self.terms], 1)

    def _term(self, name: str, found: Measured) -> Float[Tensor, " b"]:
        if name == "latent_density":
            features = scoring.latent_features(found.code, found.r_score, self._floor)
            return -scoring.mixture_log_density(features, *self._density("latent_density", Mixture))
        if name == "rotation":
            return scoring.log_term(found.turn)
        if name == "mahalanobis":
            return scoring.log_term(
                scoring.mahalanobis(found.vector, *self._density("mahalanobis", Gaussian))
            )
        vectors = found.vector if name == "memory_bank" else found.turned
        return scoring.nearest_distance(vectors, *self._density(name, MemoryBank)).log()

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
                vector, around, turn = r.new_empty(len(x), 0), r.new_empty(len(x), 0), r.new_empty(0)
                if {"mahalanobis", "memory_bank"} & set(self.terms):
                    vector = scoring.pair_statistics(same, others)
                if {"rotated_memory_bank", "rotation"} & set(self.terms):
                    turns = [same, *(critic.maps(y, y, weights) for y in rotated(x)[1:])]
                    if "rotated_memory_bank" in self.terms:
                        around = scoring.rotated_statistics(turns)
                    if "rotation" in self.terms:
                        logits = torch.stack([critic.rotation_logits(maps[-1]) for maps in turns], 1)
                        turn = scoring.rotation_surprise(logits)
            yield Measured(code.double(), r.double(), vector.double(), around.double(), turn.double())

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
    shape: tuple[int, ...], dtype: torch.dtype, description: dict[str, Any], tensors: Mapping[str, Tensor]
) -> Model:
    return Model.described(shape, dtype, description).fill(tensors)


def _zeros(*shape: int) -> Tensor:
    return torch.zeros(*shape, dtype=torch.float64) if shape else torch.zeros((), dtype=torch.float64)
