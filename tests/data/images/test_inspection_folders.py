"""The layouts of MVTec and VisA are recognised, and folders that only look like it are not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ama.data.images.inspection_folders import holds_good, inspection_folder, part_to_calibrate, part_to_learn
from ama.data.normal_labels import check_one_part
from ama.errors import InputError

LONGEST_PATH = 4095  # characters, on Linux


def folders(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).mkdir(parents=True)
    return root


def test_the_parts_are_found(tmp_path):
    tire = folders(tmp_path / "tire", "train/good", "test/good", "test/hole", "ground_truth/hole")
    assert inspection_folder(tire) == (tire / "train" / "good", tire / "test", tire / "ground_truth")
    source, remark = part_to_learn(str(tire))
    assert source == str(tire / "train" / "good")
    assert remark == (
        f"{tire} holds train/good and test/good, as MVTec's data sets do: learning from {source}"
    )


def test_masks_may_be_missing(tmp_path):
    assert inspection_folder(folders(tmp_path, "train/good", "test/good")).masks is None


def test_the_part_to_learn_from_may_be_named(tmp_path):
    tire = folders(tmp_path / "tire", "train/good", "train/.cache", "test/good")
    source, remark = part_to_learn(tire / "train")
    assert source == str(tire / "train" / "good")
    assert remark == f"{tire}/train holds only good, as in MVTec's data sets: learning from {source}"
    assert part_to_learn(str(tire / "train" / "good")) == (str(tire / "train" / "good"), None)


@pytest.mark.parametrize(
    "names",
    [
        ("train/cat", "test/cat"),  # classes of a data set in two parts
        ("train", "test"),  # labels like any others
        ("train/good", "test/hole"),
        ("train/cat", "test/good"),
        ("good", "hole"),
        ("train/good",),
    ],
)
def test_other_folders_are_taken_as_they_are(tmp_path, names):
    folders(tmp_path, *names)
    assert inspection_folder(tmp_path) is None
    assert part_to_learn(tmp_path) == (tmp_path, None)
    assert part_to_learn(tmp_path / "train") == (tmp_path / "train", None)


def test_a_train_folder_of_several_labels_is_taken_as_it_is(tmp_path):
    tire = folders(tmp_path, "train/good", "train/hole", "test/good")
    assert part_to_learn(tire / "train") == (tire / "train", None)


@pytest.mark.parametrize("source", ["digits", "hf://owner/name", "", "~nobody/x", "a\0b", None, 3, [1, 2]])
def test_what_is_no_folder_is_left_to_others(source, tmp_path, monkeypatch):
    folders(tmp_path / "digits", "train/good", "test/good")
    monkeypatch.chdir(tmp_path)
    assert inspection_folder(source) is None
    assert part_to_learn(source) == (source, None)
    assert part_to_calibrate(source) == (source, None)
    assert not holds_good(source)


def test_good_test_images_calibrate(tmp_path):
    tire = folders(tmp_path / "tire", "train/good", "test/good", "test/flat")
    source, remark = part_to_calibrate(tire)
    assert source == str(tire / "test" / "good")
    assert (
        remark == f"{tire} holds train/good and test/good, as MVTec's data sets do: calibrating on {source}"
    )
    assert part_to_calibrate(tire / "test") == (tire / "test", None)


def test_a_folder_with_good_samples_is_known(tmp_path):
    assert holds_good(folders(tmp_path / "photos", "good", "dent"))
    assert not holds_good(folders(tmp_path / "pets", "cat", "dog"))
    assert not holds_good(folders(tmp_path / "screws", "good"))


VISA = ("Images/Normal", "Images/Anomaly", "Masks/Anomaly")


@pytest.mark.parametrize("above", ["", "Data/"])
def test_visas_layout_is_known_from_one_level_up_or_two(tmp_path, above):
    candle = folders(tmp_path / "candle", *(above + name for name in VISA))
    data = candle / above
    parts = inspection_folder(candle)
    assert parts == (data / "Images" / "Normal", data / "Images", data / "Masks")
    assert (parts.good, parts.apart) == ("Normal", False)
    like = f"{candle} holds Images/Normal and Images/Anomaly, as VisA's data sets do"
    assert part_to_learn(candle) == (str(parts.train), f"{like}: learning from {parts.train}")
    assert part_to_calibrate(candle) == (str(parts.train), f"{like}: calibrating on {parts.train}")
    assert inspection_folder(data / "Images") is None


@pytest.mark.parametrize("mode", [0o000, 0o444])
def test_a_folder_that_cannot_be_looked_into_is_no_layout(tmp_path, mode):
    folder = folders(tmp_path / "tire", "train/good", "test/good")
    folder.chmod(mode)
    try:
        if os.access(folder, os.X_OK):
            pytest.skip("root looks into any folder")
        assert inspection_folder(folder) is None
        assert part_to_learn(folder) == part_to_calibrate(folder) == (folder, None)
        assert not holds_good(folder)
        with pytest.raises(InputError, match="tire cannot be read: Permission denied"):
            check_one_part(folder)
    finally:
        folder.chmod(0o755)


def test_a_folder_below_which_no_path_fits_is_no_layout(tmp_path):
    """As above, and root meets it, too: the paths below it are too long to be looked at."""
    folder = tmp_path
    while (room := LONGEST_PATH - len(f"{folder}/")) > 10:
        folder /= "n" * min(200, room - 5)
        folder.mkdir()
    assert inspection_folder(folder) is None
    assert part_to_learn(folder) == (folder, None)
