"""Parts cover a source once, and their scores are those of the whole source, bit for bit."""

from __future__ import annotations

import pickle

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from ama.data.sources import open_source
from ama.detectors.score_tables import score_table
from ama.distributed.shipped_model import ShippedModel
from ama.distributed.source_parts import BATCHES, MOST_CUTS, part_bounds, score_part, survey_part


@given(st.integers(1, 10**7), st.integers(1, 10**7), st.integers(1, 1024))
def test_parts_cover_everything_once_and_begin_with_a_batch(n, read_at_once, batch_size):
    bounds = part_bounds(n, read_at_once, batch_size)
    assert [start for start, _ in bounds] == [0, *(stop for _, stop in bounds[:-1])]
    assert bounds[-1][1] == n
    assert all(start % batch_size == 0 and start < stop for start, stop in bounds)
    lengths = [stop - start for start, stop in bounds[:-1]]
    assert all(length >= max(BATCHES * batch_size, read_at_once / MOST_CUTS) for length in lengths)


def test_the_scores_of_parts_are_those_of_the_whole(tmp_path, digits, digit_detector):
    images = np.concatenate([digits[0], digits[0]])[:2500, 0]
    for i, pixels in enumerate(images):
        Image.fromarray(pixels).save(tmp_path / f"{i:04}.bmp")
    (tmp_path / "0007.bmp").write_text("hello")
    source = digit_detector.open(str(tmp_path))
    whole = [score_table(digit_detector, samples) for samples in source.batches()]
    shipped = pickle.loads(pickle.dumps(ShippedModel(digit_detector)))
    assert shipped.load("cpu") is shipped.load("cpu")
    chunks = [
        chunk
        for start, stop in ((0, 1024), (1024, 2500))
        for chunk in score_part(shipped.load("cpu"), source, start, stop)
    ]
    assert pa.concat_tables([c.table for c in chunks if c.table is not None]).equals(pa.concat_tables(whole))
    assert [s for c in chunks for s in c.skipped] == [
        "0007.bmp cannot be read: it is not an image, or its format or its kind of pixels is not supported"
    ]


def test_parts_hold_all_normal_rows_of_a_labelled_table():
    rows = pa.table({"a": np.arange(40.0), "label": ["bad"] * 30 + ["good"] * 10})
    source = open_source(rows, normal_labels=["good"])
    parts = [source.part(*bounds) for bounds in part_bounds(source.n_positions, source.read_at_once, 5)]
    assert [len(part) for part in parts] == [0, 10]
    assert [row for part in parts for chunk in part.chunks() for row in chunk.x[:, 0]] == list(range(30, 40))


def test_the_surveys_of_parts_add_up(tmp_path, rng, digit_detector):
    for i in range(9):
        Image.fromarray(rng.integers(0, 256, (8 + i, 9, 3), dtype=np.uint8)).save(tmp_path / f"{i}.png")
    frames = [Image.fromarray(rng.integers(0, 256, (8, 8), dtype=np.uint8)) for _ in range(4)]
    frames[0].save(tmp_path / "7.tif", save_all=True, append_images=frames[1:])
    (tmp_path / "5.png").write_text("hello")

    def surveying(images):
        found = survey_part(images, 0, 4, False)
        found.join(survey_part(images, 4, 7, False), 4)
        found.join(survey_part(images, 7, 10, False), 7)
        return found

    source, expected = digit_detector.open(tmp_path, surveying=surveying), digit_detector.open(tmp_path)
    assert source.remarks == expected.remarks
    assert len(source.remarks) == 3
    assert len(source) == len(expected) == 13
    assert source._frames == expected._frames


def test_what_a_part_cannot_be_is_said(tmp_path, row_detector):
    (tmp_path / "rows.csv").write_text("a,b,c,d,e\n" + "1,2,3,4,5\n" * 6 + "1,2,,4,5\n" * 2)
    source = row_detector.open(str(tmp_path / "rows.csv"))
    *_, last = score_part(row_detector, source, 2, 8)
    assert last.refused.endswith(
        "has nan in row 7 (counted from 1), column 'c', expected a finite number: fill it in or drop the row"
    )
