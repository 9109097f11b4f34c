"""Good image files of every format, small."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pillow_heif
from PIL import Image

from fuzz.raw_formats import png_of_pixels, tiled_tiff

SIDE = 16


def _picture(seed: int, channels: int = 1, depth: int = 8) -> np.ndarray:
    """A smooth gradient with a little noise: small when compressed."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE
    waves = rng.uniform(0, 1, (channels, 3))
    stack = np.stack([a + (b * x + c * y) / 2 for a, b, c in waves], axis=2) % 1
    values = np.uint8 if depth == 8 else np.uint16
    pixels = (stack * (2**depth - 1)).astype(values)
    return pixels[:, :, 0] if channels == 1 else pixels


def _save(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def _heic(*images: Image.Image) -> bytes:
    """Encoded without Pillow's plugin, which the package registers by itself."""
    file, heif = io.BytesIO(), pillow_heif.HeifFile()
    for image in images:
        heif.add_from_pillow(image)
    heif.save(file, quality=90)
    return file.getvalue()


def _grey(seed: int) -> Image.Image:
    return Image.fromarray(_picture(seed))


def _rgb(seed: int) -> Image.Image:
    return Image.fromarray(_picture(seed, 3))


def _pages(seed: int) -> list[Image.Image]:
    return [_grey(seed + i) for i in range(1, 4)]


def _deep(seed: int) -> Image.Image:
    return Image.fromarray(_picture(seed, depth=16))


def _float(seed: int) -> Image.Image:
    return Image.fromarray(_picture(seed).astype(np.float32) / 255)


def _exif(seed: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, f"turned {seed}"
    return _save(_rgb(seed), "jpeg", exif=exif)


# Name with suffix -> the file, given a seed.
SEED_IMAGES: dict[str, Callable[[int], bytes]] = {
    "grey.png": lambda s: _save(_grey(s), "png"),
    "rgb.png": lambda s: _save(_rgb(s), "png"),
    "rgba.png": lambda s: _save(Image.fromarray(_picture(s, 4)), "png"),
    "grey-alpha.png": lambda s: _save(Image.fromarray(_picture(s, 2)), "png"),
    "bits.png": lambda s: _save(_grey(s).convert("1"), "png"),
    "palette.png": lambda s: _save(_rgb(s).quantize(16), "png"),
    "palette-transparent.png": lambda s: _save(_rgb(s).quantize(16), "png", transparency=3),
    "plain.png": lambda s: png_of_pixels(_picture(s)),
    "grey16.png": lambda s: _save(_deep(s), "png"),
    "rgb16.png": lambda s: png_of_pixels(_picture(s, 3, 16)),
    "rgba16.png": lambda s: png_of_pixels(_picture(s, 4, 16)),
    "interlaced.png": lambda s: png_of_pixels(_picture(s, 3), interlaced=True),
    "animated.png": lambda s: _save(_grey(s), "png", save_all=True, append_images=_pages(s)),
    "grey.jpg": lambda s: _save(_grey(s), "jpeg"),
    "rgb.jpg": lambda s: _save(_rgb(s), "jpeg", quality=60),
    "progressive.jpeg": lambda s: _save(_rgb(s), "jpeg", progressive=True),
    "cmyk.jpg": lambda s: _save(_rgb(s).convert("CMYK"), "jpeg"),
    "exif.jpg": _exif,
    "grey.tif": lambda s: _save(_grey(s), "tiff"),
    "lzw.tif": lambda s: _save(_rgb(s), "tiff", compression="tiff_lzw"),
    "deflate.tiff": lambda s: _save(_rgb(s), "tiff", compression="tiff_adobe_deflate"),
    "packbits.tif": lambda s: _save(_grey(s), "tiff", compression="packbits"),
    "jpeg.tif": lambda s: _save(_rgb(s), "tiff", compression="jpeg"),
    "fax.tif": lambda s: _save(_grey(s).convert("1"), "tiff", compression="group4"),
    "grey16.tif": lambda s: _save(_deep(s), "tiff"),
    "float.tif": lambda s: _save(_float(s), "tiff"),
    "pages.tif": lambda s: _save(_grey(s), "tiff", save_all=True, append_images=_pages(s)),
    "tiled.tif": lambda s: tiled_tiff(np.tile(_picture(s), (2, 2))),
    "tiled16.tif": lambda s: tiled_tiff(_picture(s, depth=16)),
    "still.gif": lambda s: _save(_grey(s), "gif"),
    "animated.gif": lambda s: _save(_rgb(s), "gif", save_all=True, append_images=_pages(s), duration=40),
    "still.webp": lambda s: _save(_rgb(s), "webp"),
    "lossless.webp": lambda s: _save(Image.fromarray(_picture(s, 4)), "webp", lossless=True),
    "animated.webp": lambda s: _save(_rgb(s), "webp", save_all=True, append_images=_pages(s)),
    "rgb.bmp": lambda s: _save(_rgb(s), "bmp"),
    "palette.bmp": lambda s: _save(_rgb(s).quantize(16), "bmp"),
    "grey.jp2": lambda s: _save(_grey(s), "jpeg2000"),
    "rgb16.jp2": lambda s: _save(_deep(s), "jpeg2000"),
    "rgb.ppm": lambda s: _save(_rgb(s), "ppm"),
    "grey16.pgm": lambda s: _save(_deep(s), "ppm"),
    "rgb.tga": lambda s: _save(_rgb(s), "tga"),
    "packed.tga": lambda s: _save(_grey(s), "tga", compression="tga_rle"),
    "rgb.heic": lambda s: _heic(_rgb(s)),
    "burst.heic": lambda s: _heic(_rgb(s), *_pages(s)),
}
COMMON_IMAGES = tuple(SEED_IMAGES)[:15]
