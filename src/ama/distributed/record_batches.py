"""Scores of record batches of Arrow, for engines that map iterators of them, such as ``mapInArrow`` of Spark."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa

from ama.data.divisible import default_batch_size
from ama.data.encoding.table_encoding import Replaced
from ama.data.images.encoded_images import Encoded
from ama.data.images.image_survey import Survey
from ama.data.samples import Samples, Source, Wanted
from ama.data.tables.arrow import ArrowTable, image_column, whole_batches
from ama.data.tables.feature_columns import ID_COLUMN
from ama.detectors.base import Detector
from ama.detectors.registry import load
from ama.detectors.score_tables import score_schema, score_table
from ama.distributed.shipped_model import ShippedModel
from ama.errors import InputError

NAME = "the table"
SPARK_TYPES = {pa.string(): "string", pa.float64(): "double", pa.bool_(): "boolean"}


class BatchScorer:
    """A function from record batches to record batches, which can be pickled and holds the model.

    Given are rows with the columns that the model learned from, or a column of encoded images: bytes, or a struct with
    ``bytes`` and ``path``. Any other column is left out.

    Returned are the columns of ``ama score`` and ``note``, which is null for a sample with scores. Other rows have
    nothing but a note: why an image cannot be read, or what was left out, changed or assumed, once an iterator.

    The rows of an iterator are scored in batches of the size that ``ama score`` takes, so the scores of a partition are
    bit for bit those of a file with the same rows in the same order, on the same kind of processor and with the same
    number of threads.

    Parameters
    ----------
    model
        Model folder, which only this process needs to see.
    false_alarm_rate
        Share of normal samples that may be flagged; by default that of the model.
    id_column
        Column of ids. By default as for ``ama score``: the path of an image, a column ``id``, or the number of the row,
        which here begins at 0 in each iterator.
    device
        "auto", "cpu" or "cuda": where to score.
    float32
        Score in float32 where the model would in bfloat16, as ``ama score --float32``.

    Raises
    ------
    InputError
        If the model cannot be loaded; when called, if the rows do not fit it.
    """

    def __init__(
        self,
        model: str | Path,
        *,
        false_alarm_rate: float | None = None,
        id_column: str | None = None,
        device: str = "auto",
        float32: bool = False,
    ):
        detector = load(model, "cpu", float32=float32)
        if false_alarm_rate is not None:
            detector.set_threshold(false_alarm_rate)
        self.model, self.id_column, self.device = ShippedModel(detector), id_column, device
        self.schema = score_schema(detector).append(pa.field("note", pa.string()))

    @property
    def ddl(self) -> str:
        """The columns that are returned, as Spark's ``mapInArrow`` takes them."""
        return ", ".join(f"`{field.name}` {SPARK_TYPES[field.type]}" for field in self.schema)

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Score the rows of record batches."""
        reading = _Reading(self.model.load(self.device), self.id_column)
        for batch in whole_batches(batches, reading.batch_size):
            for samples in reading.samples(batch):
                if len(samples):
                    yield from self._noted(score_table(reading.detector, samples)).to_batches()
                if samples.skipped:
                    yield self._notes(samples.skipped)
        if remarks := reading.remarks():
            yield self._notes(remarks)

    def _noted(self, table: pa.Table) -> pa.Table:
        return table.append_column(self.schema.field("note"), pa.nulls(len(table), pa.string()))

    def _notes(self, notes: list[str]) -> pa.RecordBatch:
        columns = [pa.nulls(len(notes), field.type) for field in self.schema]
        return pa.record_batch([*columns[:-1], pa.array(notes, pa.string())], schema=self.schema)


class _Reading:
    """Record batches as samples, and what is to be said of all of them.

    Parameters
    ----------
    detector
        A fitted detector.
    id_column
        As of :class:`BatchScorer`.
    """

    def __init__(self, detector: Detector, id_column: str | None):
        self.detector, self.id_column, self.row = detector, id_column, 0
        self.batch_size = default_batch_size(detector.shape_, detector.model_.dtype)
        self.survey, self.replaced = Survey(NAME), Counter[Replaced]()
        self.opened: Source | None = None
        self.of_columns: tuple[str, ...] = ()

    def samples(self, batch: pa.RecordBatch) -> Iterator[Samples]:
        """The samples in a batch of rows."""
        batch = batch if self.id_column is None else self._with_ids(batch, self.id_column)

        def stream(columns: list[str], batch_size: int) -> Iterator[pa.RecordBatch]:
            for start in range(0, len(batch), batch_size):
                yield batch.select(columns).slice(start, batch_size)

        table = ArrowTable(NAME, batch.schema, len(batch), stream, first_row=self.row)
        source = self.detector.open(table, surveying=self._surveyed)
        self.of_columns = () if source.kind == "images" else self.of_columns or source.remarks
        yield from source.chunks()
        self.replaced.update(source.replaced)
        self.opened, self.row = source, self.row + len(batch)

    def remarks(self) -> list[str]:
        """What was left out, changed or assumed, once all batches have been read."""
        said = Wanted(shape=self.detector.shape_)
        if self.survey.n:
            self.survey.remark(self.detector.shape_, self.detector.model_.dtype, said)
        for sentence in [] if self.opened is None else self.opened.replacements(self.replaced):
            said.remark(sentence)
        return [*self.of_columns, *said.remarks]

    def _surveyed(self, images: Encoded) -> Survey:
        found = Survey(images.name).read(images)
        self.survey.join(found, self.row)
        return found

    def _with_ids(self, batch: pa.RecordBatch, name: str) -> pa.RecordBatch:
        """The rows with a column of ids where the ids of rows, or the paths of images, are looked for."""
        if name not in batch.schema.names:
            raise InputError(f"{NAME} has no column {name!r}, which id_column names")
        ids = batch.column(name).cast(pa.string())
        features = self.detector.columns_
        if features is None and (image := image_column(batch.schema)) is not None:
            column = batch.column(image)
            encoded = column.field("bytes") if pa.types.is_struct(column.type) else column
            return pa.record_batch(
                [pa.StructArray.from_arrays([encoded, ids], ["bytes", "path"])], names=[image]
            )
        if ID_COLUMN in (features or ()):
            raise InputError(f"column {ID_COLUMN!r} is a feature of the model: id_column cannot be {name!r}")
        kept = [n for n in batch.schema.names if n not in (name, ID_COLUMN)]
        columns = [*(batch.column(n) for n in kept), ids]
        return pa.record_batch(columns, names=[*kept, ID_COLUMN])
