"""Folders of images with something else among them, and names that lead to no ordinary file."""

from __future__ import annotations

import os
import random
import socket
from collections.abc import Callable
from pathlib import Path

import numpy as np

from fuzz.byte_mutations import mutate
from fuzz.declared_sizes import DECLARED
from fuzz.nasty_values import FILE_NAMES
from fuzz.seed_images import COMMON_IMAGES, SEED_IMAGES

SUFFIXES = (".png", ".jpg", ".tif", ".gif", ".csv", ".npy", ".npz", ".parquet")
HUGE = 200 * 10**9
Oddity = Callable[[random.Random, Path], None]  # puts something at a path


def _socket(path: Path) -> None:
    here = os.getcwd()
    os.chdir(path.parent)  # the name of a socket is at most 108 bytes long
    try:
        with socket.socket(socket.AF_UNIX) as bound:
            bound.bind(path.name)
    finally:
        os.chdir(here)


def _sparse(path: Path) -> None:
    if path.suffix == ".npy":
        with path.open("wb") as file:
            np.lib.format.write_array_header_1_0(
                file, {"descr": "|u1", "fortran_order": False, "shape": (HUGE,)}
            )
    with path.open("ab") as file:
        file.truncate(HUGE)


def _unreadable(path: Path) -> None:
    path.write_bytes(SEED_IMAGES["grey.png"](0))
    path.chmod(0)


def _deep(path: Path) -> None:
    here = os.getcwd()
    path.mkdir()
    try:
        os.chdir(path)
        for _ in range(3000):
            os.mkdir("d")
            os.chdir("d")
        Path("x.png").write_bytes(SEED_IMAGES["grey.png"](0))
    finally:
        os.chdir(here)


def _crossed(path: Path) -> None:
    """Folders that hold links to each other: the paths through them grow exponentially."""
    names = [path.with_name(f"{path.name}{i}") for i in range(3)]
    for place in names:
        place.mkdir()
        for other in names:
            (place / other.name).symlink_to(other)


def _pictured_folder(path: Path) -> None:
    path.mkdir()
    (path / "x.png").write_bytes(SEED_IMAGES["grey.png"](0))


# What may stand where a file is expected.
PLACES: dict[str, Callable[[Path], object]] = {
    "a FIFO": os.mkfifo,
    "a socket": _socket,
    "a link to /dev/zero": lambda path: path.symlink_to("/dev/zero"),
    "a link to /dev/full": lambda path: path.symlink_to("/dev/full"),
    "a link to /dev/null": lambda path: path.symlink_to("/dev/null"),
    "a link to a terminal": lambda path: path.symlink_to("/dev/tty"),
    "a link to a process": lambda path: path.symlink_to("/proc/self/mem"),
    "a link to itself": lambda path: path.symlink_to(path.name),
    "a link to nowhere": lambda path: path.symlink_to("nowhere"),
    "a folder": _pictured_folder,
    "an empty folder": Path.mkdir,
    "a sparse file of 200 GB": _sparse,
    "an unreadable file": _unreadable,
    "an empty file": Path.touch,
}
# What may stand beside images.
BESIDE: dict[str, Callable[[Path], object]] = {
    "a link to the folder above": lambda path: path.symlink_to(".."),
    "a link to the folder itself": lambda path: path.symlink_to("."),
    "a link to /proc/self": lambda path: path.symlink_to("/proc/self"),
    "3,000 nested folders": _deep,
    "folders that link to each other": _crossed,
    "a hidden file": lambda path: path.with_name(f".{path.name}").write_bytes(b"\0"),
    "a text": lambda path: path.with_suffix(".txt").write_text("text"),
}


def _write_images(rng: random.Random, folder: Path) -> str:
    """Good images of one format or several, flat or in folders of labels, some of them mutated."""
    names = [rng.choice(list(SEED_IMAGES))] if rng.random() < 0.5 else rng.sample(list(SEED_IMAGES), 3)
    n = rng.choice((1, 3, 12, 24, 24))
    labels = rng.choice(([""], [""], ["good", "bad"], ["a", os.fsdecode(rng.choice(FILE_NAMES))]))
    bad = rng.choice((0, 0, 1, n // 2, n))
    said = []
    for i in range(n):
        name = names[i % len(names)]
        data = SEED_IMAGES[name](i)
        if i < bad:
            suffix = Path(name).suffix
            changed = rng.random() < 0.6 or suffix not in DECLARED
            data, done = (
                mutate(rng, data, SEED_IMAGES[names[0]](99)) if changed else DECLARED[suffix](rng, data)
            )
            said.append(done)
        place = folder / labels[i % len(labels)]
        place.mkdir(exist_ok=True)
        (place / f"{i}{Path(name).suffix}").write_bytes(data)
    return f"{n} images {', '.join(names)} in folders {labels}, {bad} mutated ({'; '.join(said[:2])})"


def odd_folder(rng: random.Random, folder: Path) -> str:
    """Images, and up to two other things among them."""
    said = [_write_images(rng, folder)]
    for i in range(rng.choice((0, 1, 1, 2))):
        if rng.random() < 0.2:
            name = os.fsdecode(rng.choice(FILE_NAMES))
            (folder / f"{name}.png").write_bytes(SEED_IMAGES[rng.choice(COMMON_IMAGES)](i))
            said.append(f"the name {name[:30]!r}")
            continue
        among, suffix = (PLACES, f"{i}{rng.choice(SUFFIXES[:4])}") if rng.random() < 0.6 else (BESIDE, f"{i}")
        what = rng.choice(list(among))
        among[what](folder / f"odd{suffix}")
        said.append(f"{what} as odd{suffix}")
    return "a folder: " + ", ".join(said)


def odd_place(rng: random.Random, folder: Path) -> str:
    """One name with the suffix of a file that is something else."""
    what, suffix = rng.choice(list(PLACES)), rng.choice(SUFFIXES)
    PLACES[what](folder / f"x{suffix}")
    return f"{what} as x{suffix}"
