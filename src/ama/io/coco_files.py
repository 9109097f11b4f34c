"""Regions of images as a COCO file (Lin et al., "Microsoft COCO", ECCV 2014; cocodataset.org/#format-data)."""

from __future__ import annotations

import contextlib
import json
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

from ama.decision.regions import Region
from ama.io.whole_files import check_file_path, link_target, naming, replacing

CATEGORY = {"id": 1, "name": "anomaly", "supercategory": "anomaly"}


class CocoFile:
    """A COCO file that grows image by image outside of memory, and is there once it is complete.

    Boxes are in pixels of the image files, whose sizes the file names. The score of an annotation is the peak of the
    map in it.

    Parameters
    ----------
    path
        A .json file.
    threshold
        Of the map.

    Raises
    ------
    InputError
        If the file cannot be written.
    """

    def __init__(self, path: Path, threshold: float):
        check_file_path(path, (".json",))
        self.path, self.threshold = path, threshold
        self.n_images = self.n_regions = 0
        with naming(path):
            # Without a name, so that even a killed process leaves nothing behind.
            self._images, self._annotations = (
                tempfile.TemporaryFile("w+", encoding="utf-8", dir=link_target(path).parent)  # noqa: SIM115
                for _ in range(2)
            )

    def add(self, sample_id: str, size: tuple[int, int], regions: Sequence[Region]) -> None:
        """Add an image and its regions.

        Parameters
        ----------
        sample_id
            Name of its file.
        size
            Its height and width, upright.
        regions
            In its pixels.

        Raises
        ------
        InputError
            If they cannot be written.
        """
        with naming(self.path):
            height, width = size
            image = {"id": self.n_images + 1, "file_name": sample_id, "width": width, "height": height}
            _append(self._images, image, self.n_images)
            self.n_images += 1
            for region in regions:
                _append(self._annotations, self._annotation(region), self.n_regions)
                self.n_regions += 1

    def _annotation(self, region: Region) -> dict[str, Any]:
        return {
            "id": self.n_regions + 1,
            "image_id": self.n_images,
            "category_id": CATEGORY["id"],
            "bbox": [region.x, region.y, region.width, region.height],
            "area": region.area,
            "score": region.peak,
            "iscrowd": 0,
            "segmentation": [],
        }

    def finish(self) -> None:
        """Write the file.

        Raises
        ------
        InputError
            If it cannot be written; an existing one is then kept.
        """
        about = {
            "description": "Anomalous regions; boxes in pixels of the image files, upright as EXIF says",
            "map_threshold": self.threshold,
        }
        with replacing(self.path) as temporary, temporary.open("x", encoding="utf-8", newline="\n") as file:
            file.write(f'{{"info": {json.dumps(about)}, "licenses": [], "images": [\n')
            for name, part in (("annotations", self._images), ("categories", self._annotations)):
                part.seek(0)
                shutil.copyfileobj(part, file)
                file.write(f'\n], "{name}": [\n')
            file.write(f"{json.dumps(CATEGORY)}\n]}}\n")

    def close(self) -> None:
        """Give up what was not finished."""
        for part in (self._images, self._annotations):
            with contextlib.suppress(OSError):  # a full disk has left something in its buffer
                part.close()


def _append(file: IO[str], entry: dict[str, Any], n_before: int) -> None:
    file.write((",\n" if n_before else "") + json.dumps(entry, ensure_ascii=False, allow_nan=False))
