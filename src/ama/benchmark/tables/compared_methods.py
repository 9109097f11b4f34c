"""The methods of the grids: variants of AMA, and the baselines it is compared with."""

from __future__ import annotations

from typing import Any

from ama import settings

FALLING = "paper-form, falling rate"
FALLING_LONGER = "paper-form, falling rate, 4,000 steps"
FALLING_MIXED = "paper-form, falling rate, negatives in the batch"
FALLING_CODE = "paper-form, falling rate, as coded"
FALLING_CODE_LONGER = "paper-form, falling rate, as coded, 4,000 steps"
FALLING_WITHOUT = "paper-form, falling rate, without negatives, 4,000 steps"
EARLY = "paper-form, falling rate, negatives from a tenth on"
EARLY_LONGER = "paper-form, falling rate, negatives from a tenth on, 4,000 steps"
LONGER = "compact, 10,000 steps"
BOUNDED = "compact, bounded terms"
INPUT_TERMS = "terms of the rows alone, untrained"
AS_THEY_ARE = "terms of the rows alone, columns as they are"
FORMER = "compact before November 28, 2026"
WITHOUT_NOISE = "compact without noise_level"
UNTRAINED_NOISE = "terms of the rows and noise_level, untrained"
# Of the compact preset: they stand in no ranking of detectors.
ROW_VARIANTS = (WITHOUT_NOISE, UNTRAINED_NOISE, INPUT_TERMS, AS_THEY_ARE)
ASSUMED, TOLD = "compact, 10 % assumed", "compact, told the share"
FGAN_CIFAR10 = "FGAN, its values for CIFAR-10"
_COMPACT = {"preset": "compact"}
_UNTRAINED: dict[str, Any] = {"max_steps": 1, "learning_rate": 1e-9}

# The paper's objective and score with the compact networks, which a CPU trains in minutes. Atypical Selection draws
# from a shell of radius sqrt(d), so the encodings must be kept there by the paper's own weight of their norm. The
# weight of the negatives, the batch, the rate and the averaging are the compact preset's (docs/results/ablations.md).
_PAPER_FORM = {
    "preset": "compact",
    "full_resolution": True,
    "interpolated_share": 1.0,
    "loss": "wasserstein",
    "lipschitz": "spectral+gradient_penalty",
    "critic_steps": 2,
    "lambda_reg": 1.0,
    "lambda_pixel": 0.0,
    "lambda_rotation": 0.0,
    "negatives": "atypical",
    "negative_start": 0.3,
    "scoring": "a_score",
    "sees_images": False,
}
_FALLING = {**_PAPER_FORM, "milestones": [0.3, 0.6, 0.9]}
# The paper's own start of the negatives, before the rate first falls.
_EARLY = {**_FALLING, "negative_start": 0.1}
_NEGATIVES = {"preset": "compact", "negative_start": 0.3}

# Both readings of the paper with networks that a CPU trains in minutes, whole and without each part.
_SMALL = {
    "latent_dim": 16,
    "encoder_width": 16,
    "generator_width": 16,
    "discriminator_width": 16,
    "batch_size": 64,
}
_WITHOUT: dict[str, dict[str, Any]] = {
    "": {},
    " without mirroring": {"mirrored": False},
    " without interpolation": {"lambda_inter": 0.0},
    " without latent regularisation": {"lambda_reg": 0.0},
    " without negatives": {"negatives": "none"},
}
READINGS = {
    f"small {preset}{missing}": {"preset": preset, **_SMALL, **changed}
    for preset in ("paper", "authors")
    for missing, changed in _WITHOUT.items()
}

WITHOUT_IMAGES = "without nearest_images"
# The compact preset, and as it was before each thing that made its steps faster or came with it.
BEFORE: dict[str, Any] = {"full_resolution": True, "interpolated_share": 1.0, "lambda_pixel": 10.0}
BEFORE |= {"weight_exponent": 1.0, "bank_distance": "nearest", "sees_images": False}
FASTER: dict[str, dict[str, Any]] = {
    "with maps of full size": {"preset": "compact", "full_resolution": True},
    "with every sample interpolated": {"preset": "compact", "interpolated_share": 1.0},
    "with a pixel loss of weight 10": {"preset": "compact", "lambda_pixel": 10.0},
    "with weights by the AUROC itself": {"preset": "compact", "weight_exponent": 1.0},
    "with distances to the nearest alone": {"preset": "compact", "bank_distance": "nearest"},
    "with local distances": {"preset": "compact", "bank_distance": "local"},
    WITHOUT_IMAGES: {"preset": "compact", "sees_images": False},
    FORMER: {"preset": "compact", **BEFORE},
}

