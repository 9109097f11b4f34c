"""Every parameter of a fit, declared once with its range and its description, and the presets.

:class:`Settings` holds resolved values. ``AMADetector`` inherits the declarations, with None for "as in the preset".
Validation, ``--help`` and the tables in the documentation are derived from them (:mod:`ama.utils.declarations`).
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Literal, get_args

from ama.errors import InputError
from ama.utils.declarations import FIRST, NEGATIVE, NETWORKS, OBJECTIVE, SCORE, TRAINING, check, parameter

Preset = Literal["auto", "compact", "paper", "authors"]
Loss = Literal["wasserstein", "hinge", "relativistic"]
Lipschitz = Literal[
    "spectral+gradient_penalty", "spectral", "gradient_penalty", "zero_centred", "spectral+zero_centred"
]
Negatives = Literal["atypical", "scaled", "cube", "none"]
Precision = Literal["auto", "float32", "bfloat16"]
HeldOutFrom = Literal["auto", "anywhere", "end", "groups"]
FeaturesAs = Literal["rows", "maps"]
NO_FEATURES = "none"
AUTO_CONTAMINATION = 0.1  # PyOD's default; the data themselves do not tell
WEIGHT = (0.0, 1e6)  # range of the weight of a term in an objective


@dataclass(kw_only=True, eq=False)
class Settings:
    """The resolved parameters of one fit. The defaults are the preset "paper"."""

    # fmt: off
    scoring: str = parameter((
        "The anomaly score: \"auto\", or one or several terms joined by \"+\". \"r_score\": Eq. 5, the distance of the "
        "discriminator's features of (x, x) and of (x, reconstruction). \"a_score\": Eq. 6, its likelihood. "
        "\"latent_density\": the density of encoding and R-score under a Gaussian mixture. \"mahalanobis\": the "
        "Mahalanobis distance of the statistics of all feature maps of a pair. \"memory_bank\": the distance of these "
        "statistics to the nearest training sample. \"rotated_memory_bank\": the same for the rotated images. "
        "\"rotation\": how surely D recognises these. \"nearest_images\": the distance of reduced images. For rows: "
        "\"nearest_rows\"; \"local_nearest_rows\", whitened; \"row_density\"; \"symmetric_nearest_rows\", "
        "\"symmetric_row_density\", columns more symmetric; \"noise_level\", a learned distance. With features: "
        "\"nearest_places\"; \"place_densities\". "
        "\"known_anomalies\": how far in their direction. \"auto\": several, weighted."), FIRST, default="a_score")
    features: str = parameter((
        "Frozen pre-trained backbone for photographs: \"none\"; \"lite0\", EfficientNet-Lite0 with ImageNet weights, "
        "or \"lite0:FILE\" with those of a file; a folder or an id of the Hugging Face hub that transformers' "
        "AutoBackbone loads; or \"timm:NAME\". The networks and the terms see the means of its feature maps as a row, "
        "and images of up to 512 pixels keep their size."), FIRST, default=NO_FEATURES)
    features_by_reference: bool = parameter((
        "Whether the model folder leaves out the weights of the backbone. Loading then takes them from their origin, "
        "and refuses those of another SHA-256."), TRAINING, default=False)
    tile_size: int = parameter((
        "Longest side of overlapping tiles, in pixels, at least 8, and at most 256 without features: images of up to "
        "4,096 pixels keep their size, each tile is seen at full resolution, and the most anomalous one decides. 0 "
        "cuts no image."), NETWORKS, 0, 4096, default=0)
    held_out: float = parameter("Share of the normal samples kept out of training to calibrate threshold and p-values.",
        FIRST, 0.01, 0.5, default=0.05)

    max_steps: int | None = parameter((
        "Length of the training in generator steps. If max_epochs is set, too, the shorter counts; given alone, either "
        "replaces both of the preset."), TRAINING, 1, 10**9, default=None)
    max_epochs: int | None = parameter("The same in passes over the data.", TRAINING, 1, 10**6, default=100)
    held_out_from: HeldOutFrom = parameter((
        "Which normal samples are held out: from \"anywhere\", or those at the \"end\" of their order, by name in a "
        "folder. In a series of photographs, those from anywhere look like the learned ones, and the threshold flags "
        "too many new ones. \"auto\" is whole \"groups\" if fit is given some, \"end\" if features show a series, and "
        "otherwise \"anywhere\"."), TRAINING, default="auto")
    contamination_share: float = parameter((
        "Share of anomalies that may be among the rows of a table: this share, the most unusual rows, is left out, and "
        "as many more are not learned from. \"auto\" is 0.1. Normal rows like those left out may be flagged, beyond "
        "the false-alarm rate."), TRAINING, 0.0, 0.4, searchable=True, default=0.0)
    batch_size: int = parameter("Samples per step; all of them if there are fewer.", TRAINING, 2, 65536, default=256)
    learning_rate: float = parameter("Adam's learning rate.", TRAINING, 1e-9, 1.0, default=3e-4)
    milestones: list[float] = parameter((
        "Shares of the training after each of which the learning rate is divided by ten; [] keeps it constant."),
        TRAINING, 0.0, 1.0, default=[0.3, 0.6, 0.9])
    critic_steps: int = parameter("Steps of D for each step of E and G.", TRAINING, 1, 100, default=5)
    averaging: float = parameter((
        "Decay of an exponential moving average of the weights, which then is the model; 0 keeps the last weights."),
        TRAINING, 0.0, 0.99999, default=0.0)
    selection_start: float = parameter((
        "Share of the training before which validation samples select no weights."), TRAINING, 0.0, 1.0, default=0.2)
    precision: Precision = parameter((
        "Type of the convolutions during training. \"auto\": bfloat16 if the processor or GPU multiplies it natively, "
        "otherwise float32. The choice is stored in the model."), TRAINING, default="float32")

    features_as: FeaturesAs = parameter((
        "What E, G and D see with features: \"rows\", means of the feature maps, or \"maps\", 32 principal components "
        "of 16 x 16 places (8 x 8 below 256 pixels) of at most 5,000 images. Their terms are part of the score if "
        "scoring names them."), NETWORKS, default="rows")
    latent_dim: int = parameter("Dimension of the encodings.", NETWORKS, 1, 4096, default=128)
    encoder_width: int = parameter((
        "Channels of the encoder's first convolution; units of a hidden layer for tabular data."), NETWORKS, 1, 4096,
        default=64)
    generator_width: int = parameter("The same for the generator.", NETWORKS, 1, 4096, default=256)
    discriminator_width: int = parameter("The same for the discriminator.", NETWORKS, 1, 4096, default=128)
    full_resolution: bool = parameter((
        "Whether discriminator and generator compute feature maps of the image's full size, as in the paper. Without "
        "them a step is about twice as fast."), NETWORKS, default=True)

    loss: Loss = parameter("Form of the mirrored game: \"wasserstein\" (Eq. 1), \"hinge\" or \"relativistic\".",
        OBJECTIVE, default="wasserstein")
    lipschitz: Lipschitz = parameter((
        "How the discriminator is kept smooth: spectral normalisation, a gradient penalty around 1, a zero-centred "
        "gradient penalty, or spectral normalisation with either penalty."), OBJECTIVE,
        default="spectral+gradient_penalty")
    penalty_weight: float = parameter("Weight of the gradient penalty.", OBJECTIVE, *WEIGHT, default=10.0)
    penalty_norm: Literal["pair", "pixel"] = parameter((
        "Whether the gradient's norm is taken over a \"pair\", as usual, or at each \"pixel\" over its channels, as in "
        "the authors' code."), OBJECTIVE, default="pair")
    mirrored: bool = parameter(
        "False is the paper's ablation: D sees x or its reconstruction alone, not a pair.", OBJECTIVE, default=True)
    n_interpolated: int = parameter("k of simplex interpolation.", OBJECTIVE, 2, 1000, default=3)
    interpolation: Literal["normalised", "remainder"] = parameter((
        "Weights of the k encodings: \"normalised\" uniform numbers, as in the paper's text, or uniform numbers and "
        "the \"remainder\" to 1, as in the authors' code."), OBJECTIVE, default="normalised")
    lambda_inter: float = parameter("Weight of the interpolated samples in Eq. 3.", OBJECTIVE, *WEIGHT, default=0.2)
    interpolated_share: float = parameter("Share of the batch that is interpolated.", OBJECTIVE, 0.0, 1.0, default=1.0)
    lambda_reg: float = parameter("Weight of the norm of the encodings in Eq. 3.", OBJECTIVE, *WEIGHT, default=1.0)
    lambda_pixel: float = parameter(
        "Weight of the mean absolute difference of x and G(E(x)); not in the paper.", OBJECTIVE, *WEIGHT, default=0.0)
    lambda_rotation: float = parameter((
        "Weight of the discriminator's second task, recognising rotations; images only, not in the paper."),
        OBJECTIVE, *WEIGHT, default=0.0)
    rotation_share: float = parameter("Share of the batch that is rotated.", OBJECTIVE, 0.0, 1.0, default=0.375)
    rotation_shift: float = parameter((
        "How far images are shifted before rotation, as a share of their side."), OBJECTIVE, 0.0, 0.5, default=0.125)

    lambda_neg: float = parameter("Weight of the negatives in Eq. 2.", NEGATIVE, *WEIGHT, default=5.0)
    negatives: Negatives = parameter((
        "Synthetic negatives: \"atypical\" (Atypical Selection), \"scaled\" (the authors' code), \"cube\" (Sipple "
        "2020) or \"none\". Known anomalies (y = -1) replace them; with \"none\" they take part in the score alone."),
        NEGATIVE, default="atypical")
    negative_pairs: Literal["generated", "mismatched"] = parameter((
        "Reading of Eq. 4: \"generated\" pairs the image G(z_neg) with its reconstruction, \"mismatched\" pairs a "
        "normal image with G(z_neg)."), NEGATIVE, default="generated")
    negative_batch: Literal["separate", "mixed"] = parameter((
        "\"separate\": Eq. 2 takes the mean over normal samples and that over negatives; the networks normalise "
        "negatives by the statistics of normal samples. \"mixed\", as in the authors' code: negatives take the place "
        "of some samples of the batch, and there is one mean over the batch."), NEGATIVE, default="separate")
    detached: bool = parameter((
        "True, as in the authors' code: no gradient reaches E through interpolated encodings, nor G through the "
        "making of synthetic negatives."), NEGATIVE, default=False)
    negative_share: float = parameter("Negatives as a share of the batch, rounded.", NEGATIVE, 0.0, 1.0, default=0.1)
    negative_start: float = parameter("Share of training before the first negative.", NEGATIVE, 0.0, 1.0, default=0.1)
    delta: float = parameter((
        "Thickness of the atypical shell, or half the side of the cube. \"auto\" tries several values and keeps the "
        "best on the validation samples."), NEGATIVE, 1e-9, 1e6, searchable=True, default=1.0)
    direction: Literal["inward", "outward"] = parameter((
        "Whether the atypical shell lies inward or outward of the sphere of radius sqrt(latent_dim). \"auto\" tries "
        "both and keeps the better on the validation samples."), NEGATIVE, searchable=True, default="inward")

    bank_distance: Literal["nearest", "local"] = parameter((
        "Distance in a memory bank: to the \"nearest\" normal sample or, \"local\", to the five nearest, half relative "
        "to how close these are to others."), SCORE, default="nearest")
    sees_images: bool = parameter(
        "Whether \"auto\" has nearest_images in place of rotated_memory_bank for images.", SCORE, default=False)
    noise_steps: int = parameter((
        "Steps of the network of noise_level, at most three for each of max_steps. 0: \"auto\" is without the term."),
        SCORE, 0, 10**6, default=0)
    term_bound: float = parameter((
        "Bound on each term of a sum, in standard deviations of held-out normal samples; 0 is no bound. 3 helps if "
        "normal samples are of many kinds, some of them rare."), SCORE, *WEIGHT, default=0.0)
    weight_exponent: float = parameter((
        "Exponent of the AUROC by which \"auto\" weights a term; 0 weights all alike."), SCORE, 0.0, 100.0, default=1.0)
    combination: Literal["sum", "maximum"] = parameter((
        "How terms, each in standard deviations, become one score: their \"sum\", or a smooth \"maximum\", which does "
        "not dilute what a single term finds."), SCORE, default="sum")
    statistics: Literal["training", "held_out"] = parameter((
        "Samples to which the statistics of normal scores are fitted: the \"training\" samples, as in the paper, or "
        "\"held_out\" ones. Terms but r_score and a_score use at most 20,000."), SCORE, default="training")
    scoring_precision: Precision = parameter((
        "The same when scoring images. A model keeps the type of its fit, as scores in bfloat16 and float32 differ "
        "slightly. Tabular data are scored in float64."), SCORE, default="float32")
    # fmt: on

    def with_precision(self, bfloat16: bool) -> Settings:
        """The same with a type in the place of each "auto": bfloat16, or float32."""
        chosen: Precision = "bfloat16" if bfloat16 else "float32"
        names = [n for n in ("precision", "scoring_precision") if getattr(self, n) == "auto"]
        return dataclasses.replace(self, **dict.fromkeys(names, chosen))  # type: ignore[arg-type]

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


PAPER = Settings()  # the paper's text

AS_CODED: dict[str, Any] = {"penalty_norm": "pixel", "interpolation": "remainder"}
AS_CODED |= {"negatives": "scaled", "negative_batch": "mixed", "detached": True}
AUTHORS = Settings(**AS_CODED)  # what the authors' code does otherwise

COMPACT_COLOUR = Settings(
    latent_dim=64,
    encoder_width=24,
    generator_width=24,
    discriminator_width=32,
    full_resolution=False,
    batch_size=16,  # small steps, so that there can be many: the rotation head needs them
    max_steps=20_000,
    max_epochs=None,
    learning_rate=1e-3,
    milestones=[],
    critic_steps=1,
    loss="relativistic",
    lipschitz="spectral",
    interpolated_share=0.25,  # ablations do not tell them from none, and they would be a quarter of the step
    lambda_reg=0.1,
    lambda_neg=0.2,
    lambda_pixel=1000.0,  # less leaves patterns in the reconstructions that only deceive the discriminator
    negatives="none",
    averaging=0.995,
    held_out=0.15,  # a third of it sets the scale and the weights of the terms
    lambda_rotation=1.0,
    rotation_share=1.0,
    scoring="auto",
    weight_exponent=2.0,
    precision="auto",
    scoring_precision="auto",
)

# Less to learn, and finer differences to find.
COMPACT_GREY = dataclasses.replace(COMPACT_COLOUR, max_steps=4000, bank_distance="local", sees_images=True)

# Rows and feature maps are small, and their steps short as they are. Few rows need a larger share for the threshold.
_SMALL: dict[str, Any] = {"full_resolution": True, "interpolated_share": 1.0, "lambda_rotation": 0.0}
_SMALL |= {"held_out": 0.25, "weight_exponent": 1.0, "lambda_pixel": 10.0, "scoring_precision": "float32"}
COMPACT_TABULAR = dataclasses.replace(
    COMPACT_COLOUR,
    **_SMALL,
    latent_dim=16,
    encoder_width=64,
    generator_width=64,
    discriminator_width=64,
    batch_size=192,  # most of a step's time does not depend on it
    max_steps=500,
    learning_rate=2e-3,
    averaging=0.985,
    noise_steps=1500,
    max_epochs=400,  # of few rows, which more would overfit (docs/results/tables.md)
    term_bound=3.0,  # on some table each of the terms goes wrong
    precision="float32",
)
# No network takes part in the first's score. A defect changes the rows of an image or a few places in it, seldom both.
COMPACT_WIDE = dataclasses.replace(COMPACT_TABULAR, batch_size=64, learning_rate=1e-3, averaging=0.995)
COMPACT_FEATURES = dataclasses.replace(COMPACT_WIDE, combination="maximum", term_bound=0.0)
COMPACT_MAPS = dataclasses.replace(COMPACT_COLOUR, **_SMALL, max_steps=2000, combination="maximum")

# By variant of the data. "auto" is "compact" on a GPU, too: the paper's training ends below it (results/paper.jsonl).
PRESETS: dict[str, dict[str, Settings]] = {
    "colour images": {"paper": PAPER, "authors": AUTHORS, "compact": COMPACT_COLOUR},
    "grey images": {"paper": PAPER, "authors": AUTHORS, "compact": COMPACT_GREY},
    "tabular data": {"paper": PAPER, "authors": AUTHORS, "compact": COMPACT_TABULAR},
    "rows of many columns": {"paper": PAPER, "authors": AUTHORS, "compact": COMPACT_WIDE},
    "features of images": {"paper": PAPER, "authors": AUTHORS, "compact": COMPACT_FEATURES},
    "feature maps": {"paper": PAPER, "authors": AUTHORS, "compact": COMPACT_MAPS},
}


def resolve(preset: str, variant: str, **given: Any) -> Settings:
    """The settings of a preset, with every given value that is not None in place of the preset's.

    Parameters
    ----------
    preset
        Its name.
    variant
        A key of ``PRESETS``: what the samples are.
    **given
        Settings by name; ``contamination_share`` may be "auto".

    Raises
    ------
    InputError
        If a parameter is not among its choices or outside its range.
    """
    if preset not in get_args(Preset):
        raise InputError(f"preset must be one of {', '.join(get_args(Preset))}, found {preset!r}")
    base = PRESETS[variant]["compact" if preset == "auto" else preset]
    given = {name: value for name, value in given.items() if value is not None}
    if {"max_steps", "max_epochs"} & given.keys():  # they replace both of the preset's
        base = dataclasses.replace(base, max_steps=None, max_epochs=None)
    check(given, Settings)
    if "milestones" in given:
        given["milestones"] = [float(share) for share in given["milestones"]]
    if given.get("contamination_share") == "auto":
        given["contamination_share"] = AUTO_CONTAMINATION
    return dataclasses.replace(base, **given)
