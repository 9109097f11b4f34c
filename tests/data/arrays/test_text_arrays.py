"""Text files of numbers alone."""

import numpy as np
import pytest

from ama.data.sources import open_source
from ama.errors import InputError

X = [[-1.0, 0.5], [1.0, 2.0], [3.0, 4.25]]


@pytest.mark.parametrize("name", ["x.txt", "x.DAT", "x.txt.gz"])
@pytest.mark.parametrize(
    "how",
    [
        {},
        {"delimiter": ","},
        {"delimiter": ";"},
        {"delimiter": "\t"},
        {"header": "a b"},
        {"header": "a b", "comments": "% "},
    ],
)
def test_what_numpy_saves_as_text_is_read(tmp_path, name, how):
    np.savetxt(tmp_path / name, X, **how)
    source = open_source(tmp_path / name)
    samples = source.read()
    assert (samples.x.tolist(), samples.ids, samples.columns) == (X, ["0", "1", "2"], None)
    assert not source.remarks


def test_space_at_the_end_of_lines_and_a_single_column_are_no_matter(tmp_path):
    (tmp_path / "x.txt").write_text("\ufeff1 2  \n3  4 \n\n", "utf-8")
    assert open_source(tmp_path / "x.txt").read().x.tolist() == [[1, 2], [3, 4]]
    (tmp_path / "x.txt").write_text("1\n2\n")
    assert open_source(tmp_path / "x.txt").read().x.tolist() == [[1], [2]]


@pytest.mark.parametrize("between", [" ", ", "])
def test_exponents_of_fortran_are_read(tmp_path, between):
    lines = [between.join(f"{x:.6E}".replace("E", "D") for x in row) for row in X]
    (tmp_path / "x.dat").write_text("# of a run in double precision\n" + "\n".join(lines))
    assert open_source(tmp_path / "x.dat").read().x.tolist() == X


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (b"1 2\n3 x\n", r"x.txt has 'x' in row 2 \(counted from 1\), column 2, expected numbers"),
        (b"1 2\n3 \xe9\n", r"x.txt has '\ufffd' in row 2 \(counted from 1\), column 2, expected numbers"),
        (
            b"1D+00 2D+00\n3D+00 4-D\n",
            r"x.txt has '4-D' in row 2 \(counted from 1\), column 2, expected numbers",
        ),
        (b"1 2 3\n4 5\n", r"x.txt has 2 numbers in row 2 \(counted from 1\), expected 3"),
        (b"1 2\n3 nan\n", r"x.txt has nan in row 2 \(counted from 1\), column 2, expected a finite number"),
        (b"", r"x.txt is an empty file, expected CSV with column names in its first line"),
        (b"\xff\xfe\0\1", r"x.txt has no rows"),
    ],
)
def test_anything_else_is_refused(tmp_path, text, sentence):
    (tmp_path / "x.txt").write_bytes(text)
    with pytest.raises(InputError, match=sentence):
        open_source(tmp_path / "x.txt").read()


def test_a_damaged_compressed_file_is_refused(tmp_path):
    np.savetxt(tmp_path / "x.txt.gz", X)
    content = (tmp_path / "x.txt.gz").read_bytes()
    (tmp_path / "x.txt.gz").write_bytes(content[:20] + b"xxxx" + content[24:])
    with pytest.raises(InputError, match=r"x\.txt\.gz cannot be read: "):
        open_source(tmp_path / "x.txt.gz")
