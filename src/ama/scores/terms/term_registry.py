"""Every term by its name, and the terms that make up a score."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from torch import nn

from ama.errors import InputError, as_written
from ama.scores.kinds.kind import SampleKind
from ama.scores.terms.a_score import AScore
from ama.scores.terms.known_anomalies import KnownAnomalies
from ama.scores.terms.latent_density import LatentDensity
from ama.scores.terms.local_nearest_rows import LocalNearestRows
from ama.scores.terms.mahalanobis import Mahalanobis
from ama.scores.terms.memory_bank import MemoryBank
from ama.scores.terms.nearest_images import NearestImages
from ama.scores.terms.nearest_places import NearestPlaces
from ama.scores.terms.nearest_rows import NearestRows
from ama.scores.terms.noise_level import NoiseLevel
from ama.scores.terms.place_densities import PlaceDensities
from ama.scores.terms.r_score import RScore
from ama.scores.terms.rotated_memory_bank import RotatedMemoryBank
from ama.scores.terms.rotation import Rotation
from ama.scores.terms.row_density import RowDensity
from ama.scores.terms.symmetric_nearest_rows import SymmetricNearestRows
from ama.scores.terms.symmetric_row_density import SymmetricRowDensity
from ama.scores.terms.term import Term
from ama.settings import Settings
from ama.utils.class_paths import may_be_one

TERMS: dict[str, type[Term]] = {
    "r_score": RScore,
    "a_score": AScore,
    "latent_density": LatentDensity,
    "mahalanobis": Mahalanobis,
    "memory_bank": MemoryBank,
    "rotated_memory_bank": RotatedMemoryBank,
    "rotation": Rotation,
    "nearest_images": NearestImages,
    "nearest_rows": NearestRows,
    "local_nearest_rows": LocalNearestRows,
    "row_density": RowDensity,
    "symmetric_nearest_rows": SymmetricNearestRows,
    "symmetric_row_density": SymmetricRowDensity,
    "noise_level": NoiseLevel,
    "nearest_places": NearestPlaces,
    "place_densities": PlaceDensities,
    "known_anomalies": KnownAnomalies,
}


AUTO = "auto"


def is_weighed(settings: Settings) -> bool:
    """Whether the terms are weighted by synthetic anomalies: ``scoring`` is "auto", alone or joined to named terms."""
    return AUTO in settings.scoring.split("+")


def fits_terms(settings: Settings, terms: Sequence[str]) -> bool:
    """Whether ``scoring`` can have chosen these terms: "auto" may have added others to those that it names."""
    named = settings.scoring.split("+")
    return {*named} <= {AUTO, *terms} if is_weighed(settings) else named == list(terms)


def register(name: str) -> Callable[[type[Term]], type[Term]]:
    """Class decorator: a term of one's own, which ``scoring`` then knows by that name.

    A model that was fitted with it loads where it is registered, and nowhere as another class of that name.

    Raises
    ------
    ValueError
        If another term has that name.
    """

    def registered(term: type[Term]) -> type[Term]:
        known = TERMS.get(name, term)
        if not may_be_one(*(f"{found.__module__}.{found.__qualname__}" for found in (known, term))):
            raise ValueError(f"there already is a term {name!r}: {known.__qualname__} of {known.__module__}")
        TERMS[name] = term
        return term

    return registered


def chosen_terms(settings: Settings, kind: SampleKind, known: bool = False) -> tuple[str, ...]:
    """The terms whose sum is the score, for samples of a kind: with "auto" those that suit them, and any others named.

    Parameters
    ----------
    settings, kind
        Of the fit, and of its samples.
    known
        Whether some anomalies are known, which a term may need.

    Raises
    ------
    InputError
        If ``settings.scoring`` names an unknown term, one twice, or one that cannot score such samples.
    """
    given: object = settings.scoring
    names = tuple(given.split("+")) if isinstance(given, str) else ()
    if not names or not set(names) <= {AUTO, *TERMS} or len(set(names)) < len(names):
        raise InputError(
            f"scoring must be auto, or one or several of {', '.join(TERMS)}, and auto, joined by +, "
            f"found {as_written(given)}"
        )
    named = tuple(name for name in names if name != AUTO)
    for name in named:
        TERMS[name].check(kind, settings)
        if TERMS[name].needs_known and not known:
            raise InputError(
                f"scoring names the term {name}, but no anomaly is known: mark some by y = -1, or name a source of "
                "some with --anomalies"
            )
    if not is_weighed(settings):
        return named
    suitable = (
        name for name, term in TERMS.items() if term.suits(kind, settings) and (known or not term.needs_known)
    )
    return tuple(dict.fromkeys((*suitable, *named)))


def build_terms(names: Iterable[str], kind: SampleKind, settings: Settings) -> nn.ModuleDict:
    """Terms without statistics, by name.

    Raises
    ------
    ValueError
        If a term is not registered.
    """
    names = list(names)
    if missing := [name for name in names if name not in TERMS]:
        raise ValueError(f"its score needs the term {missing[0]!r}, which is not registered here")
    return nn.ModuleDict({name: TERMS[name](kind, settings) for name in names})
