"""Results of images that are computed once, and only as long as they are kept."""

from __future__ import annotations

import contextlib

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ama.features import image_memory
from ama.features.image_memory import ImageMemory, digest


class Functions:
    """Two functions of an image that count their calls."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def total(self, image: torch.Tensor) -> tuple[torch.Tensor]:
        self.calls.append("total")
        return (image.double().sum(),)

    def scaled(self, image: torch.Tensor, factor: int) -> tuple[torch.Tensor, torch.Tensor]:
        self.calls.append(f"scaled {factor}")
        return image * factor, image


@pytest.fixture
def images() -> torch.Tensor:
    return torch.arange(24, dtype=torch.uint8).view(2, 1, 3, 4)


def test_an_image_is_looked_at_once_within_a_block_and_a_copy_is_the_same_image(images):
    memory, functions = ImageMemory(), Functions()
    with memory.kept():
        for image in (*images.split(1), *images.clone().split(1)):
            [found] = memory.of(image, functions.total)
            assert found == image.double().sum()
        assert functions.calls == ["total"] * 2
        assert memory.of(images[:1], functions.scaled, 2)[0].equal(images[:1] * 2)
        assert memory.of(images[:1], functions.scaled, 3)[0].equal(images[:1] * 3)
        with memory.kept():
            memory.of(images[:1], functions.scaled, 3)
        memory.of(images[:1].view(1, 1, 4, 3), functions.total)
        memory.of(images[:1], functions.total)
    assert functions.calls == ["total", "total", "scaled 2", "scaled 3", "total"]


def test_nothing_is_kept_outside_of_a_block(images):
    memory, functions = ImageMemory(), Functions()
    for _ in range(2):
        memory.of(images[:1], functions.total)
        with contextlib.suppress(ZeroDivisionError), memory.kept():
            memory.of(images[:1], functions.total)
            raise ZeroDivisionError
    assert functions.calls == ["total"] * 4


def test_results_beyond_the_limit_are_computed_again(images, monkeypatch):
    monkeypatch.setattr(image_memory, "BYTES", 8)
    memory, functions = ImageMemory(), Functions()
    with memory.kept():
        for image in images.split(1) * 2:
            memory.of(image, functions.total)
    assert functions.calls == ["total"] * 3


@given(st.binary(min_size=6, max_size=6), st.binary(min_size=6, max_size=6))
def test_digests_differ_where_images_do(one, other):
    first, second = (torch.frombuffer(bytearray(b), dtype=torch.uint8).view(1, 2, 3) for b in (one, other))
    assert (digest(first) == digest(second)) is (one == other)
    assert digest(first.transpose(1, 2)) == digest(first.transpose(1, 2).contiguous())
