"""Files that declare other sizes than they have: the checksums are right, so a reader has to notice by itself."""

from __future__ import annotations

import random
import re
import struct
from collections.abc import Callable

from fuzz.nasty_values import TEXTS, WHOLE
from fuzz.raw_formats import png_chunks, png_of

Changed = tuple[bytes, str]


def _put(data: bytes, at: int, kind: str, value: int) -> bytes:
    size = struct.calcsize(kind)
    packed = (value % 2 ** (8 * size)).to_bytes(size, "big" if kind[0] == ">" else "little")
    return data[:at] + packed + data[at + size :]


def _at(*places: tuple[int, str]) -> Callable[[random.Random, bytes], Changed]:
    """One of the numbers at fixed places."""

    def change(rng: random.Random, data: bytes) -> Changed:
        at, kind = rng.choice(places)
        value = rng.choice(WHOLE)
        return _put(data, at, kind, value), f"{value} declared at byte {at}"

    return change


def _behind(mark: bytes, *places: tuple[int, str]) -> Callable[[random.Random, bytes], Changed]:
    """One of the numbers behind a mark."""

    def change(rng: random.Random, data: bytes) -> Changed:
        start = data.find(mark)
        at, kind = rng.choice(places)
        value = rng.choice(WHOLE)
        return (
            data if start < 0 else _put(data, start + at, kind, value)
        ), f"{value} declared behind {mark!r}"

    return change


def png(rng: random.Random, data: bytes) -> Changed:
    """A number of the header, or the kind or content of a chunk, with the checksum recomputed."""
    chunks = png_chunks(data)
    if rng.random() < 0.6:
        places = ((0, ">I"), (4, ">I"), (8, ">B"), (9, ">B"), (10, ">B"), (11, ">B"), (12, ">B"))
        at, kind = rng.choice(places)
        value = rng.choice((*WHOLE, 4, 8, 16, 3, 6, 9400, 40_000))
        chunks[0] = (b"IHDR", _put(chunks[0][1], at, kind, value))
        return png_of(chunks), f"IHDR declares {value} at {at}"
    i = rng.randrange(len(chunks))
    kind, content = chunks[i]
    if content and rng.random() < 0.6:
        content = bytearray(content)
        content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    else:
        kind = rng.choice((b"IDAT", b"PLTE", b"tRNS", b"iCCP", b"zTXt", b"acTL", b"fcTL", b"eXIf", b"IEND"))
    chunks[i] = (kind, bytes(content))
    return png_of(chunks), f"chunk {i} is {kind.decode()} with a changed content"


def tiff(rng: random.Random, data: bytes) -> Changed:
    """A field of a tag."""
    order = "<" if data[:2] == b"II" else ">"
    (start,) = struct.unpack(order + "I", data[4:8])
    (n,) = struct.unpack(order + "H", data[start : start + 2])
    entry = start + 2 + 12 * rng.randrange(n)
    field, offset, kind = rng.choice(
        (("number", 0, "H"), ("type", 2, "H"), ("count", 4, "I"), ("value", 8, "I"))
    )
    (tag,) = struct.unpack(order + "H", data[entry : entry + 2])
    value = rng.choice((*WHOLE, 8, 64, 128, 4096))
    return _put(data, entry + offset, order + kind, value), f"{field} of tag {tag} is {value}"


def ppm(rng: random.Random, data: bytes) -> Changed:
    """A number of the header."""
    numbers = list(re.finditer(rb"\d+", data[:20]))[:4]
    chosen, value = rng.choice(numbers), rng.choice((0, 1, -1, 65_536, 99_999, 2**31, 10**40))
    return data[: chosen.start()] + str(value).encode() + data[chosen.end() :], f"header number is {value}"


