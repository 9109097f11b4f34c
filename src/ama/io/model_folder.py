"""The model folder: ``config.json`` and ``weights.safetensors``, whole or absent, and nothing that runs code.

``config.json`` names the SHA-256 of its weights, so that the moment at which it gets its name decides which model a
folder holds. The weights are in ``weights.safetensors`` or, for an instant of a save, in a hidden file that is named by
its SHA-256.

==================  ======================================================================================
a save              how
==================  ======================================================================================
to a new name       both files in a temporary folder beside it, which is then renamed
to an older model,  in place, so that links, mounts and other files stay: the hidden weights, then
or an empty folder  ``config.json``, each renamed when complete; then the weights get their usual name
==================  ======================================================================================

An interrupted or killed save, a full disk and a loss of power thus leave the older model or the new one. Saves to one
folder wait for one another, a reader that found files of two models waits for the save, and what a killed save left is
removed by the next one, all by a lock on the folder.

Windows has no such locks: a reader tries again after a while, two processes must not save to one folder at the same
time, and what a killed save left beside a new name stays. A reader that has ``weights.safetensors`` open there keeps it
from being replaced; then the new weights keep their hidden name until the next save.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path
from typing import BinaryIO

FORMAT = 4  # raised when an older version could no longer read the folder, or this one an older folder
OLDEST_FORMAT = 3  # that this version reads: models of it have no threshold of the map
CONFIG, WEIGHTS = "config.json", "weights.safetensors"


def hidden_weights(digest: str) -> str:
    """The name of weights that a save has not yet given their usual name."""
    return f".weights-{digest[:16]}.safetensors"


def digest_of(file: BinaryIO) -> str:
    """The SHA-256 of a file."""
    found = hashlib.sha256()
    while block := file.read(2**20):
        found.update(block)
    return found.hexdigest()


def sync(path: Path) -> None:
    """Bring a file, or the names in a folder, to the disk."""
    if path.is_file():
        with path.open("r+b") as file:  # Windows refuses to sync what is open for reading
            os.fsync(file.fileno())
        return
    with contextlib.suppress(OSError):  # not every system can sync a folder
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
