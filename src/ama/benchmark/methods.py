"""What can stand in a grid's cell: presets of AMA with one thing changed, and what a user would do without it."""

from __future__ import annotations

from typing import Any

# Parameters of AMADetector beside the defaults.
AMA: dict[str, dict[str, Any]] = {
    "compact": {"preset": "compact"},
    "paper": {"preset": "paper"},
    # The paper's game and score in the compact networks: what a CPU can train of it in minutes.
    "paper-form": {
        "preset": "compact",
        "loss": "wasserstein",
        "lipschitz": "spectral+gradient_penalty",
        "critic_steps": 2,
        "lambda_pixel": 0.0,
        "lambda_turn": 0.0,
        "negatives": "atypical",
        "negative_start": 0.3,
        "scoring": "a_score",
    },
    "without mirroring": {"preset": "compact", "mirrored": False},
    "without interpolation": {"preset": "compact", "lambda_inter": 0.0},
    "without latent regularisation": {"preset": "compact", "lambda_reg": 0.0},
    "without turns": {"preset": "compact", "lambda_turn": 0.0, "scoring": "vector"},
    "vector score alone": {"preset": "compact", "scoring": "vector"},
    "turn score alone": {"preset": "compact", "scoring": "turn"},
    "without averaged weights": {"preset": "compact", "averaging": 0.0},
    "without pixel loss": {"preset": "compact", "lambda_pixel": 0.0},
    "untrained networks": {"preset": "compact", "max_steps": 1, "learning_rate": 1e-9},
    "with Atypical Selection": {"preset": "compact", "negatives": "atypical", "negative_start": 0.3},
    "with Sipple's cube": {"preset": "compact", "negatives": "cube", "negative_start": 0.3},
    "k = 2": {"preset": "compact", "n_interpolated": 2},
    "k = 5": {"preset": "compact", "n_interpolated": 5},
    "paper-form, hinge": {
        "preset": "compact",
        "loss": "hinge",
        "lambda_pixel": 0.0,
        "lambda_turn": 0.0,
        "scoring": "a_score",
    },
}
# Without training: in a few lines of scikit-learn.
OTHERS = ("neighbours", "pca")
METHODS = (*AMA, *OTHERS)
