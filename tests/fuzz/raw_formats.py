"""PNG and TIFF files written by hand, as Pillow writes neither interlaced nor tiled ones, nor wrong ones."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable

import numpy as np

PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
GREY, RGB, PALETTE, GREY_ALPHA, RGBA = 0, 2, 3, 4, 6


def png_chunk(kind: bytes, content: bytes) -> bytes:
    """One chunk with its true checksum."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png_chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    """Kinds and contents of the chunks of a PNG file."""
    found, at = [], len(PNG_MAGIC)
    while at + 8 <= len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        found.append((data[at + 4 : at + 8], data[at + 8 : at + 8 + length]))
        at += 12 + length
    return found


def png_of(chunks: Iterable[tuple[bytes, bytes]]) -> bytes:
    """A PNG file of the given chunks."""
    return PNG_MAGIC + b"".join(png_chunk(kind, content) for kind, content in chunks)


def raw_png(
    width: int, height: int, depth: int, colour: int, scanlines: bytes, interlaced: bool = False
) -> bytes:
    """A PNG file of scanlines, each with its filter byte, under a header that need not be true."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced)
    return png_of([(b"IHDR", header), (b"IDAT", zlib.compress(scanlines, 9)), (b"IEND", b"")])


def png_of_pixels(pixels: np.ndarray, interlaced: bool = False) -> bytes:
    """Pixels (h, w) or (h, w, c), 8 or 16 bits deep."""
    pixels = pixels if pixels.ndim == 3 else pixels[:, :, None]
    height, width, channels = pixels.shape
    colour = {1: GREY, 2: GREY_ALPHA, 3: RGB, 4: RGBA}[channels]
    scanlines = b""
    for x, y, right, down in ADAM7 if interlaced else ((0, 0, 1, 1),):
        part = pixels[y::down, x::right]
        if part.size:
            scanlines += b"".join(b"\0" + row.astype(row.dtype.newbyteorder(">")).tobytes() for row in part)
    return raw_png(width, height, 8 * pixels.dtype.itemsize, colour, scanlines, interlaced)


def tiled_tiff(pixels: np.ndarray) -> bytes:
    """Grey pixels (h, w), 8 or 16 bits deep, whose sides are multiples of 16, in tiles of 16 x 16."""
    height, width = pixels.shape
    tiles = [
        pixels[y : y + 16, x : x + 16].tobytes() for y in range(0, height, 16) for x in range(0, width, 16)
    ]
    n, size = len(tiles), len(tiles[0])
    first = 8 + 2 + 10 * 12 + 4
    offsets = struct.pack(f"<{n}I", *(first + 8 * n + i * size for i in range(n)))
    counts = struct.pack(f"<{n}I", *[size] * n)
    long, short = 4, 3
    entries = [
        (256, short, 1, width), (257, short, 1, height), (258, short, 1, 8 * pixels.dtype.itemsize),
        (259, short, 1, 1), (262, short, 1, 1), (277, short, 1, 1), (322, short, 1, 16), (323, short, 1, 16),
        (324, long, n, first if n > 1 else first + 8), (325, long, n, first + 4 * n if n > 1 else size),
    ]  # fmt: skip
    directory = struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", *e) for e in entries)
    return b"II*\0" + struct.pack("<I", 8) + directory + bytes(4) + offsets + counts + b"".join(tiles)
