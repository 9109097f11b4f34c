"""The body of a request, read within its limits, and the files of a multipart form."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import File, FormParser, parse_options_header
from starlette.requests import ClientDisconnect, Request

from ama.data.images.image_folders import EncodedImage
from ama.data.names import clean_name
from ama.serving.limits import MIB, Limits
from ama.serving.refusals import RefusedError

SECONDS = 60.0  # in which a body must arrive
# Times the limit of a body, which are read so that the client reads the answer instead of a reset.
DISCARDED = 8
CHARSETS = ("utf-8", "utf8", "us-ascii")  # whose characters are those of UTF-8, too


async def read_body(request: Request, limits: Limits) -> bytes:
    """The whole body.

    Raises
    ------
    RefusedError
        If it is compressed, too large or too slow, or the client has left.
    """
    try:
        body = await asyncio.wait_for(_read(request, limits), SECONDS)
    except (asyncio.TimeoutError, TimeoutError):
        raise RefusedError("slow", f"the body did not arrive within {SECONDS:g} seconds") from None
    except ClientDisconnect:
        raise RefusedError("malformed", "the client left before the end of the body") from None
    # Once all is read, so that the client reads the answer instead of a reset.
    _check_uncoded(", ".join(request.headers.getlist("content-encoding")))
    return body


def _check_uncoded(coding: str) -> None:
    """Refuse a compressed body, which could fill the memory whatever its own size."""
    if coding.strip().lower() not in ("", "identity"):
        raise RefusedError(
            "media_type", f"Content-Encoding is {coding!r}, expected a body without compression"
        )


async def _read(request: Request, limits: Limits) -> bytes:
    # A client that asks before it sends needs no patience.
    if "expect" in request.headers and request.headers.get("content-length", "").isdecimal():
        limits.check_body(int(request.headers["content-length"]))
    parts, n_bytes = list[bytes](), 0
    stream = request.stream()
    async for part in stream:
        n_bytes += len(part)
        try:
            limits.check_body(n_bytes)
        except RefusedError:
            parts.clear()
            await _discard(stream, DISCARDED * limits.body_mib * MIB)
            raise
        parts.append(part)
    return b"".join(parts)


async def _discard(stream: AsyncIterator[bytes], most: int) -> None:
    async for part in stream:
        most -= len(part)
        if most < 0:
            return


def media_type(header: str) -> str:
    """The type in a header such as "image/png; q=1", in small letters."""
    return parse_options_header(header)[0].decode("latin-1")


def check_charset(header: str) -> None:
    """Refuse a ``Content-Type`` whose text is not UTF-8."""
    charset = parse_options_header(header)[1].get(b"charset", b"utf-8").decode("latin-1")
    if charset.lower() not in CHARSETS:
        raise RefusedError("media_type", f"the charset in Content-Type is {charset!r}, expected utf-8")


def files_of_form(body: bytes, header: str) -> list[EncodedImage]:
    """The files of a multipart form, in their order.

    Parameters
    ----------
    body
        The form.
    header
        Its ``Content-Type``, which names the boundary.

    Raises
    ------
    RefusedError
        If it is damaged or holds something other than files.
    """
    files, ended = list[EncodedImage](), list[bool]()

    def on_file(file: File) -> None:
        name = clean_name((file.file_name or b"").decode(errors="replace"))
        files.append(EncodedImage(name or f"file {len(files) + 1}", _content(file), None))

    def on_field(field: Any) -> None:
        name = (field.field_name or b"").decode(errors="replace")
        raise RefusedError("malformed", f"the part {name!r} of the form has no file name, expected files")

    boundary = parse_options_header(header)[1].get(b"boundary")
    try:
        # All in memory, which the limit of the body bounds.
        parser = FormParser(
            "multipart/form-data",
            on_field,
            on_file,
            on_end=lambda: ended.append(True),
            boundary=boundary,
            config={"MAX_MEMORY_FILE_SIZE": len(body) + 1, "UPLOAD_ERROR_ON_BAD_CTE": True},
        )
        parser.write(body)
        parser.finalize()
    except (FormParserError, ValueError) as error:
        if isinstance(error, RefusedError):
            raise
        raise RefusedError("malformed", f"the multipart form is damaged: {error}") from error
    if not ended:
        raise RefusedError("malformed", "the multipart form is damaged: it ends before its last boundary")
    if not files:
        raise RefusedError("malformed", "the multipart form holds no file, expected images")
    return files


def _content(file: File) -> bytes:
    file.file_object.seek(0)
    return file.file_object.read()
