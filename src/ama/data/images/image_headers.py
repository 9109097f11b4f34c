"""What the header of an encoded image tells: frames, channels, depth, size and transparency.

Greyscale images are Pillow's modes 1, L, LA, I;16, I and F, and palettes of greys; all others are colour. Each frame of
an animation, each page of a TIFF file and each picture of a HEIC file is an image; previews, masks and smaller copies
of a page are none. Of an MPO file only the first picture is read: many cameras write previews, depths or gains after
it, as .jpg.
"""

from __future__ import annotations

from typing import NamedTuple

from PIL import Image

from ama.data.images.deep_colour import ORIENTATION, has_deep_channels, is_deep_colour, is_grey_with_alpha
from ama.data.images.image_opening import Content, ImageError, check_pixels, opened

GREY_MODES = ("1", "L", "LA", "I", "F")
DEEP_MODES = ("I", "F")  # and I;16 in its byte orders
TRANSPOSED = (5, 6, 7, 8)  # EXIF orientations that exchange height and width
ANIMATIONS = ("GIF", "WEBP", "PNG", "AVIF", "HEIF")
PICTURES = 0xB002  # a tag of MPO
EQUAL = "Multi-Frame"  # how the types of its pictures begin that are of a panorama or a stereo camera
SUBFILE = 254  # a tag of TIFF
NO_PAGE = 1 | 4  # bits of its value: a smaller copy of another page, a mask of one
MAX_FRAMES = 10_000
# Of all frames of an animation together; pages of TIFF take their place on the disk.
MAX_ANIMATED_PIXELS = 2**30


class Header(NamedTuple):
    """What is known of an image before decoding."""

    frames: tuple[int, ...]  # positions in the file
    sizes: frozenset[tuple[int, int]]  # upright heights and widths of the frames
    channels: int  # 1 or 3
    deep: bool  # more than 8 bits are read
    rounded: bool  # the file has more than 8 bits, but only 8 are read
    transparent: bool
    companions: bool = False  # pictures of an MPO file beside the first, which are not read


def read_header(content: Content) -> Header:
    """The header of an image; raises whatever Pillow raises, or an ``ImageError``."""
    with opened(content) as image:
        if image.format == "TIFF" and not isinstance(content, Image.Image):
            return _pages_header(image)
        several = image.format in ANIMATIONS and not isinstance(content, Image.Image)
        n_frames = getattr(image, "n_frames", 1) if several else 1
        if n_frames > MAX_FRAMES:
            raise ImageError(f"it has more than {MAX_FRAMES:,} frames")
        if n_frames > 1 and n_frames * image.width * image.height > MAX_ANIMATED_PIXELS:
            raise ImageError(f"its {n_frames:,} frames have more than {MAX_ANIMATED_PIXELS:,} pixels in all")
        return _frame_header(image, n_frames, 0)._replace(frames=tuple(range(n_frames)))


def is_deep_grey(image: Image.Image) -> bool:
    """Whether Pillow gives greys of more than 8 bits."""
    return image.mode in DEEP_MODES or image.mode.startswith("I;16")


def orientation(image: Image.Image) -> int:
    """How an image is turned for showing, in EXIF's numbers, as far as what has been read of it tells."""
    if image.format == "TIFF":  # which Pillow turns itself
        return 1
    # That of PNG files would decode all pixels first.
    return Image.Image.getexif(image).get(ORIENTATION, 1)


def _pages_header(image: Image.Image) -> Header:
    """The header of a TIFF file, whose pages may differ in every respect."""
    pages = []
    # Pillow's own count would follow the chain of pages to whatever end.
    for page in range(MAX_FRAMES + 1):
        try:
            image.seek(page)
        except EOFError:
            break
        if page == MAX_FRAMES:
            raise ImageError(f"it has more than {MAX_FRAMES:,} pages")
        if not image.tag_v2.get(SUBFILE, 0) & NO_PAGE:  # type: ignore[attr-defined]
            check_pixels(image)
            pages.append(_frame_header(image, 1, page))
    if not pages:
        image.seek(0)
        return _frame_header(image, 1, 0)
    return Header(
        frames=tuple(page.frames[0] for page in pages),
        sizes=frozenset().union(*(page.sizes for page in pages)),
        channels=max(page.channels for page in pages),
        deep=any(page.deep for page in pages),
        rounded=any(page.rounded for page in pages),
        transparent=any(page.transparent for page in pages),
    )


def _frame_header(image: Image.Image, n_frames: int, position: int) -> Header:
    width, height = image.size
    if orientation(image) in TRANSPOSED:
        width, height = height, width
    deep_grey, deep_colour = is_deep_grey(image), is_deep_colour(image, n_frames)
    return Header(
        frames=(position,),
        sizes=frozenset({(height, width)}),
        channels=1 if _is_grey(image) else 3,
        deep=deep_grey or deep_colour,
        rounded=not (deep_grey or deep_colour) and has_deep_channels(image),
        transparent=image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info,
        companions=image.format == "MPO" and _has_companions(image),
    )


def _has_companions(image: Image.Image) -> bool:
    """Whether an MPO file has several pictures of equal rank."""
    entries = image.mpinfo[PICTURES]  # type: ignore[attr-defined]
    return any(entry["Attribute"]["MPType"].startswith(EQUAL) for entry in entries[1:])


def _is_grey(image: Image.Image) -> bool:
    if image.mode == "P" and image.palette is not None and image.palette.mode == "RGB":
        # Greyscale GIFs have palettes of greys.
        colours = bytes(image.palette.palette)
        return colours[0::3] == colours[1::3] == colours[2::3]
    return image.mode in GREY_MODES or is_deep_grey(image) or is_grey_with_alpha(image)
