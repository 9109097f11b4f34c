"""Folders of images among images that are named one by one."""

import numpy as np
import pytest

from ama.data.objects import is_source
from ama.data.sources import open_source
from ama.errors import InputError
from image_files import noise, save

IMAGES = noise(6, 8, 9, 3)


@pytest.fixture
def days(tmp_path, monkeypatch):
    """Two folders of three images, and a note beside those of the first."""
    monkeypatch.chdir(tmp_path)
    for day in ("monday", "tuesday"):
        (tmp_path / day).mkdir()
    for i, image in enumerate(IMAGES):
        save(tmp_path / ("monday", "tuesday")[i // 3] / f"{i}.png", image)
    (tmp_path / "monday" / "notes.txt").write_text("rain")
    return ["monday", "tuesday"]


def test_the_images_of_folders_stand_in_their_places(days):
    assert is_source(days)
    source = open_source(["tuesday", "monday/1.png", "monday"])
    samples = source.read()
    names = [
        "tuesday/3.png",
        "tuesday/4.png",
        "tuesday/5.png",
        "monday/1.png",
        *(f"monday/{i}.png" for i in range(3)),
    ]
    assert samples.ids == names
    expected = IMAGES[[3, 4, 5, 1, 0, 1, 2]].transpose(0, 3, 1, 2)
    assert np.array_equal(samples.x.numpy(), expected)
    assert samples.labels is None
    assert source.named == "tuesday and 2 more"
    assert source.remarks[0].startswith(
        "monday: left out 1 file whose suffix is not that of an image: 1 .txt"
    )


def test_what_a_folder_holds_besides_is_refused_if_strict(days):
    with pytest.raises(InputError, match=r"^monday: left out 1 file"):
        open_source(days, strict=True)


def test_a_folder_with_labels_or_without_images_is_refused(days, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"^empty is a folder without images: only such"):
        open_source(["monday", "empty"])
    save(tmp_path / "tuesday" / "bad" / "9.png", IMAGES[0])
    with pytest.raises(
        InputError, match=r"^tuesday has images in sub-folders, such as bad/9\.png, which are its"
    ):
        open_source(days)
