"""HEIC photographs, as many phones store them, through a plugin of Pillow that is optional."""

from __future__ import annotations

from PIL import Image

from ama.errors import MissingLibraryError
from ama.utils.extras import needs_extra

FORMAT = "HEIF"
# Of images and of sequences of images that are coded as in HEVC video.
BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs")
BEGINNING = 64  # bytes that tell the brands


def is_heic(beginning: bytes) -> bool:
    """Whether a file with these first bytes says that HEIC is among its brands."""
    brands = beginning[8 : int.from_bytes(beginning[:4], "big")]
    return beginning[4:8] == b"ftyp" and any(brands[i : i + 4] in BRANDS for i in range(0, len(brands), 4))


def missing_plugin() -> str | None:
    """Let Pillow open HEIC; returns what is missing for it, or None."""
    if FORMAT in Image.OPEN:
        return None
    try:
        with needs_extra("heic"):
            from pi_heif import register_heif_opener
    except MissingLibraryError as error:
        return str(error)
    # Images are decoded in several threads already.
    register_heif_opener(decode_threads=1, thumbnails=False, depth_images=False, aux_images=False)
    return None
