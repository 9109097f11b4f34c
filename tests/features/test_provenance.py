"""The checksum of weights, and what is said of their origin."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
import torch

from ama.features.provenance import Provenance, weights_sha256


def test_the_checksum_is_of_names_types_shapes_and_values():
    first, second = torch.arange(6, dtype=torch.float32).view(2, 3), torch.tensor(7)
    expected = hashlib.sha256()
    expected.update(b"a torch.int64 ()\n" + np.int64(7).tobytes())
    expected.update(b"b torch.float32 (2, 3)\n" + np.arange(6, dtype=np.float32).tobytes())
    assert weights_sha256({"b": first, "a": second}) == expected.hexdigest()
    for other in (
        {"b": first, "c": second},
        {"b": first.view(3, 2), "a": second},
        {"b": first.double(), "a": second},
    ):
        assert weights_sha256(other) != expected.hexdigest()


def test_the_checksum_does_not_depend_on_the_layout_in_memory():
    image = torch.rand(2, 3, 4, 5)
    laid_out = image.contiguous(memory_format=torch.channels_last)
    assert weights_sha256({"x": laid_out}) == weights_sha256({"x": image})


def test_a_provenance_names_everything_and_a_broken_checksum_is_refused():
    known = Provenance("tiny", "the folder /x", "mit", "/x", "0" * 64)
    assert str(known) == "tiny, of the folder /x (mit)"
    with pytest.raises(ValueError, match="is not a SHA-256"):
        Provenance("tiny", "the folder /x", "mit", "/x", "none")
