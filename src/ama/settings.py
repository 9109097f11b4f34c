"""Everything that decides how a model is trained, and the presets."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, Literal, get_args, get_type_hints

from ama.errors import InputError

Preset = Literal["auto", "compact", "paper"]
Loss = Literal["wasserstein", "hinge", "relativistic"]
Lipschitz = Literal[
    "spectral+gradient_penalty", "spectral", "gradient_penalty", "zero_centred", "spectral+zero_centred"
]
Negatives = Literal["atypical", "scaled", "cube", "none"]
NegativePairs = Literal["generated", "mismatched"]
Direction = Literal["inward", "outward"]
Score = str  # "auto", "a_score", "r_score", a term, or several terms joined by "+"
SCORES = ("auto", "a_score", "r_score")
TERMS = ("latent_density", "mahalanobis", "memory_bank", "rotated_memory_bank", "rotation")
Statistics = Literal["training", "held_out"]
Precision = Literal["float32", "bfloat16"]


@dataclass(frozen=True)
class Settings:
    """The resolved parameters of one fit; their meaning is documented at :class:`ama.AMADetector`."""

    latent_dim: int
    encoder_width: int
    generator_width: int
    discriminator_width: int
    batch_size: int
    max_steps: int | None  # one of max_steps and max_epochs is set
    max_epochs: int | None
    learning_rate: float
    milestones: tuple[float, ...]  # shares of the training after which the rate falls to a tenth
    critic_steps: int
    loss: Loss
    lipschitz: Lipschitz
    penalty_weight: float
    mirrored: bool
    n_interpolated: int
    lambda_inter: float
    lambda_reg: float
    lambda_neg: float
    lambda_pixel: float
    lambda_rotation: float
    rotation_share: float  # of the batch
    rotation_shift: float  # share of the side
    negatives: Negatives
    negative_pairs: NegativePairs
    negative_share: float  # of the batch
    negative_start: float  # share of the training before the first negative
    delta: float
    direction: Direction
    averaging: float  # decay of the moving average of the weights; 0 keeps the last weights
    selection_start: float  # share of the training before weights may be selected
    held_out: float  # share of the normal samples kept for calibration
    scoring: Score
    statistics: Statistics
    precision: Precision
    scoring_precision: Precision
    term_bound: float = 0.0  # of a standardised term of the score; 0: none

    def terms(self, shape: tuple[int, ...]) -> tuple[str, ...]:
        """The terms that the score adds, for samples of a shape; none for Eq. 5 and 6."""
        if self.scoring != "auto":
            return () if self.scoring in SCORES else tuple(self.scoring.split("+"))
        if len(shape) != 3:
            return "latent_density", "memory_bank"
        return (
            ("latent_density", "memory_bank", "rotated_memory_bank", "rotation")
            if self.lambda_rotation
            else ("latent_density", "memory_bank", "rotated_memory_bank")
        )

    @property
    def spectral(self) -> bool:
        """Whether every layer of D is spectrally normalised."""
        return self.lipschitz.startswith("spectral")

    @property
    def penalty_target(self) -> float | None:
        """The gradient norm that the penalty pulls to, or None without a penalty."""
        if self.lipschitz.endswith("gradient_penalty"):
            return 1.0
        return 0.0 if self.lipschitz.endswith("zero_centred") else None


PAPER = Settings(
    latent_dim=128,
    encoder_width=64,
    generator_width=256,
    discriminator_width=128,
    batch_size=256,
    max_steps=None,
    max_epochs=100,
    learning_rate=3e-4,
    milestones=(0.3, 0.6, 0.9),
    critic_steps=5,
    loss="wasserstein",
    lipschitz="spectral+gradient_penalty",
    penalty_weight=10.0,
    mirrored=True,
    n_interpolated=3,
    lambda_inter=0.2,
    lambda_reg=1.0,
    lambda_neg=5.0,
    lambda_pixel=0.0,
    lambda_rotation=0.0,
    rotation_share=0.375,
    rotation_shift=0.125,
    negatives="atypical",
    negative_pairs="generated",
    negative_share=0.1,
    negative_start=0.1,
    delta=1.0,
    direction="inward",
    averaging=0.0,
    selection_start=0.2,
    held_out=0.05,
    scoring="a_score",
    statistics="training",
    precision="float32",
    scoring_precision="float32",
)

COMPACT_IMAGES = dataclasses.replace(
    PAPER,
    latent_dim=64,
    encoder_width=24,
    generator_width=24,
    discriminator_width=32,
    batch_size=16,  # small steps, so that there can be many: the second head needs them
    max_steps=5000,
    max_epochs=None,
    learning_rate=1e-3,
    milestones=(),
    critic_steps=1,
    loss="relativistic",
    lipschitz="spectral",
    lambda_reg=0.1,
    lambda_neg=0.2,
    lambda_pixel=10.0,
    negatives="none",
    averaging=0.995,
    held_out=0.15,  # a third of it for the scale and the weights of the score's terms
    lambda_rotation=1.0,
    rotation_share=1.0,
    scoring="auto",
    precision="bfloat16",
)

# Without colours there is less to learn.
COMPACT_GREY = dataclasses.replace(COMPACT_IMAGES, max_steps=3000)

COMPACT_TABULAR = dataclasses.replace(
    COMPACT_IMAGES,
    latent_dim=16,
    encoder_width=64,
    generator_width=64,
    discriminator_width=64,
    batch_size=64,
    max_steps=1500,
    lambda_rotation=0.0,
    scoring="latent_density+mahalanobis",
    held_out=0.25,  # rows are few as a rule, and the threshold needs its own share of them
    precision="float32",
)


def resolve(preset: Preset, shape: tuple[int, ...], on_gpu: bool, **overrides: Any) -> Settings:
    """The settings of a preset for samples of a shape, with every override that is not None.

    ``auto`` is ``paper`` for images on a GPU and ``compact`` otherwise. ``compact`` has networks for rows and networks
    for images, and trains these for fewer steps where they are grey.

    Parameters
    ----------
    preset
        Its name.
    shape
        (channels, height, width) of an image, or (columns,) of a row.
    on_gpu
        Whether the fit runs on one.
    **overrides
        Settings by name.

    Raises
    ------
    InputError
        If a parameter is not among its choices or outside its range.
    """
    if preset not in get_args(Preset):
        raise InputError(f"preset must be one of {', '.join(get_args(Preset))}, found {preset!r}")
    if preset == "auto":
        preset = "paper" if on_gpu and len(shape) == 3 else "compact"
    base = PAPER if preset == "paper" else _compact(shape)
    given = {name: value for name, value in overrides.items() if value is not None}
    if {"max_steps", "max_epochs"} <= given.keys():
        raise InputError("max_steps and max_epochs both set the length of the training: give one of them")
    # The one that was asked for replaces the preset's.
    if "max_steps" in given:
        base = dataclasses.replace(base, max_epochs=None)
    elif "max_epochs" in given:
        base = dataclasses.replace(base, max_steps=None)
    if "milestones" in given:
        given["milestones"] = _drops(given["milestones"])
    settings = dataclasses.replace(base, **given)
    _check(settings)
    if settings.lambda_rotation and len(shape) != 3:
        raise InputError(
            f"lambda_rotation is for images: for rows it must be 0, found {settings.lambda_rotation:g}"
        )
    _check_terms(settings, shape)
    return settings


def _compact(shape: tuple[int, ...]) -> Settings:
    if len(shape) != 3:
        return COMPACT_TABULAR
    return COMPACT_GREY if shape[0] == 1 else COMPACT_IMAGES


# Half-open or closed, a range is told to the user as she would say it.
_RANGES: dict[str, tuple[float, float]] = {  # of whole numbers where the bounds are whole
    "latent_dim": (1, 4096),
    "encoder_width": (1, 4096),
    "generator_width": (1, 4096),
    "discriminator_width": (1, 4096),
    "batch_size": (2, 65536),
    "max_steps": (1, 10**9),
    "max_epochs": (1, 10**6),
    "learning_rate": (1e-9, 1.0),
    "critic_steps": (1, 100),
    "penalty_weight": (0.0, 1e6),
    "n_interpolated": (2, 1000),
    "lambda_inter": (0.0, 1e6),
    "lambda_reg": (0.0, 1e6),
    "lambda_neg": (0.0, 1e6),
    "lambda_pixel": (0.0, 1e6),
    "lambda_rotation": (0.0, 1e6),
    "rotation_share": (0.0, 1.0),
    "rotation_shift": (0.0, 0.5),
    "negative_share": (0.0, 1.0),
    "negative_start": (0.0, 1.0),
    "delta": (1e-9, 1e6),
    "averaging": (0.0, 0.99999),
    "term_bound": (0.0, 1e6),
    "selection_start": (0.0, 1.0),
    "held_out": (0.01, 0.5),
}


def _drops(value: Any) -> tuple[float, ...]:
    """The shares of the training after which the rate falls, of a sequence of any kind."""
    try:
        drops = tuple(float(share) for share in value)
    except (TypeError, ValueError):
        drops = (float("nan"),)
    if not all(0 <= share <= 1 for share in drops):
        raise InputError(f"milestones must be a list of shares of the training from 0 to 1, found {value!r}")
    return drops


def _check(settings: Settings) -> None:
    for name, (low, high) in _RANGES.items():
        value: Any = getattr(settings, name)
        kind, article = (Integral, "a whole") if isinstance(low, int) else (Real, "a")
        if value is None:
            continue
        is_number = isinstance(value, kind) and not isinstance(value, bool)
        if not (is_number and low <= float(value) <= high):
            raise InputError(f"{name} must be {article} number from {low:g} to {high:g}, found {value!r}")
    for name, hint in get_type_hints(Settings).items():
        choices = get_args(hint)
        value = getattr(settings, name)
        if choices and all(isinstance(choice, str) for choice in choices) and value not in choices:
            raise InputError(f"{name} must be one of {', '.join(choices)}, found {value!r}")


def _check_terms(settings: Settings, shape: tuple[int, ...]) -> None:
    terms = settings.terms(shape)
    if not set(terms) <= set(TERMS) or len(set(terms)) < len(terms):
        raise InputError(
            f"scoring must be one of {', '.join(SCORES)}, or one or several of {', '.join(TERMS)} joined by +, "
            f"found {settings.scoring!r}"
        )
    if len(shape) != 3 and {"rotated_memory_bank", "rotation"} & set(terms):
        raise InputError(f"scoring={settings.scoring!r} turns images, and rows cannot be turned")
    if "rotation" in terms and not settings.lambda_rotation:
        raise InputError(f"scoring={settings.scoring!r} needs lambda_rotation above 0, found 0")
