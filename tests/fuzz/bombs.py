"""Small files that become large when they are read."""

from __future__ import annotations

import random
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from fuzz.nasty_values import LONG_TEXT
from fuzz.raw_formats import GREY, RGB, png_chunk, png_chunks, png_of, raw_png
from fuzz.seed_images import SEED_IMAGES

BOMB_SIDE = 9400  # 88 megapixels: below the size at which Pillow refuses, above that at which it warns


def _zeros(n: int) -> Iterator[bytes]:
    block = bytes(2**24)
    for start in range(0, n, len(block)):
        yield block[: n - start]


def _deflated(n: int) -> bytes:
    packer = zlib.compressobj(9)
    return b"".join([*map(packer.compress, _zeros(n)), packer.flush()])


def npz_bomb(rng: random.Random, folder: Path) -> str:
    """2 MB that become 2 GB."""
    kind, shape = rng.choice(
        (("|u1", (2_000_000, 32, 32)), ("<f8", (250_000_000, 1)), ("<f8", (50_000, 5000)))
    )
    with (
        zipfile.ZipFile(folder / "bomb.npz", "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("X.npy", "w") as file,
    ):
        np.lib.format.write_array_header_1_0(file, {"descr": kind, "fortran_order": False, "shape": shape})
        for block in _zeros(2 * 10**9):
            file.write(block)
    return f"an .npz file of zeros {shape} of type {kind}"


def wide_png(rng: random.Random, folder: Path) -> str:
    """88 megapixels of 1 or 8 bits, alone or several."""
    depth, colour = rng.choice(((1, GREY), (1, GREY), (8, GREY), (8, RGB)))
    size = BOMB_SIDE * (1 + -(-BOMB_SIDE * depth * (3 if colour == RGB else 1) // 8))
    header = png_chunks(raw_png(BOMB_SIDE, BOMB_SIDE, depth, colour, b""))[0]
    data = png_of([header, (b"IDAT", _deflated(size)), (b"IEND", b"")])
    n = rng.choice((1, 3))
    for i in range(n):
        (folder / f"{i}.png").write_bytes(data)
    pixels = f"{BOMB_SIDE} x {BOMB_SIDE} pixels of {depth} bits, colour type {colour}"
    return f"{n} PNG of {pixels}, {len(data):,} bytes each"


def text_png(rng: random.Random, folder: Path) -> str:
    """A compressed comment or profile of 500 MB."""
    kind = rng.choice((b"zTXt", b"iCCP", b"iTXt"))
    packed = b"name\0" + (b"\1\0\0\0" if kind == b"iTXt" else b"\0") + _deflated(5 * 10**8)
    first, *rest = png_chunks(SEED_IMAGES["grey.png"](rng.randrange(1000)))
    (folder / "x.png").write_bytes(png_of([first, (kind, packed), *rest]))
    return f"a PNG file with a {kind.decode()} of 500 MB"


def many_frames(rng: random.Random, folder: Path) -> str:
    """An animation of 100,000 frames of a few bytes."""
    data = SEED_IMAGES["animated.gif"](rng.randrange(1000))
    last = data.rfind(b"\x21\xf9")
    (folder / "x.gif").write_bytes(data[:last] + data[last:-1] * 20_000 + b";")
    return "a GIF of 20,000 frames"


def many_chunks(rng: random.Random, folder: Path) -> str:
    """A PNG of 200,000 empty chunks."""
    first, *rest = png_chunks(SEED_IMAGES["grey.png"](rng.randrange(1000)))
    kind = rng.choice((b"tEXt", b"IDAT", b"abCd"))
    before = png_of([first]) + png_chunk(kind, b"a\0b" if kind == b"tEXt" else b"") * 200_000
    (folder / "x.png").write_bytes(before + b"".join(png_chunk(*chunk) for chunk in rest))
    return f"a PNG of 200,000 chunks {kind.decode()}"


def long_parquet(rng: random.Random, folder: Path) -> str:
    """300 million equal numbers."""
    block = pa.table(
        {"a": pa.DictionaryArray.from_arrays(pa.array(np.zeros(10**7, np.int8)), pa.array([1.5]))}
    )
    with pq.ParquetWriter(
        folder / "x.parquet", block.schema, store_schema=False, write_statistics=False
    ) as file:
        for _ in range(30):
            file.write_table(block, row_group_size=10**7)
    return "a Parquet file of 300 million equal numbers"


def wide_text(rng: random.Random, folder: Path) -> str:
    """A thousand rows of which some have a name of 500,000 letters, equal so that the file is small."""
    names = [LONG_TEXT if i % rng.choice((1, 500)) == 0 else "b" for i in range(1000)]
    column = rng.choice(("id", "label"))
    table = pa.table({"a": np.zeros(1000), column: names})
    pq.write_table(table, folder / "x.parquet")
    return f"a Parquet file whose {column}s have 500,000 letters"


def wide_list(rng: random.Random, folder: Path) -> str:
    """A column of one value of 500 MB."""
    kind = rng.choice((pa.binary(), pa.string()))
    table = pa.table({"image": pa.array([b"\0" * 10**8] * 5, kind), "a": [1.0] * 5})
    pq.write_table(table, folder / "x.parquet", compression="zstd")
    return f"a Parquet file with 5 values of 100 MB of type {kind}"


def many_columns(rng: random.Random, folder: Path) -> str:
    """A CSV file of 100,000 columns."""
    n = 100_000
    (folder / "x.csv").write_text(",".join(f"c{i}" for i in range(n)) + "\n" + (",".join("1" * n) + "\n") * 3)
    return "a CSV file of 100,000 columns"


# Maker -> whether reading it takes time in proportion to what it truly holds.
BOMBS: dict[Callable[[random.Random, Path], str], bool] = {
    npz_bomb: False, wide_png: False, text_png: False, many_frames: False, many_chunks: False, long_parquet: True,
    wide_text: False, wide_list: False, many_columns: False,
}  # fmt: skip
