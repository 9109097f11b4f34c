"""Maps as PNG files: what is read back, by which name, on which scale."""

from __future__ import annotations

import os

import numpy as np
import pytest
from PIL import Image

from ama.errors import InputError
from ama.io.map_files import LEVELS, MapFolder


def test_a_map_is_read_back_to_half_a_grey_level(tmp_path, rng):
    folder = MapFolder(tmp_path / "maps", top=50.0, threshold=6.5)
    heat = rng.uniform(0, 50, (30, 20))
    path = folder.write("hole/000.jpg", heat)
    assert path == tmp_path / "maps" / "hole" / "000.jpg.png"
    with Image.open(path) as image:
        assert (image.mode, image.size) == ("I;16", (20, 30))
        unit = float(image.text["units_per_grey_level"])
        assert float(image.text["map_threshold"]) == 6.5
        assert np.abs(unit * np.asarray(image, dtype=float) - heat).max() <= unit / 2 * (1 + 1e-9)
    assert unit == folder.unit == 50 / LEVELS
    assert os.listdir(path.parent) == [path.name]


def test_a_map_gets_the_size_of_its_image_and_no_new_values(tmp_path, rng):
    folder = MapFolder(tmp_path / "maps", top=50.0, threshold=6.5)
    heat = rng.uniform(0, 50, (6, 8))
    for size in ((6, 8), (60, 80), (31, 17), (3, 4)):
        read = np.asarray(Image.open(folder.write("a", heat, size)))
        assert read.shape == size
        rows, columns = ((np.arange(n) + 0.5) * old // n for n, old in zip(size, heat.shape, strict=True))
        expected = np.round(heat / folder.unit)[np.ix_(rows.astype(int), columns.astype(int))]
        assert np.array_equal(read, expected)


def test_values_above_the_scale_are_cut_and_counted(tmp_path):
    folder = MapFolder(tmp_path / "maps", top=1.0, threshold=0.5)
    cut = folder.write("a", np.array([[0.0, 7.0]]))
    folder.write("b", np.array([[0.0, 1.0]]))
    assert np.asarray(Image.open(cut)).tolist() == [[0, LEVELS]]
    assert (folder.n_files, folder.n_cut) == (2, 1)


def test_samples_of_one_stem_or_one_name_have_files_of_their_own(tmp_path):
    folder = MapFolder(tmp_path / "maps", top=9.0, threshold=1.0)
    names = ["a.png", "a.jpg", "a.jpg", "../a.jpg", "b/a.jpg", "a.jpg~2", "a.jpg"]
    paths = [folder.write(name, np.full((2, 2), float(i))) for i, name in enumerate(names)]
    assert [str(path.relative_to(tmp_path / "maps")) for path in paths] == [
        "a.png.png", "a.jpg.png", "a.jpg~2.png", "a.jpg~3.png", "b/a.jpg.png", "a.jpg~2~2.png", "a.jpg~4.png",
    ]  # fmt: skip
    grey = [np.asarray(Image.open(path)).max() * folder.unit for path in paths]
    assert grey == pytest.approx(range(7), abs=folder.unit)
    assert len(folder.repeated) == 2


def test_nothing_is_there_before_the_first_map(tmp_path):
    MapFolder(tmp_path / "maps", 1.0, 0.5)
    assert os.listdir(tmp_path) == []


def test_a_folder_that_holds_something_is_refused_and_an_empty_one_taken(tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "old.png").write_text("x")
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("x")
    for name, sentence in (
        ("full", "it is not empty, expected a new or an empty folder for maps"),
        ("file", "it is not a folder"),
        ("missing/maps", "does not exist"),
    ):
        with pytest.raises(InputError, match=rf"^cannot write .*{name}: .*{sentence}$"):
            MapFolder(tmp_path / name, 1.0, 0.5)
    MapFolder(tmp_path / "empty", 1.0, 0.5).write("a", np.ones((2, 2)))
    assert os.listdir(tmp_path / "empty") == ["a.png"]


@pytest.mark.parametrize(
    ("is_there", "sentence"),
    [
        (False, "another run has made it meanwhile; name another folder"),
        (True, "it is not empty, expected a new or an empty folder for maps"),
    ],
)
def test_of_two_runs_that_find_a_folder_free_the_slower_is_refused(tmp_path, is_there, sentence):
    if is_there:
        (tmp_path / "maps").mkdir()
    slower, faster = (MapFolder(tmp_path / "maps", 1.0, 0.5) for _ in range(2))
    faster.write("a", np.ones((2, 2)))
    with pytest.raises(InputError, match=f"^cannot write .*maps: {sentence}$"):
        slower.write("a", np.ones((2, 2)))
    faster.write("b", np.ones((2, 2)))
    assert sorted(os.listdir(tmp_path / "maps")) == ["a.png", "b.png"]


def test_a_map_that_cannot_be_written_leaves_no_part_of_it(tmp_path):
    folder = MapFolder(tmp_path / "maps", 1.0, 0.5)
    folder.write("a", np.ones((2, 2)))
    with pytest.raises(InputError, match=r"^cannot write .*b\.png"):
        folder.write("a.png/b", np.ones((2, 2)))
    assert os.listdir(tmp_path / "maps") == ["a.png"]
