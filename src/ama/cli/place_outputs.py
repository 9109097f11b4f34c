"""What ``ama score`` writes of places: maps, boxes and a COCO file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
from jsonargparse import Namespace

from ama.data.samples import Samples, count
from ama.decision.regions import Region
from ama.detectors.base import Detector
from ama.detectors.region_tables import boxes_field, with_boxes
from ama.io.coco_files import CocoFile
from ama.io.map_files import LEVELS, MapFolder
from ama.report.verdict import percent

OPTIONS = ("maps", "boxes", "coco")


class PlaceOutputs:
    """Writers for the options ``--maps``, ``--boxes`` and ``--coco``, fed chunk by chunk; without them it does nothing.

    Parameters
    ----------
    detector
        A fitted detector.
    given
        The options, and ``out``.

    Raises
    ------
    InputError
        If the detector cannot say where, or a place cannot be written to.
    """

    def __init__(self, detector: Detector, given: Namespace):
        self.detector = detector
        self.wanted = any(given[option] for option in OPTIONS)
        self.as_text = given.out is None or given.out.endswith(".csv")
        self.boxes, self.maps, self.coco = bool(given.boxes), None, None
        self.n_with_regions = 0
        if not self.wanted:
            return
        detector.check_regions()
        top, threshold = detector.map_top, detector.map_threshold
        assert top is not None and threshold is not None  # noqa: PT018
        if given.maps is not None:
            self.maps = MapFolder(Path(given.maps), top, threshold)
        if given.coco is not None:
            self.coco = CocoFile(Path(given.coco), threshold)

    def schema(self, scores: pa.Schema) -> pa.Schema:
        """The columns of the table, given those of the scores."""
        return scores.append(boxes_field(self.as_text)) if self.boxes else scores

    def add(self, samples: Samples, table: pa.Table) -> pa.Table:
        """Write the maps and regions of a chunk of samples; returns their score table with the columns wanted."""
        if not self.wanted:
            return table
        regions: list[list[Region]] = []
        assert samples.sizes is not None
        each = zip(samples.ids, samples.sizes, self.detector.each_map(samples), strict=True)
        for sample_id, own_size, heat in each:
            size = (int(own_size[0]), int(own_size[1]))
            found = self.detector.regions_of([heat], own_size[None])[0]
            self.n_with_regions += bool(found)
            if self.maps is not None:
                self.maps.write(sample_id, heat, size)
            if self.coco is not None:
                self.coco.add(sample_id, size, found)
            if self.boxes:
                regions.append(found)
        return with_boxes(table, regions, self.as_text) if self.boxes else table

    def finish(self) -> None:
        """Complete what is written once all samples are there."""
        if self.coco is not None:
            self.coco.finish()

    def close(self) -> None:
        """Give up what was not finished."""
        if self.coco is not None:
            self.coco.close()

    def told(self) -> Iterator[str]:
        """What a user should know of what was written."""
        if not self.wanted:
            return
        rate = self.detector.map_false_alarm_rate
        assert rate is not None
        images = count(self.n_with_regions, "image")
        yield (
            f"{images} with regions of the map above {self.detector.map_threshold:.4g}, which at most "
            f"{percent(rate)} of normal images have on average"
            + (f"; wrote {self.coco.path}" if self.coco is not None else "")
        )
        if self.maps is not None:
            yield from self._of_maps(self.maps)

    def _of_maps(self, maps: MapFolder) -> Iterator[str]:
        yield (
            f"wrote {count(maps.n_files, 'map')} in {maps.folder}, each of the size of its image and named as it with "
            f".png added; a grey level is {maps.unit:.6g} units of the map"
        )
        if maps.n_cut:
            yield f"note: {count(maps.n_cut, 'map')} with values above the highest level, {LEVELS * maps.unit:.4g}"
        if maps.repeated:
            first = next(iter(maps.repeated)).name
            yield f"note: several samples share a name, such as {first}: their maps are numbered, from ~2"
