"""Odd requests to a server: bodies from the other makers, as images, forms, JSON and Arrow, in odd HTTP."""

from __future__ import annotations

import io
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from fuzz.bombs import many_chunks, many_frames, text_png, wide_png
from fuzz.byte_mutations import mutate
from fuzz.declared_sizes import DECLARED
from fuzz.nasty_values import FILE_NAMES, JSON_VALUES, TEXTS
from fuzz.odd_tables import odd_parquet
from fuzz.seed_images import SEED_IMAGES
from fuzz.seed_tables import FEATURES

ARROW = "application/vnd.apache.arrow.stream"
BOUNDARY = b"boundary"
FORM = f"multipart/form-data; boundary={BOUNDARY.decode()}"
TYPES = (
    "image/png", "image/x", "application/octet-stream", "application/json", ARROW, FORM, "multipart/form-data", "", "/",
    "text/plain", "image/png; q=\"", "application/json; charset=utf-16", "multipart/form-data; boundary=" + "b" * 5000,
    "multipart/form-data; boundary=\"", "multipart/mixed; boundary=boundary", "\xff\xfe", ";", "*/*",
)  # fmt: skip
QUERIES = (
    "?maps=true", "?maps=1", "?maps=", "?maps=x", "?maps", "?", "?maps=true&maps=false", "?a=1", "?%00", "?%ff=%ff",
    "?maps=%0a", "?" + "a" * 5000, "?" + "&" * 3000, "?maps=true#x", "?=", "?\xff", "?\u202e",
)  # fmt: skip
PATHS = (
    "/score/", "/Score", "//score", "/../score", "/%73core", "/score%00", "/health", "/ready", "/metrics", "/docs", "/",
    "/openapi.json", "*", "http://other/score", "/" + "a" * 5000, "/%0a", "/\xff", "", "score", "/docs/oauth2-redirect",
)  # fmt: skip
METHODS = ("GET", "PUT", "DELETE", "PATCH", "OPTIONS", "get", "FOO", "", "TRACE", "CONNECT", "PROPFIND")
ACCEPTS = (
    "",
    ARROW,
    "*/*",
    "text/html",
    "application/json;q=nan",
    f"{ARROW};q=1e9",
    ",;,",
    "q=1",
    "\xff",
    "a" * 9000,
)
HEADERS = (
    "Expect: 100-continue", "Expect: x", "Content-Encoding: gzip", "Authorization: Bearer x", "Authorization: \xff",
    "Authorization:", "X-Forwarded-For: \xff", "Upgrade: websocket\r\nConnection: upgrade", "Upgrade: h2c",
    "Connection: close", "Host: a b", "A: " + "a" * 70_000, "A: a\r\n b", "Content-Length: 5", "Content-Length: -1",
    "Content-Length: 1e3", "Transfer-Encoding: chunked", "Transfer-Encoding: gzip, chunked", "A", ": a", "\0: a",
    "Content-Type: image/png", "Cookie: " + ";" * 1000, "Forwarded: for=\"", "TE: trailers", "Range: bytes=0-1",
)  # fmt: skip


class Request(NamedTuple):
    """The bytes of a request, and what they are."""

    made: str
    images: bool  # rather than rows
    method: str
    sent: bytes


def odd_request(rng: random.Random, folder: Path) -> Request:
    """A body of some kind, with the HTTP that fits it or, of some, with something odd."""
    [maker] = rng.choices(list(MAKERS), list(MAKERS.values()))
    body, kind, said = maker(rng, folder)
    method, path, headers = "POST", "/score", list[str]()
    odd = rng.random() < 0.35
    if odd and rng.random() < 0.3:
        kind = rng.choice(TYPES)
    if odd and rng.random() < 0.3:
        path += rng.choice(QUERIES)
    if odd and rng.random() < 0.2:
        path = rng.choice(PATHS)
    if odd and rng.random() < 0.2:
        method = rng.choice(METHODS)
    if odd and rng.random() < 0.3:
        headers.append("Accept: " + rng.choice(ACCEPTS))
    if odd and rng.random() < 0.4:
        headers.append(rng.choice(HEADERS))
    if rng.random() < 0.1:
        path += "?maps=true" if path == "/score" else ""
    if rng.random() < 0.15:
        headers.append("Accept: " + ARROW)
    framed, framing = _framed(rng, body)
    lines = [f"{method} {path} HTTP/1.1", "Host: a", f"Content-Type: {kind}", *framing, *headers]
    head = "\r\n".join(lines).encode("utf-8" if rng.random() < 0.5 else "latin-1", "replace")
    said = f"{method} {path[:60]}, {kind[:60]!r}, {[h[:40] for h in headers + framing]}: {said}"
    return Request(said, maker is not _json and maker is not _arrow, method, head + b"\r\n\r\n" + framed)


