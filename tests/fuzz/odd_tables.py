"""Tables that are well formed and still not what a reader expects: types, names, text, metadata and dialects."""

from __future__ import annotations

import random
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from fuzz.byte_mutations import mutate
from fuzz.nasty_values import DEEP, JSON_VALUES, LONG_TEXT, NUMBERS, TEXTS
from fuzz.seed_images import SEED_IMAGES
from fuzz.seed_tables import FEATURES, rows

Column = Callable[[random.Random, int], pa.Array]


def _some(values: Any, kind: pa.DataType | None = None) -> Column:
    return lambda rng, n: pa.array([rng.choice(values) for _ in range(n)], kind)


def _one_odd(usual: Any, odd: Any, kind: pa.DataType) -> Column:
    """All alike, but for one of the rows."""

    def column(rng: random.Random, n: int) -> pa.Array:
        values = [usual(rng) for _ in range(n)]
        values[rng.randrange(n)] = rng.choice(odd)
        return pa.array(values, kind)

    return column


def _no_utf8(rng: random.Random, n: int) -> pa.Array:
    ends = pa.py_buffer(np.arange(0, 2 * n + 1, 2, dtype=np.int32).tobytes())
    return pa.Array.from_buffers(pa.string(), n, [None, ends, pa.py_buffer(b"\xff\xfe" * n)])


def _nested(rng: random.Random, n: int) -> pa.Array:
    depth, value, kind = rng.choice((1, 3, 20)), 1.0, pa.float64()
    for _ in range(depth):
        value, kind = (
            ([value], pa.list_(kind)) if rng.random() < 0.5 else ({"a": value}, pa.struct([("a", kind)]))
        )
    return pa.array([value] * n, kind)


def _images(rng: random.Random, n: int) -> pa.Array:
    name = rng.choice(list(SEED_IMAGES))
    return pa.array(
        [mutate(rng, SEED_IMAGES[name](i), b"")[0] if i == 1 else SEED_IMAGES[name](i) for i in range(n)]
    )


def _structs(rng: random.Random, n: int) -> pa.Array:
    """The hub's images: contents or paths, some of them pointing elsewhere."""
    images = [None if rng.random() < 0.3 else SEED_IMAGES["grey.png"](i) for i in range(n)]
    paths = [rng.choice((None, "0.png", *TEXTS)) for _ in range(n)]
    parts = {"bytes": pa.array(images, pa.binary()), "path": pa.array(paths, pa.string())}
    kept = rng.choice((("bytes", "path"), ("bytes",), ("path",), ("path", "bytes")))
    return pa.StructArray.from_arrays([parts[name] for name in kept], list(kept))


def _number(rng: random.Random) -> float:
    return rng.gauss(0, 1)


COLUMNS: dict[str, Column] = {
    "plain numbers": lambda rng, n: pa.array([_number(rng) for _ in range(n)]),
    "one odd number": _one_odd(_number, (*NUMBERS, None), pa.float64()),
    "extreme numbers": _some(NUMBERS[:13]),
    "a constant": lambda rng, n: pa.array([rng.choice(NUMBERS[:12])] * n),
    "whole numbers": _some((0, 1, -(2**63), 2**63 - 1, 2**53 + 1), pa.int64()),
    "large whole numbers": _some((0, 2**64 - 1), pa.uint64()),
    "counting": lambda rng, n: pa.array(range(n)),
    "half precision": lambda rng, n: pa.array(np.array([rng.choice((0, 1e-8, 6e4)) for _ in range(n)], np.float16)),
    "booleans": _some((True, False, True), pa.bool_()),
    "missing values": lambda rng, n: pa.nulls(n, rng.choice((pa.null(), pa.float64(), pa.string(), pa.binary()))),
    "decimals": _some((Decimal(10) ** 60, Decimal("1e-9"), None), pa.decimal256(76, 9)),
    "times": _some((0, 10**14, -(10**14), None), pa.timestamp("s")),
    "nanoseconds": _some((0, 123_456_789), pa.timestamp("ns", "Europe/Berlin")),
    "dates": _some((0, 10**6, -(10**6)), pa.date32()),
    "durations": _some((0, 2**62), pa.duration("s")),
    "texts": _some(TEXTS[:-1]),
    "one long text": _one_odd(lambda rng: "good", (LONG_TEXT,), pa.string()),
    "numbers as text": _some(("1", "2.5", "1,5", "nan", "?", "")),
    "no UTF-8": _no_utf8,
    "large text": _some(TEXTS[:12], pa.large_string()),
    "text views": _some((None, *TEXTS[:12]), pa.string_view()),
    "categories": lambda rng, n: _some(("a", None, *TEXTS[:8]), pa.string())(rng, n).dictionary_encode(),
    "categories of numbers": lambda rng, n: _some(NUMBERS[:9])(rng, n).dictionary_encode(),
    "bytes": _some((b"", b"\0", b"\x89PNG", None, b"a" * 5000), pa.binary()),
    "fixed bytes": _some((b"abcd",), pa.binary(4)),
    "images": _images,
    "images of the hub": _structs,
    "lists": _some(([], [1.0], [1.0] * 500, None), pa.list_(pa.float64())),
    "fixed lists": _some(([1.0, 2.0], None), pa.list_(pa.float64(), 2)),
    "maps": _some(([("a", 1)], []), pa.map_(pa.string(), pa.int32())),
    "nested": _nested,
}  # fmt: skip
NAMES = ("label", "label", "id", "id", "image", "", "__index_level_0__", "Unnamed: 0", "bytes", "y", *TEXTS)


