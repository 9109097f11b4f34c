"""Arrays and tensors: values are preserved, and unusable ones are refused."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from PIL import Image

from ama.data.sources import open_source
from ama.errors import InputError

NUMBERS = st.sampled_from([np.float64, np.float32, np.int64, np.uint16, np.bool_])
IMAGE_SHAPES = st.tuples(st.integers(1, 5), st.integers(1, 6), st.integers(8, 20), st.integers(8, 20))


@given(
    arrays(NUMBERS, array_shapes(min_dims=2, max_dims=2, max_side=6)).filter(lambda a: np.isfinite(a).all())
)
def test_rows_are_preserved(array):
    source = open_source(array)
    samples = source.read()
    assert (source.kind, source.shape, len(source)) == ("rows", array.shape[1:], len(array))
    assert samples.x.dtype == torch.float64
    assert np.array_equal(samples.x.numpy(), array.astype(np.float64))
    assert samples.ids == [str(i) for i in range(len(array))]
    assert samples.columns is None
    assert samples.labels is None


@given(IMAGE_SHAPES.flatmap(lambda shape: arrays(np.uint8, shape)))
def test_images_are_preserved_with_any_number_of_channels(array):
    for given_as in (array, torch.from_numpy(array), array.astype(np.int64), array.tolist()):
        source = open_source(given_as, channels="first")
        assert (source.kind, source.shape) == ("images", array.shape[1:])
        assert source.read().x.dtype == torch.uint8
        assert np.array_equal(source.read().x.numpy(), array)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_floats_become_float32(dtype):
    array = torch.rand(3, 1, 8, 9).to(dtype).requires_grad_()
    samples = open_source(array).read()
    assert samples.x.dtype == torch.float32
    assert torch.equal(samples.x, array.detach().float())


def test_bfloat16_of_jax_is_read_as_that_of_torch():
    dtype = pytest.importorskip("ml_dtypes").bfloat16
    for array in (
        np.random.default_rng(0).random((3, 1, 8, 9)),
        np.random.default_rng(0).normal(size=(9, 4)),
    ):
        expected = open_source(torch.from_numpy(array).bfloat16()).read().x
        assert torch.equal(open_source(array.astype(dtype)).read().x, expected)


def test_grey_images_may_lack_the_channel_axis():
    array = np.arange(2 * 8 * 9, dtype=np.uint8).reshape(2, 8, 9)
    assert np.array_equal(open_source(array).read().x.numpy(), array[:, None])


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_channels_last_is_recognised(channels):
    array = np.random.default_rng(0).integers(0, 256, (5, 10, 12, channels), dtype=np.uint8)
    assert np.array_equal(open_source(array).read().x.numpy(), array.transpose(0, 3, 1, 2))


def test_grey_is_repeated_for_a_colour_model_and_colour_converted_as_pillow_does_for_a_grey_one():
    colour = np.random.default_rng(0).integers(0, 256, (4, 8, 8, 3), dtype=np.uint8)
    grey = open_source(colour, shape=(1, 8, 8)).read().x
    pillow = np.stack([np.asarray(Image.fromarray(image).convert("L")) for image in colour])
    assert np.abs(grey[:, 0].numpy().astype(int) - pillow).max() <= 1
    repeated = open_source(grey, shape=(3, 8, 8)).read().x
    assert torch.equal(repeated, grey.expand(-1, 3, -1, -1))


@pytest.mark.parametrize("as_float", [False, True])
def test_resizing_is_bilinear_and_antialiased_as_pillows(as_float):
    array = np.random.default_rng(0).integers(0, 256, (2, 100, 70), dtype=np.uint8)
    x = open_source(array / 255 if as_float else array, image_size=(20, 30)).read().x
    pillow = np.stack(
        [np.asarray(Image.fromarray(i).resize((30, 20), Image.Resampling.BILINEAR)) for i in array]
    )
    assert x.shape == (2, 1, 20, 30)
    found = x[:, 0].numpy() * (255 if as_float else 1.0)
    assert np.abs(found - pillow).max() <= 1.01


def test_large_arrays_are_resized_by_the_rule_and_small_ones_refused():
    assert open_source(np.zeros((2, 300, 300), np.uint8)).shape == (1, 64, 64)
    with pytest.raises(
        InputError, match=r"8 to 256 pixels a side, found 7 x 9 in the array; --image-size 32"
    ):
        open_source(np.zeros((2, 7, 9), np.uint8))
    assert open_source(np.zeros((2, 7, 9), np.uint8), image_size=32).shape == (1, 32, 32)


def test_the_type_of_a_fitted_model_is_kept():
    array = np.random.default_rng(0).integers(0, 256, (3, 8, 8), dtype=np.uint8)
    floats = array.astype(np.float32) / 255
    assert torch.equal(open_source(floats, dtype=torch.uint8).read().x, open_source(array).read().x)
    assert torch.equal(open_source(array, dtype=torch.float32).read().x, open_source(floats).read().x)


def test_images_of_16_bits_are_those_of_their_files(tmp_path):
    images = np.random.default_rng(0).integers(0, 200, (3, 12, 12), dtype=np.uint16)  # dark ones
    images[2] *= 300
    for i, image in enumerate(images):
        Image.fromarray(image).save(tmp_path / f"{i}.png")
    for dtype in (None, torch.uint8):
        of_files, of_array = open_source(tmp_path, dtype=dtype), open_source(images, dtype=dtype)
        assert torch.equal(of_array.read().x, of_files.read().x)
        assert len(of_array.remarks) == len(of_files.remarks) == (dtype is not None)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_floats_between_the_levels_of_8_bits_are_rounded_with_a_word(dtype):
    levels = np.random.default_rng(0).integers(0, 256, (4, 1, 8, 8))
    floats = (levels / 255).astype(dtype)
    assert open_source(floats, dtype=torch.uint8).remarks == ()
    floats[1:3, 0, 0, 0] = 0.5 / 255
    [remark] = open_source(floats, dtype=torch.uint8).remarks
    assert remark.endswith(": 2 images of more than 8 bits a channel rounded to 8 bits")
    assert open_source(floats).remarks == ()  # a fit keeps them
    with pytest.raises(InputError, match="2 images of more than 8 bits"):
        open_source(floats, dtype=torch.uint8, strict=True)


@pytest.mark.parametrize(
    ("array", "sentence"),
    [
        (np.zeros(5), r"the array has shape \(5,\), expected images \(n, h, w\).* or rows \(n, d\)"),
        (np.zeros((1, 1, 1, 8, 8)), r"has shape \(1, 1, 1, 8, 8\), expected images"),
        (np.zeros((0, 8, 8), np.uint8), r"is empty \(shape \(0, 8, 8\)\), expected images"),
        (np.zeros((5, 0)), r"is empty"),
        (np.full((2, 8, 8), 256), r"values of type int64 from 256 to 256, expected images of type uint8"),
        (np.full((2, 8, 8), -1), r"from -1 to -1, expected"),
        (np.full((2, 8, 8), 255.0), r"float64 from 255 to 255, expected .*floats in \[0, 1\]"),
        (np.full((2, 8, 8), np.float32(1.0000001)), r"float32 from 1.0000001 to 1.0000001, expected"),
        (np.full((2, 8, 8), -0.1), r"from -0.1 to -0.1, expected"),
        (np.where(np.arange(3)[:, None, None] == 1, np.nan, np.zeros((3, 8, 8))), r"not finite in image 2"),
        (np.zeros((2, 8, 8), bool), r"has type bool, expected images of type uint8"),
        (
            np.zeros((2, 8, 8), complex),
            r"Complex data not supported: the array has type complex128, expected real",
        ),
        (np.array([["a", "b"]]), r"has 'a' in row 1 \(counted from 1\), column 1, expected numbers"),
        (
            np.array([[1, None]], dtype=object),
            r"has nan in row 1 \(counted from 1\), column 2, expected a finite number",
        ),
        ([[1, 2], [3]], r"the array has parts that differ in length, expected images"),
        (
            np.array([[1.0, 2.0], [3.0, np.nan]]),
            r"nan in row 2 \(counted from 1\), column 2, expected a finite",
        ),
        (np.array([[1.0, np.inf]]), r"inf in row 1 .*, column 2"),
        ([{"a": 1.0}, {"a": 2.0}], r"is a list of dictionaries, expected a table: pass pandas\.DataFrame"),
        (
            torch.nested.as_nested_tensor([torch.zeros(3), torch.zeros(4)], layout=torch.jagged),
            r"is a nested tensor, exp",
        ),
    ],
)
def test_unusable_arrays_are_refused_with_found_and_expected(array, sentence):
    with pytest.raises(InputError, match=sentence):
        open_source(array).read()


def test_arrays_that_do_not_match_the_model_are_refused_with_found_and_expected():
    with pytest.raises(InputError, match="rows of 1 column, expected 4"):
        open_source(np.zeros((5, 1)), shape=(4,))
    with pytest.raises(InputError, match="rows of 3 columns, expected 4"):
        open_source(np.zeros((2, 3)), shape=(4,))
    with pytest.raises(InputError, match="images of 5 channels, expected 3"):
        open_source(np.zeros((2, 5, 8, 8), np.uint8), shape=(3, 8, 8))
    with pytest.raises(InputError, match=r"holds rows, expected images of 8 x 8 pixels, 1 channel"):
        open_source(np.zeros((2, 64)), shape=(1, 8, 8))
    with pytest.raises(InputError, match="holds images, expected rows of 64 columns"):
        open_source(np.zeros((2, 8, 8), np.uint8), shape=(64,))
    with pytest.raises(InputError, match="holds rows, expected images, as image_size is set"):
        open_source(np.zeros((2, 64)), image_size=32)
    with pytest.raises(InputError, match="holds rows, expected images, as channels is set"):
        open_source(np.zeros((2, 64)), channels="last")
    with pytest.raises(InputError, match="no column 'y', as it is an array"):
        open_source(np.zeros((2, 64)), label_column="y")


def test_a_signalling_nan_is_refused_without_a_warning_of_numpy():
    x = np.ones((9, 3), np.float32)
    x.view(np.uint32)[4, 1] = 0x7F800001
    with pytest.raises(InputError, match=r"has nan in row 5 \(counted from 1\), column 2"):
        open_source(x).read()