def npy(rng: random.Random, data: bytes) -> Changed:
    """A field of the header, which is text, or its length."""
    wide = data[6] > 1
    length = 4 if wide else 2
    start, stop = 8 + length, 8 + length + int.from_bytes(data[8 : 8 + length], "little")
    header = data[start:stop].decode("latin-1")
    shapes = (
        "()", "(-1,)", "(0, 5)", "(77, 0)", "(10**9, 5)", "(1000000000000, 5)", "(77, 1000000000)",
        "(4294967296, 4294967296)",
        "(77, 5, 1, 1, 1)", "(77.0, 5)", "(None, 5)", "(True, 5)", "'ab'", "[77, 5]", "(" * 3000 + ")" * 3000,
        f"({'1' * 5000}, 5)", "(9223372036854775807, 9223372036854775807)", "(385,)", "(1, 385)", "(7, 5, 11)",
        "(1, 1, 385)",
        "(1, 7, 11, 5)",
    )  # fmt: skip
    kinds = (
        "'|O'", "'<f16'", "'<c16'", "'|S8'", "'<U2'", "'|V8'", "'<M8[s]'", "'<m8[ns]'", "'|b1'", "'<i8'",
        "'>u8'", "'<f2'",
        "[('a', '<f8')]", "[('a', '<f8'), ('b', '|O')]", "'nonsense'", "None", "'|S0'", "('<f8', (10**9,))",
        "'<U1000000'",
    )  # fmt: skip
    what, pattern, value = rng.choice((
        ("shape", r"'shape': \([^)]*\)", f"'shape': {rng.choice(shapes)}"),
        ("descr", r"'descr': '[^']*'", f"'descr': {rng.choice(kinds)}"),
        ("order", r"'fortran_order': \w+", f"'fortran_order': {rng.choice(('True', '1', 'None', '[]'))}"),
        ("key", r"'shape'", repr(rng.choice(TEXTS[:-1]))),
    ))  # fmt: skip
    changed = re.sub(pattern, lambda _: value, header.rstrip()).encode("utf-8", "replace") + b"\n"
    version = b"\x02\0" if wide or len(changed) > 65_000 else data[6:8]
    size = len(changed).to_bytes(4 if version[0] > 1 else 2, "little")
    return data[:6] + version + size + changed + data[stop:], f"{what} of the header is {value[:60]}"


def parquet(rng: random.Random, data: bytes) -> Changed:
    """The number of rows in the footer, its length, or a bit of it."""
    size = int.from_bytes(data[-8:-4], "little")
    body, footer = data[: -8 - size], data[-8 - size : -8]
    choice = rng.choice(("rows", "rows", "length", "bit", "bit", "bit"))
    if choice == "length":
        value = rng.choice(WHOLE)
        return body + footer + (value % 2**32).to_bytes(4, "little") + b"PAR1", f"footer of {value} bytes"
    if choice == "bit":
        place = rng.randrange(8 * len(footer))
        footer = (
            footer[: place // 8] + bytes([footer[place // 8] ^ 1 << place % 8]) + footer[place // 8 + 1 :]
        )
        return body + footer + data[-8:], f"bit {place} of the footer flipped"
    # A count is a varint of twice the number, behind the type 6 of a 64-bit field.
    places = list(re.finditer(rb"[\x16\x26]\x9a\x01|\x16\x18", footer))
    value = rng.choice((0, -1, 1, 76, 78, 10**6, 10**9, 10**12, 2**62))
    if not places:
        return data, "unchanged, as no number of rows was found"
    place = rng.choice(places)
    footer = (
        footer[: place.start() + 1]
        + _varint(2 * value if value >= 0 else -2 * value - 1)
        + footer[place.end() :]
    )
    return body + footer + len(footer).to_bytes(
        4, "little"
    ) + b"PAR1", f"{value} declared at {place.start()} of the footer"


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])


def npz(rng: random.Random, data: bytes) -> Changed:
    """A number of the directory at the end, or of the header of the first member."""
    member = data.rfind(b"PK\x01\x02")
    places = [
        *((member + at, "<I") for at in (16, 20, 24, 42)),
        (member + 8, "<H"),
        (member + 10, "<H"),
        (6, "<H"),
    ]
    at, kind = rng.choice(places)
    value = rng.choice((*WHOLE, 8, 9, 12, 14))
    return _put(data, at, kind, value), f"{value} declared at byte {at} of the zip file"


_SHORTS = ((6, "<H"), (8, "<H"))
DECLARED: dict[str, Callable[[random.Random, bytes], Changed]] = {
    ".png": png, ".tif": tiff, ".tiff": tiff, ".ppm": ppm, ".pgm": ppm, ".npy": npy, ".npz": npz, ".parquet": parquet,
    ".gif": _at(*_SHORTS, (10, "<B"), (11, "<B")),
    ".bmp": _at((2, "<I"), (10, "<I"), (14, "<I"), (18, "<I"), (22, "<I"), (28, "<H"), (30, "<I"), (46, "<I")),
    ".tga": _at((0, "<B"), (1, "<B"), (2, "<B"), (5, "<H"), (12, "<H"), (14, "<H"), (16, "<B")),
    ".jpg": _behind(b"\xff\xc0", (2, ">H"), (5, ">H"), (7, ">H"), (9, ">B")),
    ".jpeg": _behind(b"\xff\xc2", (2, ">H"), (5, ">H"), (7, ">H"), (9, ">B")),
    ".jp2": _behind(b"ihdr", (4, ">I"), (8, ">I"), (12, ">H"), (14, ">B")),
    ".webp": _behind(b"VP8", (4, "<I"), (8, "<I"), (12, "<I"), (14, "<H")),
}  # fmt: skip
