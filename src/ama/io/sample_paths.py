"""The place of a sample's files in a folder, from its id."""

from __future__ import annotations

from pathlib import PurePosixPath

LONGEST = 230  # bytes of a name; with a suffix it has less than the 255 of most file systems
SEPARATORS = str.maketrans("\\:", "__")  # on Windows, both could lead out of the folder


def sample_path(sample_id: str) -> PurePosixPath:
    """An id as a relative path that stays below any folder.

    Sub-folders are kept. What leads upwards or to a root is left out, backslashes and colons become "_", and of a name
    of more than 230 bytes the end is kept.
    """
    parts = [
        part.encode(errors="replace")[-LONGEST:].decode(errors="ignore")
        for part in sample_id.translate(SEPARATORS).split("/")
        if part not in ("", ".", "..")
    ]
    return PurePosixPath(*(parts or ["_"]))