def _nasty_json(rng: random.Random) -> str:
    """What the hub and pandas keep in a table's metadata, damaged."""
    frames = (
        "VALUE", "{", '{"info": VALUE}', '{"info": {"features": VALUE}}', '{"info": {"features": {"label": VALUE}}}',
        '{"info": {"features": {"label": {"names": VALUE, "_type": "ClassLabel"}, "image": {"_type": "Image"}}}}',
        '{"index_columns": VALUE, "columns": []}', '{"index_columns": [], "columns": VALUE}',
    )  # fmt: skip
    return rng.choice(frames).replace("VALUE", rng.choice(JSON_VALUES))


def odd_parquet(rng: random.Random, folder: Path) -> str:
    """Features, or none, beside some columns of odd types and names."""
    n = rng.choice((1, 2, 12, 40, 40, 77))
    columns: dict[str, Any] = rows(rng.randrange(1000), n) if rng.random() < 0.7 else {}
    said = []
    for _ in range(rng.choice((1, 1, 2, 3))):
        kind = rng.choice(list(COLUMNS))
        name = rng.choice((*FEATURES, *NAMES)) if rng.random() < 0.8 else kind
        columns[name] = COLUMNS[kind](rng, n)
        said.append(f"{kind} in {name[:30]!r}")
    table = pa.table(columns)
    if rng.random() < 0.25:
        key, text = rng.choice((b"huggingface", b"pandas")), _nasty_json(rng)
        table = table.replace_schema_metadata({key: text.encode("utf-8", "surrogatepass")})
        said.append(f"metadata {key.decode()}: {text[:80]}")
    if rng.random() < 0.05:
        table = table.slice(0, 0)
        said.append("no rows")
    options = {
        "row_group_size": rng.choice((1, 7, 10**6)),
        "compression": rng.choice(("snappy", "zstd", "gzip", "none")),
    }
    shards = 1 if rng.random() < 0.85 else 3
    for i in range(shards):
        pq.write_table(
            table if i < 2 else table.rename_columns([f"{c}2" for c in columns]),
            folder / f"{i}.parquet",
            **options,
        )
    return f"Parquet, {shards} of {table.num_rows} rows: " + ", ".join(said)


CELLS = (
    "", " ", "?", "NA", "NaN", "inf", "-inf", "1e400", "1e-400", "9" * 400, "1,5", "1.000,5", "1 000", "0x1F",
    "TRUE", "1e5",
    "--1", "1_000", "٣", "½", "2020-01-01", "12:30", "1.5%", "$5", '"1"', '"', "'", '"a', "\0", "\x1b[2J",
    "NULL", "#N/A", "-",
    "1;2", "\u202e1", "\ufeff1", LONG_TEXT, "=cmd", "🙂",
)  # fmt: skip


def _csv_lines(rng: random.Random, said: list[str]) -> list[list[str]]:
    n, width = rng.choice((0, 1, 12, 40, 40)), rng.choice((1, 5, 5, 5, 9))
    header = [FEATURES[i] if i < 5 else f"c{i}" for i in range(width)]
    lines = [header, *([f"{_number(rng):.5g}" for _ in range(width)] for _ in range(n))]
    said.append(f"{n} rows of {width}")
    for _ in range(rng.choice((0, 1, 1, 2))):
        row, column, cell = rng.randrange(len(lines)), rng.randrange(width), rng.choice(CELLS)
        lines[row][column] = cell
        said.append(f"row {row}, column {column} is {cell[:20]!r}")
    change = rng.choice(
        ("none", "short", "long", "wide", "no names", "twice", "name", "label", "trailing", "comment")
    )
    if change in ("short", "long"):
        row = rng.randrange(len(lines))
        lines[row] = lines[row][:-1] if change == "short" else [*lines[row], "1"]
    elif change == "wide":
        lines = [line * 4000 for line in lines]
    elif change == "no names":
        lines = lines[1:]
    elif change == "twice":
        lines[0][-1] = lines[0][0]
    elif change == "name":
        lines[0][0] = rng.choice(TEXTS).replace("\n", " ")
    elif change == "label":
        lines = [
            [*line, rng.choice(("good", "bad", *TEXTS[:12])) if i else "label"]
            for i, line in enumerate(lines)
        ]
    elif change == "trailing":
        lines = [[*line, ""] for line in lines]
    elif change == "comment":
        lines.insert(0, ["# made by a program"])
    said.append(change)
    return lines


def odd_csv(rng: random.Random, folder: Path) -> str:
    """Rows in some dialect and encoding, with something odd in them."""
    said: list[str] = []
    mark, end = (
        rng.choice((",", ",", ";", "\t", "|", " ", ":")),
        rng.choice(("\n", "\n", "\r\n", "\r", "\n\n")),
    )
    decimal = rng.choice((".", ".", ","))
    coding = rng.choice(("utf-8",) * 5 + ("utf-8-sig", "latin-1", "utf-16", "utf-16-le", "utf-32", "cp037"))
    lines = [[cell.replace(".", decimal) for cell in line] for line in _csv_lines(rng, said)]
    text = end.join(mark.join(line) for line in lines) + rng.choice((end, "", end * 3, "\x1a", "\0"))
    data = rng.choice((b"", b"", b"", b"\n", b"sep=;\n", b"\0")) + text.encode(coding, "replace")
    if rng.random() < 0.05:
        data = rng.choice(
            (b'"' + b"a,\n" * DEEP, b"[" * DEEP, b"a" * 5_000_000, b",\n" * DEEP, b"a\n" + b"1" * 10**6)
        )
        said = ["one endless cell, line or quote"]
    (folder / "x.csv").write_bytes(data)
    return f"CSV, {coding}, separator {mark!r}, decimal {decimal!r}, end {end!r}: " + ", ".join(said)
