"""Which samples of a labelled source are normal."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ama.data.normal_labels import check_one_part, check_two_sources, is_normal
from ama.errors import InputError


@given(st.lists(st.sampled_from(["cat", "dog", "fox", ""]), min_size=1), st.data())
def test_a_sample_is_normal_exactly_if_its_label_is_named(labels, data):
    chosen = data.draw(st.lists(st.sampled_from(sorted(set(labels))), min_size=1))
    found = is_normal(np.array(labels), chosen, "photos")
    assert found.dtype == bool
    assert found.tolist() == [label in chosen for label in labels]


def test_a_part_of_a_label_is_not_the_label():
    assert is_normal(np.array(["1", "11", "10"]), ["1"], "digits").tolist() == [True, False, False]


def test_a_label_longer_than_every_label_of_the_source_is_refused_not_truncated():
    # NumPy truncates strings to the width of the array that they are assigned to.
    with pytest.raises(InputError, match="has the label 'category'"):
        is_normal(np.array(["cat", "dog"]), ["category"], "photos")


def test_a_label_that_does_not_occur_is_named_with_those_that_do():
    with pytest.raises(
        InputError, match=r"^no sample of photos has the label 'cow'; its labels are cat, dog$"
    ):
        is_normal(np.array(["dog", "cat", "dog"]), ["cat", "cow"], "photos")


def test_labels_that_differ_by_a_space_and_no_label_are_shown_as_such():
    with pytest.raises(
        InputError, match=r"the label 'good'; its labels are \(none\), ' good', bad, 'good '$"
    ):
        is_normal(np.array(["good ", "", " good", "bad"]), ["good"], "parts.csv")


@pytest.mark.parametrize("label", ["masks", "Masks", "ground_truth"])
def test_a_class_named_as_masks_are_is_told_to_be_renamed(label):
    found = rf"has the label '{label}'; its labels are dog; a folder {label} holds masks of defects, .*: rename a class"
    with pytest.raises(InputError, match=found):
        is_normal(np.array(["dog"]), [label], "photos")


def test_of_many_labels_the_first_twelve_are_shown():
    with pytest.raises(InputError, match=r"its labels are 00, .*, 11, \.\.\.$"):
        is_normal(np.array([f"{i:02}" for i in range(30)]), ["30"], "photos")


def test_a_source_without_labels_is_refused_with_where_labels_come_from():
    with pytest.raises(InputError, match=r"^photos has no labels, expected sub-folders, .*, or an array y$"):
        is_normal(None, ["cat"], "photos")


@pytest.mark.parametrize("anomalies", ["a.csv", "./a.csv", "other/../a.csv"])
def test_one_source_for_both_normal_samples_and_anomalies_is_refused(anomalies):
    with pytest.raises(
        InputError, match=r"^a\.csv is given as normal and as --anomalies, expected a source of"
    ):
        check_two_sources("a.csv", anomalies)


@pytest.mark.parametrize("anomalies", [None, "b.csv", "s3://bucket/a.csv"])
def test_two_sources_are_two(anomalies):
    check_two_sources("a.csv", anomalies)


@pytest.mark.parametrize("names", [("train", "test"), ("train-00000-of-00001", "test-00000-of-00001")])
def test_a_folder_with_shards_of_training_and_test_samples_is_refused(tmp_path, names):
    for name in names:
        (tmp_path / f"{name}.parquet").touch()
    with pytest.raises(
        InputError, match=f"holds training and test samples, in {names[0]}.parquet and {names[1]}"
    ):
        check_one_part(tmp_path)
    (tmp_path / f"{names[1]}.parquet").rename(tmp_path / "trainer.parquet")
    check_one_part(tmp_path)


def test_files_of_training_and_test_samples_are_refused_unless_they_are_beside_images(tmp_path):
    for name in ("train.csv", "test.csv.gz"):
        (tmp_path / name).touch()
    with pytest.raises(
        InputError, match=r"training and test samples, in train.csv and test.csv.gz: name a file"
    ):
        check_one_part(tmp_path)
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "0.png").touch()
    check_one_part(tmp_path)
