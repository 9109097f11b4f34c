"""A trained model: the networks, and the statistics of normal samples that turn their features into scores."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, cast, get_type_hints

import torch
from jaxtyping import Float, Shaped
from torch import Tensor

from ama.decision.score_bounds import bounded
from ama.features.backbone import Backbone
from ama.features.loading import described_backbone, description_of, prepare_backbone, weights_again
from ama.io.typed_values import check_values
from ama.scores.combination import Combination
from ama.scores.densities import MAX_SAMPLES
from ama.scores.map_contract import Groups
from ama.scores.model_calibration import CalibratedNetworks
from ama.scores.place_gaussians import PlaceGaussians
from ama.scores.terms.known_anomalies import known_weight
from ama.scores.terms.row_term import RowTerm
from ama.scores.terms.term import Term, see_places
from ama.scores.terms.term_registry import build_terms, chosen_terms, fits_terms, is_weighed
from ama.settings import NO_FEATURES, Settings
from ama.utils.declarations import check
from ama.utils.progress import phase, showing
from ama.utils.random_generators import generator_for

BACKBONE = "backbone."  # prefix of the names of its tensors
MIN_CUT = 20  # images that are cut behind the statistics, however many tiles they have


class Scores(NamedTuple):
    """Scores of b samples, float64."""

    score: Float[Tensor, " b"]  # the deciding one, higher = more normal
    terms: dict[str, Float[Tensor, " b"]]  # by name, not standardised, higher = more anomalous


class Model(CalibratedNetworks):
    """Networks and statistics of normal samples.

    Parameters
    ----------
    shape
        (channels, height, width) of an image, or (columns,) of a row.
    settings
        Of the fit.
    dtype
        Of raw samples: uint8, or float32 in [0, 1], for images; float64 for rows.
    reported
        Terms that are computed besides those of the score.
    deciding
        Terms of the score; by default those that the settings choose.
    backbone
        The frozen network of ``settings.features``, if there is one.

    Attributes
    ----------
    terms
        Every term by its name, those of the score first.
    combination
        Scale and weights of the terms of the score.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        settings: Settings,
        dtype: torch.dtype,
        reported: Sequence[str] = (),
        deciding: Sequence[str] | None = None,
        backbone: Backbone | None = None,
    ):
        super().__init__(shape, settings, dtype, backbone)
        self.deciding = tuple(chosen_terms(settings, self.kind) if deciding is None else deciding)
        self.terms = build_terms(dict.fromkeys((*self.deciding, *reported)), self.kind, settings)
        self.gaussians = PlaceGaussians() if any(t.needs_gaussians for t in self._named(self.terms)) else None
        self.combination = Combination(
            len(self.deciding), settings.term_bound, settings.combination == "maximum"
        )
        self.map = self.kind.anomaly_map()
        self._register_calibration()

    def description(self) -> dict[str, Any]:
        """See :class:`ama.io.storable.Storable`."""
        return {
            "settings": dataclasses.asdict(self.settings),
            "deciding": list(self.deciding),
            "reported": [name for name in self.terms if name not in self.deciding],
            **({} if self.backbone is None else {"backbone": description_of(self.backbone)}),
        }

    @classmethod
    def described(cls, shape: tuple[int, ...], dtype: torch.dtype, description: dict[str, Any]) -> Model:
        """See :class:`ama.io.storable.Storable`."""
        given, deciding = description["settings"], tuple(description["deciding"])
        check_values(given, get_type_hints(Settings), "settings")
        check(given, Settings)
        settings = Settings(**given)
        if not deciding or not fits_terms(settings, deciding):
            raise ValueError(
                f"settings: scoring is {settings.scoring!r}, but its terms are {', '.join(deciding)}"
            )
        if (settings.features != NO_FEATURES) != ("backbone" in description):
            raise ValueError(f"settings: features is {settings.features!r}, which does not fit its backbone")
        backbone = described_backbone(description["backbone"]) if "backbone" in description else None
        return cls(shape, settings, dtype, description["reported"], deciding, backbone)

    @classmethod
    def outline(cls, shape: tuple[int, ...], dtype: torch.dtype, description: dict[str, Any]) -> Model:
        """See :class:`ama.io.storable.Storable`."""
        if "backbone" in description:
            prepare_backbone(description["backbone"])
        return super().outline(shape, dtype, description)

    def stored(self) -> dict[str, Tensor]:
        """See :class:`ama.io.storable.Storable`."""
        by_reference = self.settings.features_by_reference
        state = self.state_dict()
        return {name: t for name, t in state.items() if not (by_reference and name.startswith(BACKBONE))}

    def left_out(self) -> dict[str, Tensor]:
        """See :class:`ama.io.storable.Storable`."""
        if self.backbone is None or not self.settings.features_by_reference:
            return {}
        found = weights_again(self.backbone.provenance)
        return {f"{BACKBONE}{name}": tensor for name, tensor in found.items()}

    def finish(
        self,
        statistics: Shaped[Tensor, "n ..."],
        unseen: Shaped[Tensor, "k ..."],
        calibration: Shaped[Tensor, "m ..."],
        seed: int,
        known: Shaped[Tensor, "a ..."] | None = None,
        doubtful: Shaped[Tensor, "e ..."] | None = None,
        progress: bool | None = False,
        of_rows: dict[str, dict[str, Tensor]] | None = None,
    ) -> None:
        """Fit what the scores need to normal samples, after training.

        Parameters
        ----------
        statistics
            Raw normal samples for the statistics of each term.
        unseen
            Raw normal samples, not trained on, for the scale and the weights of several terms.
        calibration
            Other raw normal samples, not trained on, for the threshold and the p-values.
        seed
            Of anything random.
        known
            Raw known anomalies, for the terms that need some.
        doubtful
            Raw samples that may be normal, for the threshold and the p-values alone.
        progress
            As in :func:`ama.utils.progress.progress_bar`.
        of_rows
            Statistics of the terms on rows themselves, by name, which no network changes: taken from it where it has
            them, and otherwise put into it, for other models with the same samples and seed.

        Raises
        ------
        DivergenceError
            If the R-scores are not finite or all the same.
        """
        self.settle()
        self.fit_places(statistics, seed, progress)
        self._fit_statistics(statistics, known, seed, progress, {} if of_rows is None else of_rows)
        if len(self.deciding) > 1:
            self._fit_combination(unseen, 0 if known is None else len(known), seed, progress)
        self.calibrate(calibration if doubtful is None else torch.cat([calibration, doubtful]), progress)
        self._absorb(torch.cat([unseen, calibration]))

    @torch.no_grad()
    def _fit_statistics(
        self,
        raw: Shaped[Tensor, "n ..."],
        known: Tensor | None,
        seed: int,
        progress: bool | None,
        of_rows: dict[str, dict[str, Tensor]],
    ) -> None:
        for name in of_rows:
            self.terms[name].load_state_dict(of_rows[name], assign=True)
        named = {
            name: cast(Term, term)
            for name, term in self.terms.items()
            if name not in of_rows and cast(Term, term).has_statistics()
        }
        terms, tiles = list(named.values()), self.kind.tiles
        if self.backbone is None and tiles is not None:
            raw = raw[: max(MIN_CUT, MAX_SAMPLES // len(tiles))]  # all of their tiles
        looks = [*(term.features for term in terms), self.map.features]
        with phase(progress, len(raw), "statistics"):
            *features, of_map = self.looked_at(raw, looks, see_places(terms))
        with showing(progress):
            for term, parts in zip(terms, features, strict=True):
                if term.needs_known:
                    assert known is not None
                    [of_known] = self.looked_at(known, [term.features], term.sees_places)
                    term.fit_known(parts, of_known, seed)
                else:
                    term.fit(parts, seed)
            self.map.fit(of_map, raw, self)
        # A later change of a term puts other tensors in the places of these.
        of_rows |= {name: term.state_dict() for name, term in named.items() if isinstance(term, RowTerm)}

    @torch.no_grad()
    def _fit_combination(
        self, raw: Shaped[Tensor, "k ..."], n_known: int, seed: int, progress: bool | None
    ) -> None:
        weighed = is_weighed(self.settings)
        n = len(raw) + (self.kind.n_synthetic(raw) if weighed else 0)
        with phase(progress, n, "weights of the terms"):
            normal = self._deciding_values(raw)
            anomalies = self.kind.synthetic_anomalies(raw, generator_for(seed, 6)) if weighed else ()
            kinds = [self._deciding_values(x) for x in anomalies]
        self.combination.fit_scale(normal)
        of_known = torch.tensor([term.needs_known for term in self._named(self.deciding)])
        if weighed:
            self.combination.fit_weights(normal, kinds, ~of_known, self.settings.weight_exponent)
        self.combination.weigh_against_others(of_known, known_weight(n_known))

    @torch.no_grad()
    def _absorb(self, raw: Shaped[Tensor, "n ..."]) -> None:
        terms = [term for term in self._named(self.terms) if term.absorbs]
        features = self.looked_at(raw, [term.features for term in terms], see_places(terms)) if terms else []
        for term, parts in zip(terms, features, strict=True):
            term.absorb(torch.cat(parts))

    def scores(self, raw: Shaped[Tensor, "b ..."]) -> Scores:
        """The deciding score and every term of raw samples."""
        terms = self._values(raw, self.terms)
        return Scores(bounded(self.combination(self.of_the_score(terms))), terms)

    def score(self, raw: Shaped[Tensor, "b ..."]) -> Float[Tensor, " b"]:
        """The deciding score of raw samples, higher = more normal; no other term is computed."""
        return bounded(self.combination(self._deciding_values(raw)))

    @torch.no_grad()
    def anomaly_map(
        self, raw: Shaped[Tensor, "b ..."], groups: Groups | None = None
    ) -> Float[Tensor, "b ..."]:
        """Where the score of each sample comes from; see :meth:`ama.scores.map_contract.AnomalyMap.explain`."""
        return self.kind.joined(self.map.explain(raw, self, groups))

    @torch.no_grad()
    def expected(
        self, raw: Shaped[Tensor, "b ..."], groups: Groups | None = None
    ) -> Float[Tensor, "b ..."] | None:
        """What each number of a raw sample would normally be, if the map has such values."""
        return self.map.expected(raw, self, groups)

    @torch.no_grad()
    def trial(self, raw: Shaped[Tensor, "b ..."]) -> dict[str, Float[Tensor, " b"]]:
        """See :class:`ama.io.storable.Storable`."""
        score, terms = self.scores(raw)
        self.map.trial(raw, self)
        return {"score": score, **terms}

    def of_the_score(self, terms: Mapping[str, Float[Tensor, " b"]]) -> Float[Tensor, "b t"]:
        """The terms that the score combines, a column each."""
        return torch.stack([terms[name] for name in self.deciding], 1)

    def _deciding_values(self, raw: Shaped[Tensor, "b ..."]) -> Float[Tensor, "b t"]:
        return self.of_the_score(self._values(raw, self.deciding))

    @torch.no_grad()
    def _values(self, raw: Shaped[Tensor, "b ..."], names: Iterable[str]) -> dict[str, Float[Tensor, " b"]]:
        """Terms by name, from one forward pass that computes what they need and no more."""
        terms = self._named(names)
        passes = self.forward_passes(raw, see_places(terms))
        parts = [[term.value(term.features(forward)) for term in terms] for forward in passes]
        return {
            name: -bounded(-self.kind.per_sample(torch.cat(v)))
            for name, v in zip(names, zip(*parts, strict=True), strict=True)
        }

    def _named(self, names: Iterable[str]) -> list[Term]:
        return [cast(Term, self.terms[name]) for name in names]
