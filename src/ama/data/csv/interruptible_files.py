"""Text files that pyarrow reads ahead through Python, in threads of its own.

They are those of other encodings, of lines that are read as others, and of fsspec.
Such a thread must not come back to Python once that ends: it would end the whole process with an abort.
"""

from __future__ import annotations

import codecs
import io
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pyarrow as pa

from ama.data.csv.csv_dialect import MAX_LINE, UTF8

BLOCK = 2**20  # bytes that are read at a time
LONGEST_WAIT = 1.0  # seconds; a thread that has read far enough ahead waits itself, and does not come back
WAY_BACK = 0.05  # seconds
# The latest of them. If the thread were the last to let go of one, it would come back to Python for that.
KEPT: deque[pa.NativeFile] = deque(maxlen=64)


@contextmanager
def in_utf8(
    file: pa.NativeFile, encoding: str, of_python: bool, transform: Callable[[bytes], bytes] | None = None
) -> Iterator[pa.NativeFile]:
    """The bytes of a text file in UTF-8; at the end, whoever still reads them in another thread is at their end, too.

    Parameters
    ----------
    file
        The file, at its start.
    encoding
        A codec of Python.
    of_python
        Whether Python reads the file.
    transform
        What turns whole lines in UTF-8 into those that are read.
    """
    if encoding == UTF8 and not of_python and transform is None:
        yield file
        return
    start = file.read(MAX_LINE)
    if len(start) < MAX_LINE:  # the whole file
        found = start if encoding == UTF8 else start.decode(encoding).encode()
        yield pa.BufferReader(found if transform is None else transform(found))
        return
    text = _InUtf8(file, start, encoding, transform)
    opened = pa.PythonFile(text, "r")
    KEPT.append(opened)
    try:
        yield opened
    finally:
        text.stop()


class _InUtf8(io.RawIOBase):
    """A file of which ``start`` has been read."""

    def __init__(
        self, file: pa.NativeFile, start: bytes, encoding: str, transform: Callable[[bytes], bytes] | None
    ):
        self.file, self.start, self.held = file, start, b""
        self.transform, self.half_line = transform, b""
        self.decoder = None if encoding == UTF8 else codecs.getincrementaldecoder(encoding)()
        self.stopped, self.ended = False, threading.Event()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self.held and not self.ended.is_set():
            self.held = self._next()
        n = min(len(buffer), len(self.held))
        buffer[:n], self.held = self.held[:n], self.held[n:]
        return n

    def _next(self) -> bytes:
        """The next bytes. Where they cannot be read, the end is reached, too."""
        try:
            part, self.start = b"" if self.stopped else self.start or self.file.read(BLOCK), b""
            final = not (part or self.stopped)
            found = part if self.decoder is None else self.decoder.decode(part, final).encode()
        except BaseException:
            self.ended.set()
            raise
        if not part:
            self.ended.set()
        return found if self.transform is None else self.transform(self._whole_lines(found, final))

    def _whole_lines(self, found: bytes, final: bool) -> bytes:
        whole = self.half_line + found
        end = len(whole) if final else whole.rfind(b"\n") + 1
        self.half_line = whole[end:]
        return whole[:end]

    def stop(self) -> None:
        """Let whoever reads find the end, and wait for that."""
        self.stopped = True
        self.ended.wait(LONGEST_WAIT)
        time.sleep(WAY_BACK)
        self.file, self.start, self.held = pa.BufferReader(b""), b"", b""