def _framed(rng: random.Random, body: bytes) -> tuple[bytes, list[str]]:
    """The body with its length, or in chunks."""
    if rng.random() < 0.9:
        return body, [f"Content-Length: {len(body)}"]
    size = rng.choice((1, 7, 1000, 10**6)) if len(body) < 10_000 else 10**6
    parts = [body[start : start + size] for start in range(0, len(body), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n", [
        "Transfer-Encoding: chunked"
    ]


Body = tuple[bytes, str, str]  # with its Content-Type, and what it is


def _changed(rng: random.Random) -> tuple[str, bytes, str]:
    """Name and bytes of an image that has been changed, or has not."""
    name = rng.choice(list(SEED_IMAGES))
    data, suffix = SEED_IMAGES[name](rng.randrange(100)), Path(name).suffix
    if (choice := rng.random()) < 0.3:
        return name, data, f"{name}, unchanged"
    if choice < 0.6 and suffix in DECLARED:
        data, said = DECLARED[suffix](rng, data)
    else:
        data, said = mutate(rng, data, SEED_IMAGES[rng.choice(list(SEED_IMAGES))](0))
    return name, data, f"{name}, {said}"


def _image(rng: random.Random, folder: Path) -> Body:
    _, data, said = _changed(rng)
    return data, rng.choice(("image/png", "application/octet-stream")), said


def _bomb(rng: random.Random, folder: Path) -> Body:
    said = rng.choice((many_chunks, many_frames, text_png, wide_png))(rng, folder)
    return min(folder.iterdir()).read_bytes(), "image/png", said


def _form(rng: random.Random, folder: Path) -> Body:
    parts, told, odd = [], [], rng.random() < 0.3
    for _ in range(rng.choice((1, 1, 2, 5, 20))):
        name, data, said = _changed(rng)
        given = rng.choice(FILE_NAMES) if rng.random() < 0.2 else name.encode()
        kind = rng.choice(PART_HEADERS) if odd else b"\r\nContent-Type: image/png"
        field = rng.choice((b'name="file"; ', b"", b'name="')) if odd else b'name="file"; '
        place = b"\r\nContent-Disposition: form-data; " + field + b'filename="' + given + b'"'
        head = b"--" + BOUNDARY + place + kind + b"\r\n\r\n"
        parts.append(head + data + b"\r\n")
        told.append(said)
    body = b"".join(parts) + b"--" + BOUNDARY + b"--\r\n"
    if rng.random() < 0.25:
        body, said = mutate(rng, body, b"--" + BOUNDARY)
        told.insert(0, f"form, {said}")
    return body, FORM, "; ".join(told)[:500]


def _json(rng: random.Random, folder: Path) -> Body:
    names = [
        json.dumps(rng.choice((*FEATURES, *FEATURES, *PAYMENT, *TEXTS[:-1])))
        for _ in range(rng.choice((1, 5, 5)))
    ]
    if rng.random() < 0.6:
        names = [json.dumps(name) for name in rng.choice((FEATURES, PAYMENT))]
    values = [rng.choice(JSON_VALUES) if rng.random() < 0.06 else rng.choice(USUAL) for _ in names]
    row = ", ".join(f"{name}: {value}" for name, value in zip(names, values, strict=True))
    rows = [
        f"{{{row}}}" if rng.random() < 0.9 else rng.choice(JSON_VALUES)
        for _ in range(rng.choice((1, 3, 3, 50)))
    ]
    if rng.random() < 0.25:
        rows = ["[" + ", ".join(values) + "]" for _ in rows]
    text = rng.choice(
        (
            "[ROWS]",
            "[ROWS]",
            "[ROWS]",
            "ROWS",
            '{"rows": [ROWS]}',
            "[ROWS",
            "[ROWS]]",
            rng.choice(JSON_VALUES),
        )
    )
    body = text.replace("ROWS", ", ".join(rows)).encode("utf-8", "surrogatepass")
    if rng.random() < 0.15:
        body, _ = mutate(rng, body, b"{}")
    return body, "application/json", ascii(body[:300])


def _arrow(rng: random.Random, folder: Path) -> Body:
    said = odd_parquet(rng, folder)
    table = pq.read_table(min(folder.iterdir())).slice(0, rng.choice((1, 5, 40)))
    packed = rng.choice((*(None,) * 9, "zstd"))
    file = io.BytesIO()
    with pa.ipc.new_stream(file, table.schema, options=pa.ipc.IpcWriteOptions(compression=packed)) as stream:
        stream.write_table(table)
    body = file.getvalue()
    if rng.random() < 0.4:
        body, done = mutate(rng, body, body)
        said = f"{done}: {said}"
    return body, ARROW, f"compression {packed}, {said}"


PART_HEADERS = (b"", b"\r\nContent-Transfer-Encoding: x", b"\r\nA", b"\r\nContent-Type: \xff", b"\r\n : a")
PAYMENT = ("amount", "balance", "country", "shop", "when", "online")
USUAL = ("1", "2.5", "null", '"AT"', "true", '"2024-01-01"', '"shop 1"')
MAKERS: dict[Callable[[random.Random, Path], Body], float] = {
    _image: 30,
    _form: 25,
    _json: 22,
    _arrow: 22,
    _bomb: 1,
}
