"""Synthetic anomalies of photographs differ from what they are made of, and most of them little."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F

from ama.scores.photo_anomalies import KINDS, photo_anomalies

LOCAL = {"pasted": 0.1, "scratch": 0.15, "stain": 0.3}  # share of the pixels that they change, at most
SIZES = [(8, 8), (8, 120), (90, 11), (64, 64)]


def random(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def photographs(
    n: int, channels: int, size: tuple[int, int], dtype: torch.dtype, seed: int = 0
) -> torch.Tensor:
    """Smooth images of all brightnesses, no two alike."""
    coarse = torch.rand(n, channels, 4, 4, generator=random(seed))
    smooth = F.interpolate(coarse, size, mode="bilinear")
    fine = 0.1 * torch.rand(n, channels, *size, generator=random(seed + 1))
    x = 0.9 * smooth + fine
    return x if dtype == torch.float32 else (x * 255).round().to(dtype)


def changed(made: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """Which pixels (n, h, w) are others."""
    return (made != x).any(1)


@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", SIZES)
def test_every_kind_differs_from_its_image_and_is_an_image_as_well(size, channels, dtype):
    x = photographs(30, channels, size, dtype)
    kept = x.clone()
    kinds = dict(photo_anomalies(x, random()))
    assert kinds.keys() == KINDS.keys()
    assert torch.equal(x, kept)
    for name, made in kinds.items():
        assert (made.shape, made.dtype) == (x.shape, dtype), name
        assert changed(made, x).flatten(1).any(1).all(), name
        if dtype == torch.float32:
            assert made.isfinite().all(), name
            assert 0 <= made.min() <= made.max() <= 1, name


@given(st.integers(0, 2**32), st.sampled_from(SIZES), st.sampled_from([1, 3]))
def test_a_defect_is_somewhere_and_covers_little(seed, size, channels):
    """Even where every pixel is the same, but for a part that is pasted on its like."""
    x = photographs(4, channels, size, torch.float32, seed)
    flat = torch.full_like(x, 0.4)
    for images in (x, flat):
        kinds = dict(photo_anomalies(images, random(seed)))
        for name, most in LOCAL.items():
            share = changed(kinds[name], images).double().mean((1, 2))
            assert (share <= most).all(), name
            assert (share > 0).all() or (name == "pasted" and images is flat), name


def test_all_is_chosen_by_the_generator():
    x = photographs(6, 3, (20, 30), torch.uint8)
    first, again, other = (dict(photo_anomalies(x, random(seed))) for seed in (0, 0, 1))
    for name in KINDS:
        assert torch.equal(first[name], again[name]), name
    for name in (*LOCAL, "tint"):
        assert not torch.equal(first[name], other[name]), name


def test_what_is_composed_of_two_shows_both():
    x = torch.arange(6).float()[:, None, None, None].expand(6, 3, 16, 16) / 10
    kinds = dict(photo_anomalies(x, random()))
    own, partner = x[:, 0, 0, 0], kinds["half"][:, 0, 0, -1]
    assert (own != partner).all()
    torch.testing.assert_close(kinds["blend"][:, 1, 5, 5], (own + partner) / 2)
    assert torch.equal(kinds["half"][..., :8], x[..., :8])
    assert torch.equal(kinds["patch"][:, 2, 8, 8], partner)
    assert torch.equal(kinds["patch"][:, :, 0], x[:, :, 0])


def test_a_pasted_part_is_of_the_same_image():
    x = torch.rand(20, 1, 40, 40, generator=random())
    for image, made in zip(x, dict(photo_anomalies(x, random()))["pasted"], strict=True):
        assert torch.isin(made, image).all()


def test_stains_and_scratches_are_seen_on_light_and_on_dark_images():
    for grey in (0.0, 0.2, 0.8, 1.0):
        x = torch.full((10, 3, 32, 32), grey)
        kinds = dict(photo_anomalies(x, random()))
        for name, least in (("scratch", 0.3), ("stain", 0.15)):
            difference = (kinds[name] - x).abs().amax((1, 2, 3))
            assert (difference >= least - 1e-6).all(), name


def test_a_blurred_image_has_less_contrast_and_a_tinted_one_is_darker():
    x = torch.rand(8, 3, 64, 64, generator=random())
    kinds = dict(photo_anomalies(x, random()))
    assert (kinds["blur"].std((2, 3)) < 0.5 * x.std((2, 3))).all()
    share = (kinds["tint"] / x).nanmean((2, 3))
    assert ((share - 1).abs() < 1e-5).logical_or((share >= 0.6) & (share <= 0.8)).all()
    assert (share.amin(1) <= 0.8).all()