# Name in a table -> parameters of AMADetector that differ from the defaults.
AMA: dict[str, dict[str, Any]] = {
    "compact": _COMPACT,
    "paper": {"preset": "paper"},
    "authors": {"preset": "authors"},
    LONGER: {"preset": "compact", "max_steps": 10_000},
    BOUNDED: {"preset": "compact", "term_bound": 3.0},
    "paper-form": _PAPER_FORM,
    FALLING: _FALLING,
    FALLING_LONGER: {**_FALLING, "max_steps": 4000},
    FALLING_MIXED: {**_FALLING, "negative_batch": "mixed", "max_steps": 1500},
    FALLING_CODE: {**_FALLING, **settings.AS_CODED, "max_steps": 1500},
    FALLING_CODE_LONGER: {**_FALLING, **settings.AS_CODED, "max_steps": 4000},
    FALLING_WITHOUT: {**_FALLING, "negatives": "none", "max_steps": 4000},
    EARLY: {**_EARLY, "max_steps": 1500},
    EARLY_LONGER: {**_EARLY, "max_steps": 4000},
    # These show what training adds to the score.
    "untrained networks": {"preset": "compact", **_UNTRAINED},
    INPUT_TERMS: {
        "preset": "compact",
        "scoring": "nearest_rows+symmetric_nearest_rows+row_density",
        **_UNTRAINED,
    },
    AS_THEY_ARE: {
        "preset": "compact",
        "scoring": "nearest_rows+local_nearest_rows+row_density",
        **_UNTRAINED,
    },
    WITHOUT_NOISE: {"preset": "compact", "noise_steps": 0},
    # As many steps as by default, since the network of noise_level takes its number from theirs.
    UNTRAINED_NOISE: {
        "preset": "compact",
        "scoring": "nearest_rows+symmetric_nearest_rows+row_density+noise_level",
        "learning_rate": _UNTRAINED["learning_rate"],
    },
    # Rows that may hold anomalies; the share of a cell replaces that of TOLD.
    ASSUMED: {"preset": "compact", "contamination_share": "auto"},
    TOLD: {"preset": "compact", "contamination_share": 0.0},
    # Ablations, one at a time, of what the preset adds to the paper.
    "without rotations": {"preset": "compact", "lambda_rotation": 0.0},
    "without averaged weights": {"preset": "compact", "averaging": 0.0},
    "without pixel loss": {"preset": "compact", "lambda_pixel": 0.0},
    "batches of 64": {"preset": "compact", "batch_size": 64},
    "hinge game": {"preset": "compact", "loss": "hinge"},
    "Wasserstein game": {
        "preset": "compact",
        "loss": "wasserstein",
        "lipschitz": "spectral+gradient_penalty",
    },
    # Ablations of the paper's own parts.
    "without mirroring": {"preset": "compact", "mirrored": False},
    "without interpolation": {"preset": "compact", "lambda_inter": 0.0},
    "without latent regularisation": {"preset": "compact", "lambda_reg": 0.0},
    "k = 2": {"preset": "compact", "n_interpolated": 2},
    "k = 5": {"preset": "compact", "n_interpolated": 5},
    "with Atypical Selection": {**_NEGATIVES, "negatives": "atypical"},
    "with Sipple's cube": {**_NEGATIVES, "negatives": "cube"},
    "with 1 real anomaly": _COMPACT,
    "with 10 real anomalies": _COMPACT,
    "with 50 real anomalies": _COMPACT,
    "with 10 real anomalies, also as negatives": {**_NEGATIVES, "negatives": "atypical"},
    "paper-form without Atypical Selection": {**_PAPER_FORM, "negatives": "none"},
    "paper-form without mirroring": {**_PAPER_FORM, "mirrored": False},
    "paper-form without interpolation": {**_PAPER_FORM, "lambda_inter": 0.0},
    **READINGS,
    **FASTER,
}
# Number of real anomalies that are known.
KNOWN = {
    "with 1 real anomaly": 1,
    "with 10 real anomalies": 10,
    "with 50 real anomalies": 50,
    "with 10 real anomalies, also as negatives": 10,
}
_OF_ROWS = (*ROW_VARIANTS, ASSUMED, TOLD)
FALLING_ON_GARMENTS = (FALLING_LONGER, FALLING_MIXED, FALLING_CODE, FALLING_CODE_LONGER, FALLING_WITHOUT)
TRAINED_THRICE = (FALLING_LONGER, FALLING, EARLY_LONGER, EARLY)
_OTHERS = (
    "paper",
    "authors",
    FALLING,
    *FALLING_ON_GARMENTS,
    EARLY,
    EARLY_LONGER,
    LONGER,
    *READINGS,
    *FASTER,
    *_OF_ROWS,
)
ABLATIONS = tuple(name for name in AMA if name not in _OTHERS)

# For methods that need every sample for training more than for a threshold, which no cell uses.
NO_THRESHOLD: dict[str, Any] = {"held_out": 0.001, "false_alarm_rate": 0.5}
# The values that the authors' code is called with for CIFAR-10.
_FGAN_ON_CIFAR10 = {"alpha": 0.5, "beta": 10.0, "gamma": 0.5, "generator_rate": 10.0}
# Name in a table -> detector, and its parameters that differ from the defaults.
BASELINES: dict[str, tuple[str, dict[str, Any]]] = {
    "neighbours": ("NearestNeighbours", NO_THRESHOLD),
    "pca": ("PCAReconstruction", NO_THRESHOLD),
    "FGAN": ("FenceGAN", {}),
    FGAN_CIFAR10: ("FenceGAN", _FGAN_ON_CIFAR10),
    "ALAD": ("ALAD", {}),
    "AnoGAN": ("AnoGAN", {}),
    "Skip-GANomaly": ("SkipGANomaly", {}),
    "Deep SVDD": ("DeepSVDD", {}),
    "Deep SVDD without contrast normalisation": ("DeepSVDD", {"contrast": False}),
    "WAIC": ("WAIC", {}),
    "likelihood ratio": ("LikelihoodRatio", {}),
    "typicality": ("Typicality", {}),
    "typicality, M = 2": ("Typicality", {"group": 2}),
    "input complexity": ("InputComplexity", {}),
}
# Methods without training: only the choice of the held-out samples is random.
UNTRAINED = ("neighbours", "pca")
