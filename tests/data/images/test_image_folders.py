"""Folders of images: what is found, what is left out with a word, and names of any bytes."""

from __future__ import annotations

import os
import re
import shutil
import socket
import time

import pytest

from ama.data.images.image_folders import MAX_DEPTH, find_images
from ama.data.sources import open_source
from ama.errors import InputError
from image_files import noise, save


def folder(place, n=3):
    for i in range(n):
        save(place / f"{i}.png", noise(8, 8, seed=i))
    return place


def test_pipes_sockets_and_devices_are_never_opened_and_named(tmp_path):
    folder(tmp_path / "a")
    os.mkfifo(tmp_path / "a" / "x.png")
    (tmp_path / "a" / "y.jpg").symlink_to("/dev/zero")
    with socket.socket(socket.AF_UNIX) as end:
        end.bind(str(tmp_path / "a" / "z.png"))
    samples = open_source(tmp_path / "a").read()
    assert samples.ids == ["0.png", "1.png", "2.png"]
    assert samples.notes() == [
        f"{tmp_path}/a: left out x.png, which is a pipe, socket or device and 2 more like it"
    ]
    with pytest.raises(InputError, match=r"left out x.png, .* \(refused by strict\)"):
        open_source(tmp_path / "a", strict=True)


def test_a_pipe_in_the_place_of_an_image_is_not_waited_for(tmp_path):
    source = open_source(folder(tmp_path / "a"))
    (tmp_path / "a" / "1.png").unlink()
    os.mkfifo(tmp_path / "a" / "1.png")
    assert source.read().skipped == ["1.png cannot be read: it is a pipe, expected a file"]


def test_folders_that_are_linked_to_each_other_are_read_once_by_their_own_names(tmp_path):
    for i in range(8):
        folder(tmp_path / f"d{i}", 1)
        for j in range(8):
            if i != j:
                (tmp_path / f"d{i}" / f"a{j}").symlink_to(f"../d{j}")
    start = time.process_time()
    samples = open_source(tmp_path).read()
    assert time.process_time() - start < 2
    assert samples.ids == [f"d{i}/0.png" for i in range(8)]
    [note] = samples.notes()
    assert note == f"{tmp_path}: left out d0/a1, a link to a folder that is read already and 55 more like it"


def test_folders_nested_without_end_are_left_out_with_a_word(tmp_path):
    folder(tmp_path / "a")
    home = os.getcwd()
    os.chdir(tmp_path / "a")
    try:
        for _ in range(1500):
            os.mkdir("d")
            os.chdir("d")
    finally:
        os.chdir(home)
    [note] = open_source(tmp_path / "a").read().notes()
    assert note.startswith(f"{tmp_path}/a: left out d/d")
    assert note.endswith(f"a folder within more than {MAX_DEPTH} others")
    assert len(note) <= 280
    os.system(f"rm -rf {tmp_path}/a")  # too deep for Python


def test_what_is_no_image_by_its_suffix_is_counted_and_hidden_files_are_not(tmp_path):
    folder(tmp_path)
    for name in ("a.mov", "b.MOV", "c.txt", "README", ".DS_Store", ".x.png"):
        (tmp_path / name).write_text("x")
    assert open_source(tmp_path).read().notes() == [
        f"{tmp_path}: left out 4 files whose suffix is not that of an image: 2 .mov, 1 .txt, 1 without suffix"
    ]
    with pytest.raises(InputError, match="left out 4 files"):
        open_source(tmp_path, strict=True)


@pytest.mark.parametrize("masks", ["ground_truth/scratch", "Data/Masks/Anomaly", "masks"])
def test_folders_of_masks_among_images_are_no_samples(tmp_path, masks):
    for part in ("good", "scratch", masks):
        folder(tmp_path / part, 2)
    source = open_source(tmp_path)
    assert source.read().ids == ["good/0.png", "good/1.png", "scratch/0.png", "scratch/1.png"]
    left_out = f"{tmp_path}: left out {masks}/0.png, a mask of a defect and 1 more like it"
    assert source.remarks == (left_out,)
    with pytest.raises(InputError, match="a mask of a defect"):
        open_source(tmp_path, strict=True)
    for part in ("good", "scratch"):
        shutil.rmtree(tmp_path / part)
    assert len(open_source(tmp_path)) == 2  # asked for by name


