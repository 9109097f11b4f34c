"""The small texts that Git LFS leaves in place of large files until they are fetched."""

from __future__ import annotations

START = b"version https://git-lfs.github.com/"
REFUSAL = "a pointer of Git LFS in place of the file: git lfs pull fetches it"


def is_pointer(start: bytes) -> bool:
    """Whether the first bytes are those of such a text."""
    return start.startswith(START)
