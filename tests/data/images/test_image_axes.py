"""Which axis of an array is which."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

import ama
from ama.data.sources import open_source
from ama.errors import InputError


def array(*shape):
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


@pytest.mark.parametrize(
    ("shape", "last"),
    [
        ((5, 3, 8, 9), False),
        ((5, 8, 9, 3), True),
        ((5, 1, 8, 8), False),
        ((5, 8, 8, 4), True),
        ((5, 32, 32, 13), True),
        ((5, 32, 32, 2), True),
        ((5, 13, 32, 32), False),
    ],
)
def test_the_layout_that_is_likely_is_found(shape, last):
    x = array(*shape)
    source = open_source(x)
    assert np.array_equal(source.read().x.numpy(), x.transpose(0, 3, 1, 2) if last else x)
    if {shape[1], shape[3]} & {1, 3, 4}:
        assert source.remarks == ()
    else:
        channels = shape[3] if last else shape[1]
        side = f"{channels} channels, {'last' if last else 'first'}, of 32 x 32 pixels"
        assert source.remarks == (f"the array: shape {shape} taken as {side}",)
        with pytest.raises(InputError, match="taken as"):
            open_source(x, strict=True)
        assert open_source(x, channels="last" if last else "first", strict=True).remarks == ()


def test_channels_that_decide_nothing_are_said_to(tmp_path):
    Image.fromarray(array(8, 8)).save(tmp_path / "a.png")
    for source, reason in (
        (tmp_path, "encoded images tell their channels"),
        (array(5, 8, 8), "they are grey"),
    ):
        opened = open_source(source, channels="last", strict=True)
        assert opened.remarks == (f"{opened.name}: channels='last' decides nothing, as {reason}",)


@pytest.mark.parametrize("shape", [(5, 24, 32, 13), (5, 9, 9, 9), (5, 3, 32, 3)])
def test_a_layout_that_is_open_is_refused_with_both_readings(shape):
    n, first, middle, last = shape
    x = array(*shape)
    with pytest.raises(InputError) as error:
        open_source(x)
    assert str(error.value) == (
        f"the array has the ambiguous shape {shape}: {n} images of {first} channels and {middle} x {last} pixels, or "
        f"of {last} channels and {first} x {middle} pixels? Say channels='first' or 'last' (--channels)"
    )
    assert open_source(x, channels="first", image_size=16).shape == (first, 16, 16)
    assert open_source(x, channels="last", image_size=16).shape == (last, 16, 16)


def test_a_shape_that_fits_no_model_is_not_asked_about():
    found = r"^the array has the shape \(5, 24, 32, 13\), expected images of 8 x 9 pixels, 2 channels$"
    with pytest.raises(InputError, match=found):
        open_source(array(5, 24, 32, 13), shape=(2, 8, 9))


def test_fit_says_how_to_name_the_axis_of_the_channels():
    x = array(5, 24, 32, 13)
    with pytest.raises(
        InputError, match=r"pixels\? Pass ama.data.sources.open_source\(X, channels='first'\)"
    ):
        ama.AMADetector().fit(x)


@pytest.mark.parametrize("model", [(13, 24, 32), (2, 8, 9), (9, 9, 9), (32, 32, 13)])
def test_a_models_shape_decides(model):
    x = array(4, *model)
    assert np.array_equal(open_source(x, shape=model, strict=True).read().x.numpy(), x)
    if len(set(model)) > 1:
        assert np.array_equal(
            open_source(x.transpose(0, 2, 3, 1), shape=model, strict=True).read().x.numpy(), x
        )
    larger = array(4, model[0], 40, 50)
    assert open_source(larger.transpose(0, 2, 3, 1), shape=model).read().x.shape == (4, *model)


@pytest.mark.parametrize("shape", [(32, 32, 3), (40, 50, 4), (32, 32, 1)])
def test_one_image_is_no_batch_at_fit(shape):
    with pytest.raises(
        InputError, match=r"for one image of .* channels? pass x\[None\], for .* x\[:, None\]"
    ):
        open_source(array(*shape))
    height, width, channels = shape
    assert open_source(array(*shape)[None]).shape == (channels, height, width)


@pytest.mark.parametrize(
    ("model", "shape"),
    [
        ((3, 32, 32), (32, 32, 3)),
        ((3, 32, 32), (3, 32, 32)),
        ((1, 32, 32), (32, 32, 1)),
        ((1, 32, 32), (32, 32)),
        ((13, 8, 9), (8, 9, 13)),
    ],
)
def test_one_image_is_no_batch_for_a_model(model, shape):
    with pytest.raises(InputError, match=r"has the shape \(.*\) of one image: pass x\[None\]"):
        open_source(array(*shape), shape=model)
    assert len(open_source(array(32, 32, 32), shape=(1, 32, 32))) == 32
