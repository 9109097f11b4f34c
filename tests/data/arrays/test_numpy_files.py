"""Files of NumPy: what they hold is preserved, and what they only claim to hold is refused before it is read."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse
import torch

from ama.data.samples import Samples
from ama.data.sources import open_source
from ama.errors import InputError


def test_npy_files_hold_rows_or_images(tmp_path):
    np.save(tmp_path / "rows.npy", np.eye(3))
    np.save(tmp_path / "images.npy", np.full((4, 8, 8), 7, np.uint8))
    assert torch.equal(open_source(tmp_path / "rows.npy").read().x, torch.eye(3, dtype=torch.float64))
    images = open_source(str(tmp_path / "images")).read()
    assert images.x.shape == (4, 1, 8, 8)
    assert (images.x == 7).all()


@pytest.mark.parametrize(
    ("arrays", "label_column"),
    [
        ({"X": np.eye(3), "y": np.array([1, 0, 1])}, None),
        ({"X": np.eye(3), "x": np.zeros((1, 1)), "y": np.array([1.0, 0.0, 1.0])}, None),
        ({"images": np.eye(3), "other": np.zeros(2), "labels": np.array(["1", "0", "1"])}, None),
        ({"anything": np.eye(3), "y": np.array([1, 0, 1])}, None),
        ({"X": np.eye(3), "y": np.zeros(3), "kind": np.array([1, 0, 1])}, "kind"),
    ],
)
def test_npz_files_hold_samples_and_labels(tmp_path, arrays, label_column):
    np.savez(tmp_path / "a.npz", **arrays)
    samples = open_source(tmp_path / "a.npz", label_column=label_column).read()
    assert torch.equal(samples.x, torch.eye(3, dtype=torch.float64))
    assert samples.labels.tolist() == ["1", "0", "1"]


def test_npz_files_may_hold_a_single_array(tmp_path):
    np.savez(tmp_path / "a.npz", np.eye(3))
    samples = open_source(tmp_path / "a").read()
    assert samples.labels is None
    assert torch.equal(samples.x, torch.eye(3, dtype=torch.float64))


@pytest.mark.parametrize(
    ("arrays", "sentence"),
    [
        ({"a": np.eye(3), "b": np.eye(3)}, r"has the arrays a, b, expected one named X or a single one"),
        ({}, r"has the arrays \(none\)"),
        (
            {"X": np.eye(3), "y": np.zeros(2)},
            r"has labels of shape \(2,\), expected one for each of its 3 samples",
        ),
        ({"X": np.array([[None]])}, r"holds Python objects"),
    ],
)
def test_npz_files_that_cannot_be_used_are_refused(tmp_path, arrays, sentence):
    path = tmp_path / "a.npz"
    np.savez(path, **arrays)
    with pytest.raises(InputError, match=f"{path} {sentence}"):
        open_source(path)
    with pytest.raises(InputError, match="has no array 'kind'; its arrays are"):
        open_source(path, label_column="kind")


@pytest.mark.parametrize("form", ["csr", "csc", "coo", "bsr", "dia"])
@pytest.mark.parametrize("kind", ["matrix", "array"])
def test_a_file_of_a_sparse_matrix_holds_its_rows(tmp_path, form, kind):
    dense = np.diag([1.5, 2.0, -3.0])
    path = tmp_path / "a.npz"
    scipy.sparse.save_npz(path, getattr(scipy.sparse, f"{form}_{kind}")(dense))
    source = open_source(path)
    assert (source.name, source.remarks) == (str(path), ())
    assert np.array_equal(source.read().x, dense)
    with pytest.raises(InputError, match=f"{path} has no column 'y'"):
        open_source(path, label_column="y")


@pytest.mark.parametrize("changed", [{"indices": np.array([0, 1, 2**30])}, {"shape": np.array([3])}])
def test_a_damaged_sparse_matrix_is_refused_by_name(tmp_path, changed):
    path = tmp_path / "a.npz"
    scipy.sparse.save_npz(path, scipy.sparse.csr_matrix(np.eye(3)))
    with np.load(path) as file:
        np.savez(path, **{**file, **changed})
    with pytest.raises(InputError, match=f"{path} cannot be read as a NumPy file"):
        open_source(path)


@pytest.mark.parametrize("suffix", [".npy", ".npz"])
@pytest.mark.parametrize("content", [b"", b"not an array", "cut"])
def test_damaged_files_are_refused_by_name(tmp_path, suffix, content):
    path = tmp_path / f"a{suffix}"
    if content == "cut":
        (np.save if suffix == ".npy" else np.savez)(path, np.eye(50))
        content = path.read_bytes()[:-200]
    path.write_bytes(content)
    reason = (
        "(cannot be read as a NumPy file: it is empty, damaged, or of another|declares an array of shape)"
    )
    with pytest.raises(InputError, match=f"{path} {reason}"):
        open_source(path)


def test_adbench_rows_and_labels(shared_data):
    samples = open_source(shared_data / "adbench" / "42_WBC").read()
    with np.load(shared_data / "adbench" / "42_WBC.npz") as file:
        assert np.array_equal(samples.x.numpy(), file["X"])
        assert samples.labels.tolist() == [str(int(y)) for y in file["y"]]


def header(shape, descr="<f8", fortran=False) -> bytes:
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {"descr": descr, "fortran_order": fortran, "shape": shape})
    return file.getvalue()


@pytest.mark.parametrize("shape", [(2**40, 8), (2**40, 2**40), (-1, 8), (-2, -50)])
@pytest.mark.parametrize("suffix", [".npy", ".npz"])
def test_a_shape_that_the_file_cannot_hold_is_refused_before_memory_is_taken(tmp_path, suffix, shape):
    path, content = tmp_path / f"a{suffix}", header(shape) + bytes(800)
    if suffix == ".npz":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("X.npy", content)
    else:
        path.write_bytes(content)
    with pytest.raises(
        InputError, match=r"a.np. declares an array of shape .* and type float64, but holds 800 by"
    ):
        open_source(path)


def test_an_array_that_expands_beyond_reason_is_refused_with_a_way_to_go_on(tmp_path):
    path, n_bytes = tmp_path / "bomb.npz", 2**29
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("X.npy", "w") as member:
        member.write(header((n_bytes // 64, 64), "|u1"))
        for _ in range(n_bytes // 2**24):
            member.write(bytes(2**24))
    with pytest.raises(
        InputError, match=r"expands from .* to 536,871,040 bytes, .*: store it as .npy, which is str"
    ):
        open_source(path)


@pytest.mark.parametrize(
    ("array", "sentence"),
    [
        (np.array(3.0), r"has shape \(\), expected images"),
        (np.zeros(5, [("a", "f8"), ("b", "i4")]), "the named fields a, b, expected a plain array"),
        (np.zeros((5, 3), "M8[s]"), r"holds dates or times \(type datetime64\[s\]\), expected numbers"),
        (np.zeros((5, 3), complex), "Complex data not supported"),
        (np.array([["a", "b"]]), r"has 'a' in row 1"),
    ],
)
@pytest.mark.parametrize("suffix", [".npy", ".npz"])
def test_arrays_of_other_things_are_refused_in_a_sentence(tmp_path, suffix, array, sentence):
    path = tmp_path / f"a{suffix}"
    np.save(path, array) if suffix == ".npy" else np.savez(path, X=array)
    with pytest.raises(InputError, match=sentence):
        open_source(path)


def test_arrays_in_the_order_of_fortran_are_read_alike(tmp_path):
    x = np.random.default_rng(0).normal(size=(20, 3))
    np.save(tmp_path / "a.npy", np.asfortranarray(x))
    np.savez(tmp_path / "b.npz", X=np.asfortranarray(x))
    for name in ("a.npy", "b.npz"):
        assert np.array_equal(open_source(tmp_path / name).read().x.numpy(), x)


def test_arrays_beside_the_samples_are_left_out_with_a_word(tmp_path):
    np.savez(tmp_path / "masked.npz", data=np.eye(4), mask=np.eye(4) > 0)
    source = open_source(tmp_path / "masked.npz")
    assert source.remarks == (f"{tmp_path / 'masked.npz'}: left out the array 'mask'",)
    with pytest.raises(InputError, match="refused by strict"):
        open_source(tmp_path / "masked.npz", strict=True)


# Types of every kind, in either order of bytes.
TYPES = [
    *(
        "?",
        "i1",
        ">i2",
        "<u4",
        ">i8",
        "<u8",
        "<f2",
        ">f4",
        ">f8",
        "<f16",
        "<c8",
        ">c16",
        "S1",
        "S5",
        "<U1",
        ">U2",
    ),
    *("V3", "<M8", "<M8[ns]", "<M8[7Y]", "<m8", ">m8[D]"),
]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of NumPy's casts of random bytes
@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("fill", ["zeros", "ones", "random"])
def test_any_bytes_of_any_type_are_read_or_refused_with_one_sentence(kind, fill, tmp_path, rng):
    size = 9 * np.dtype(kind).itemsize
    content = {"zeros": bytes(size), "ones": b"\xff" * size, "random": rng.bytes(size)}[fill]
    values = np.frombuffer(content, kind)
    np.save(tmp_path / "x.npy", values.reshape(3, 3))
    np.savez(tmp_path / "x.npz", X=rng.normal(size=(9, 2)), y=values)
    for name in ("x.npy", "x.npz"):
        found = read_or_refusal(tmp_path / name)
        if isinstance(found, str):
            assert found.isprintable()
        else:
            assert found.x.isfinite().all()
            assert found.labels is None or all(label.isprintable() for label in found.labels)


def read_or_refusal(path: Path) -> Samples | str:
    try:
        return open_source(path).read()
    except InputError as error:
        return str(error)


def test_labels_that_are_neither_text_nor_numbers_are_refused(tmp_path):
    for labels, kind in ((np.zeros(4, "V3"), r"\|V3"), (np.zeros(4, "<M8"), "datetime64")):
        np.savez(tmp_path / "x.npz", X=np.zeros((4, 2)), y=labels)
        with pytest.raises(InputError, match=f"has labels of type {kind}, expected text or whole numbers"):
            open_source(tmp_path / "x.npz")
