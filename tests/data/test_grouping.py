"""Rules that group samples."""

from __future__ import annotations

import os

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ama.data.grouping import Grouping, group_numbers
from ama.data.images.photo_times import PhotoTime
from ama.data.labels import as_objects
from ama.data.sources import open_source
from ama.errors import LONGEST_SENTENCE, InputError
from image_files import noise, save

IDS = ["a/7_1.jpg", "a/7_2.jpg", "b/8_1.jpg", "c.jpg"]


def labels(rule, ids=IDS, values=None, remark=print):
    return Grouping.parsed(rule, "--group-by ").labels(ids, values, remark).tolist()


def test_folders_and_names_group_by_the_ids():
    assert labels("folder") == ["a", "a", "b", "."]
    assert labels(r"name:(.*)_\d+") == ["a/7", "a/7", "b/8", ""]
    assert labels(r"name:(\d)|x") == ["7", "7", "8", ""]


def test_photographs_are_grouped_by_gaps_in_their_times():
    times = as_objects([PhotoTime(float(t), 0.0) for t in (7200, 0, 3600, 10801)])
    assert labels("time:1h", values=times) == ["0", "0", "0", "1"]  # an hour is not longer than an hour
    said = []
    times[1] = PhotoTime(None, 9e9)
    assert labels("time:1h", values=times, remark=said.append) == ["0", "1", "0", "0"]
    assert said == [
        "--group-by time:1h: a/7_2.jpg has no DateTimeOriginal, so the times of the files are taken for all"
    ]
    times[2] = PhotoTime(None, None)
    with pytest.raises(
        InputError, match=r"a/7_2.jpg has no DateTimeOriginal in its EXIF data, nor is it a file"
    ):
        labels("time:1h", values=times)


@given(st.lists(st.integers(0, 50), min_size=2, max_size=40), st.integers(1, 10))
def test_times_are_in_one_group_unless_there_is_a_gap_between_them(times, gap):
    values = as_objects([PhotoTime(float(t), None) for t in times])
    found = labels(f"time:{gap}s", [str(i) for i in range(len(times))], values)
    for i, t in enumerate(times):
        for j, u in enumerate(times):
            between = sorted(v for v in times if min(t, u) <= v <= max(t, u))
            assert (found[i] == found[j]) == (max(np.diff(between), default=0) <= gap)


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        ("lot", "--group-by must be folder, name:PATTERN, column:NAME or time:DURATION, found 'lot'"),
        ("folder:x", "--group-by must be folder, .*, found 'folder:x'"),
        ("column:", "--group-by must be folder, .*, found 'column:'"),
        ("name:(", r"--group-by name:\( is not a regular expression: missing \)"),
        ("name:a", "--group-by name:a has 0 parts in parentheses, expected one"),
        ("name:(a)(b)", r"--group-by name:\(a\)\(b\) has 2 parts in parentheses"),
        ("time:soon", "the gap in --group-by time:soon must be a positive duration such as .*, found 'soon'"),
    ],
)
def test_a_rule_that_is_none_is_refused(rule, sentence):
    with pytest.raises(InputError, match=f"^{sentence}"):
        Grouping.parsed(rule, "--group-by ")


def test_samples_without_a_group_are_named_and_each_is_one_of_its_own():
    said = []
    numbers = group_numbers(np.array(["x", "", "x", "", "y"], object), list("abcde"), "groups", said.append)
    assert numbers[0] == numbers[2]
    assert len(set(numbers.tolist())) == 4
    assert said == ["groups finds no group for 2 of 5 samples, such as b: each is one of its own"]


def test_one_group_and_none_are_refused():
    for found, sentence in (
        ("x", "the same group for all 3"),
        ("", "no group for any of 3 normal samples, such as a"),
    ):
        with pytest.raises(InputError, match=f"^--group-by folder finds {sentence}") as caught:
            group_numbers(np.array([found] * 3, object), list("abc"), "--group-by folder", print)
        assert len(str(caught.value)) < LONGEST_SENTENCE


def test_a_column_of_a_table_groups_and_is_no_feature(tmp_path):
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(30, 2)), columns=["a", "b"])
    frame["lot"] = np.arange(30) // 10
    frame.to_csv(tmp_path / "t.csv", index=False)
    rule = Grouping.parsed("column:lot", "--group-by ")
    for source in (frame, tmp_path / "t.csv"):
        samples = open_source(source, group_by=rule).read()
        assert samples.columns == ["a", "b"]
        assert "column 'lot' of" in samples.remarks[0]
        found = rule.labels(samples.ids, samples.group_values, print)
        assert found.tolist() == [str(i // 10) for i in range(30)]
        assert list(map(str, samples.select([29, 0]).group_values)) == ["2", "0"]
    with pytest.raises(InputError, match="has no column 'day'; its columns are a, b, lot"):
        open_source(frame, group_by=Grouping.parsed("column:day", "--group-by "))
    with pytest.raises(
        InputError, match=r"^column 'lot' of the data frame makes the groups, expected others as"
    ):
        open_source(frame, group_by=rule, columns=["a", "lot"])
    with pytest.raises(
        InputError, match="--group-by time:1h needs photographs, which the data frame does not hold"
    ):
        open_source(frame, group_by=Grouping.parsed("time:1h", "--group-by "))


def test_images_are_grouped_by_a_column_and_by_their_files_times(tmp_path):
    paths = [save(tmp_path / "photos" / f"{i}.png", noise(8, 8, seed=i)) for i in range(4)]
    for i, path in enumerate(paths):
        os.utime(path, (7200 * (i // 2), 7200 * (i // 2)))
    (tmp_path / "photos" / "1.png").write_text("damaged")
    os.utime(paths[1], (0, 0))
    by_time = Grouping.parsed("time:1h", "groups=")
    samples = open_source(tmp_path / "photos", group_by=by_time).read()
    assert samples.ids == ["0.png", "2.png", "3.png"]
    assert by_time.labels(samples.ids, samples.group_values, [].append).tolist() == ["0", "1", "1"]
    pd.DataFrame({"image": [path.read_bytes() for path in paths], "part": ["x", "x", "y", "y"]}).to_parquet(
        tmp_path / "t.parquet"
    )
    by_part = Grouping.parsed("column:part", "groups=")
    samples = open_source(tmp_path / "t.parquet", group_by=by_part).read()
    assert by_part.labels(samples.ids, samples.group_values, print).tolist() == ["x", "y", "y"]
    with pytest.raises(
        InputError, match=r"groups=column:part needs a column of a table, which .*photos does not hold"
    ):
        open_source(tmp_path / "photos", group_by=by_part)
