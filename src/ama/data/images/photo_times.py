"""When a photograph was taken, as far as its file tells."""

from __future__ import annotations

import contextlib
import os
from datetime import datetime, timezone
from typing import NamedTuple

from ama.data.images.image_opening import Content, decoder_warnings, opened

EXIF_PART, TAKEN, TAKEN_FORMAT = 0x8769, 0x9003, "%Y:%m:%d %H:%M:%S"  # tags of EXIF


class PhotoTime(NamedTuple):
    """Seconds since some moment, the same for all photographs of a kind of clock; None where it is not known."""

    taken: float | None  # EXIF's DateTimeOriginal, by the camera's clock
    modified: float | None  # of the file


def photo_time(content: Content) -> PhotoTime:
    """The times of an encoded image, of which nothing is decoded."""
    modified = None
    if isinstance(content, str):
        with contextlib.suppress(OSError):
            modified = os.stat(content).st_mtime
    return PhotoTime(_taken(content), modified)


def _taken(content: Content) -> float | None:
    # Pillow may raise almost anything on damaged EXIF.
    with contextlib.suppress(Exception), decoder_warnings(), opened(content) as image:
        text = image.getexif().get_ifd(EXIF_PART).get(TAKEN)
        # Its time zone is unknown, and no matter: gaps between times are looked at.
        return (
            datetime.strptime(str(text).strip("\0 "), TAKEN_FORMAT).replace(tzinfo=timezone.utc).timestamp()
        )
    return None