def test_masks_beside_their_images_are_no_samples(tmp_path):
    folder(tmp_path, 2)
    for name in ("0_mask.png", "1_Mask.bmp", "9_mask.png"):
        save(tmp_path / name, noise(8, 8))
    source = open_source(tmp_path)
    assert source.read().ids == ["0.png", "1.png", "9_mask.png"]
    assert source.remarks == (f"{tmp_path}: left out 0_mask.png, a mask of a defect and 1 more like it",)


def test_data_sets_in_mvtecs_layout_are_read_one_by_one(tmp_path):
    for part in ("cable/train/good", "cable/test/good", "cable/test/bent", "old/tire/train/good"):
        folder(tmp_path / part, 1)
    shown = re.escape(
        f"{tmp_path} holds folders in MVTec's layout (cable), expected one data set: name one, such as "
        f"{tmp_path}/cable"
    )
    with pytest.raises(InputError, match=shown):
        open_source(tmp_path)
    assert len(open_source(tmp_path / "cable")) == 3
    folder(tmp_path / "old/tire/test/good", 1)
    with pytest.raises(InputError, match=r"\(cable, old/tire\)"):
        open_source(tmp_path)


def test_data_sets_in_visas_layout_are_read_one_by_one(tmp_path):
    for part in ("Normal", "Anomaly"):
        folder(tmp_path / "candle" / "Data" / "Images" / part, 1)
    with pytest.raises(InputError, match=r"holds folders in VisA's layout \(candle\), expected one data set"):
        open_source(tmp_path)
    assert open_source(tmp_path / "candle", shape=(1, 8, 8)).read().labels.tolist() == ["Anomaly", "Normal"]


def test_links_to_nowhere_are_unreadable_samples(tmp_path):
    folder(tmp_path)
    (tmp_path / "a.png").symlink_to("nowhere")
    (tmp_path / "b.png").symlink_to("b.png")
    assert open_source(tmp_path).read().skipped == [
        "a.png cannot be read: No such file or directory",
        "b.png cannot be read: Too many levels of symbolic links",
    ]


def test_many_files_are_found_quickly(tmp_path):
    for i in range(5000):
        (tmp_path / f"{i}.png").touch()
    start = time.process_time()
    assert len(find_images(tmp_path)) == 5000
    assert time.process_time() - start < 1


@pytest.fixture
def undecodable(tmp_path):
    """A folder whose own name, sub-folders and files hold bytes that are no UTF-8."""
    root = os.fsencode(tmp_path) + b"/s\xe9t"
    try:
        for label in (b"caf\xe8", b"caf\xe9"):
            os.makedirs(root + b"/" + label)
            for name in (b"x\xfe.png", b"x\xff.png"):
                shutil.copy(save(tmp_path / "a.png", noise(8, 8)), root + b"/" + label + b"/" + name)
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    return os.fsdecode(root)


def test_names_of_any_bytes_are_valid_text_and_every_file_stays_a_sample(undecodable):
    source = open_source(undecodable)
    samples = source.read()
    assert samples.ids == ["caf\ufffd/x\ufffd.png"] * 4
    assert samples.labels.tolist() == ["caf\ufffd"] * 4
    for text in (source.name, samples.source, *samples.ids):
        text.encode()


def test_valid_names_stay_as_they_are(tmp_path):
    names = ["a  b.png", "tür.png", "数.png"]
    for name in names:
        save(tmp_path / name, noise(8, 8))
    save(tmp_path / "new\nline\x1b[31m.png", noise(8, 8))
    ids = open_source(tmp_path).read().ids
    assert set(names) < set(ids)
    assert "new line\ufffd[31m.png" in ids
