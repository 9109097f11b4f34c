"""Changes to the bytes of any file. Each takes the file and another good one, and says what it did."""

from __future__ import annotations

import random
from collections.abc import Callable

Mutation = Callable[[random.Random, bytes, bytes], tuple[bytes, str]]


def _span(rng: random.Random, data: bytes, longest: int = 64) -> tuple[int, int]:
    start = rng.randrange(len(data) + 1)
    return start, min(len(data), start + rng.randint(1, longest))


def flipped(rng: random.Random, data: bytes, other: bytes) -> tuple[bytes, str]:
    """Some bits flipped."""
    changed = bytearray(data)
    places = sorted(rng.randrange(max(1, 8 * len(data))) for _ in range(rng.choice((1, 1, 2, 4, 16))))
    for place in places if data else ():
        changed[place // 8] ^= 1 << place % 8
    return bytes(changed), f"bits {', '.join(map(str, places[:4]))} flipped ({len(places)} in all)"


def overwritten(rng: random.Random, data: bytes, other: bytes) -> tuple[bytes, str]:
    """A few bytes replaced by extreme ones."""
    start, stop = _span(rng, data, 8)
    byte = rng.choice((0x00, 0x7F, 0x80, 0xFF, 0x0A, 0x22, 0x2C))
    return data[:start] + bytes([byte]) * (stop - start) + data[stop:], f"{start}:{stop} all {byte:#x}"


def truncated(rng: random.Random, data: bytes, other: bytes) -> tuple[bytes, str]:
    """The beginning alone."""
    kept = rng.choice((0, 1, len(data) // 2, max(0, len(data) - 1), rng.randrange(len(data) + 1)))
    return data[:kept], f"cut after {kept} of {len(data)} bytes"


def spliced(rng: random.Random, data: bytes, other: bytes) -> tuple[bytes, str]:
    """The beginning of one file and the end of another."""
    here, there = rng.randrange(len(data) + 1), rng.randrange(len(other) + 1)
    return data[:here] + other[there:], f"spliced at {here} with another file from {there}"


def repeated(rng: random.Random, data: bytes, other: bytes) -> tuple[bytes, str]:
    """A block that stands there several times."""
    start, stop = _span(rng, data, 200)
    times = rng.choice((2, 3, 50, 2000))
    return data[:start] + data[start:stop] * times + data[stop:], f"{start}:{stop} repeated {times} times"


def deleted(rng: random.Random, data: bytes, other: bytes) -> tuple[bytes, str]:
    """A block left out."""
    start, stop = _span(rng, data)
    return data[:start] + data[stop:], f"{start}:{stop} deleted"


def inserted(rng: random.Random, data: bytes, other: bytes) -> tuple[bytes, str]:
    """Random bytes in between."""
    start, n = rng.randrange(len(data) + 1), rng.randint(1, 40)
    return data[:start] + rng.randbytes(n) + data[start:], f"{n} random bytes at {start}"


def exchanged(rng: random.Random, data: bytes, other: bytes) -> tuple[bytes, str]:
    """A block taken from another file."""
    start, stop = _span(rng, data, 100)
    there = rng.randrange(len(other) + 1)
    return data[:start] + other[there : there + stop - start] + data[stop:], f"{start}:{stop} of another file"


def followed(rng: random.Random, data: bytes, other: bytes) -> tuple[bytes, str]:
    """More behind the end."""
    return data + rng.choice((other, b"\0" * 1000, b"\n\n", data)), "something behind the end"


BYTE_MUTATIONS: tuple[Mutation, ...] = (
    flipped, flipped, flipped, overwritten, truncated, spliced, repeated, deleted, inserted, exchanged, followed,
)  # fmt: skip


def mutate(rng: random.Random, data: bytes, other: bytes) -> tuple[bytes, str]:
    """One or two changes."""
    said = []
    for _ in range(rng.choice((1, 1, 1, 2))):
        data, done = rng.choice(BYTE_MUTATIONS)(rng, data, other)
        said.append(done)
    return data, ", ".join(said)
