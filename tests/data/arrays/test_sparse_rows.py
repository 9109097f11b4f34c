"""Sparse matrices as rows."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse

from ama.data.sources import open_source
from ama.errors import InputError

DENSE = np.array([[0, 1.5, 0], [2, 0, 0], [0, 0, -3]])


@pytest.mark.parametrize("form", ["csr", "csc", "coo", "bsr", "lil", "dok", "dia"])
@pytest.mark.parametrize("kind", ["matrix", "array"])
def test_any_form_of_sparse_matrix_is_the_rows_of_the_dense_one(form, kind):
    source = open_source(getattr(scipy.sparse, f"{form}_{kind}")(DENSE))
    samples = source.read()
    assert np.array_equal(samples.x, DENSE)
    assert (samples.ids, samples.columns) == (["0", "1", "2"], None)
    assert [len(part) for part in source.batches(2)] == [2, 1]


def test_a_matrix_too_large_for_the_memory_is_refused_when_it_is_read_whole():
    source = open_source(scipy.sparse.csr_matrix((2_000_000, 50_000)))
    assert next(source.batches(10)).x.shape == (10, 50_000)
    with pytest.raises(
        InputError, match="2000000 rows of 50000 columns, 745 GiB, more than can be held in memory"
    ):
        source.read()


@pytest.mark.parametrize(
    ("matrix", "given", "sentence"),
    [
        (scipy.sparse.csr_matrix((0, 3)), {}, r"is sparse and has shape \(0, 3\), expected rows \(n, d\)"),
        (scipy.sparse.coo_array(np.ones(3)), {}, r"is sparse and has shape \(3,\), expected rows"),
        (scipy.sparse.eye(3, dtype=complex), {}, "is sparse and has type complex128, expected real numbers"),
        (scipy.sparse.eye(3), {"shape": (4,)}, "has rows of 3 columns, expected 4"),
        (scipy.sparse.eye(3), {"shape": (1, 8, 8)}, "holds rows, expected images"),
        (scipy.sparse.eye(3), {"label_column": "y"}, "has no column 'y'"),
        (scipy.sparse.csr_matrix([[0, np.nan]]), {}, r"has nan in row 1 \(counted from 1\), column 2"),
    ],
)
def test_other_matrices_are_refused_in_a_sentence(matrix, given, sentence):
    with pytest.raises(InputError, match=sentence):
        open_source(matrix, **given).read()
