"""Tiny random networks of transformers, saved to folders as their library does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

PROCESSOR = {"image_mean": [0.5, 0.4, 0.3], "image_std": [0.2, 0.25, 0.5]}
SIZES = (8, 12, 16, 20)  # channels of the stages
# A ViT of patches of 14 pixels, and pyramids of strides 4, 8, 16 and 32; two of them have layers of their own beside
# what a checkpoint holds, or compute constants when they are built.
CONFIGS: dict[str, dict[str, Any]] = {
    "dinov2": {"hidden_size": 16, "num_hidden_layers": 3, "num_attention_heads": 2, "image_size": 56},
    "resnet": {"embedding_size": 8, "hidden_sizes": list(SIZES), "depths": [1, 1, 1, 1]},
    "convnext": {"hidden_sizes": list(SIZES), "depths": [1, 1, 1, 1]},
    "swin": {"embed_dim": 8, "depths": [1, 1, 1, 1], "num_heads": [1, 1, 2, 2], "window_size": 4},
}


def tiny(kind: str, folder: Path, seed: int = 0, processor: dict[str, Any] | None = PROCESSOR) -> Path:
    """Save the backbone of that model type with random weights."""
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(seed)
    config = transformers.AutoConfig.for_model(kind, **CONFIGS[kind])
    network = transformers.AutoBackbone.from_config(config)
    transformers.utils.logging.disable_progress_bar()
    network.save_pretrained(folder)
    if processor is not None:
        (folder / "preprocessor_config.json").write_text(json.dumps(processor))
    (folder / "README.md").write_text("---\nlicense: apache-2.0\n---\n# Tiny\n")
    return folder
