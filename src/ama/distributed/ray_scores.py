"""Scores of a source by the workers of a Ray cluster, each with the model, through Ray Data."""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from ama.data.images.encoded_images import Encoded
from ama.data.images.image_survey import Survey
from ama.data.samples import Source
from ama.detectors.base import Detector
from ama.distributed.shipped_model import ShippedModel
from ama.distributed.source_parts import ScoredChunk, part_bounds, score_part, survey_part
from ama.errors import ClusterError, InputError

RETRIES = 5  # of a part whose worker has died
SURVEYED = 1024  # images in a batch of which the headers are read
FEW = 16  # parts a worker whose headers are read by this process, as new ones need seconds to start
RESULT = "result"


class RayScores:
    """Scores by Ray, to which this process is connected.

    Parameters
    ----------
    detector
        A fitted detector.
    device
        "auto", "cpu" or "cuda": where the workers score.
    n_workers
        Number of workers; by default one a core or, if there are any and they are wanted, one a GPU.

    Raises
    ------
    InputError
        If the cluster has no GPU and ``device`` is "cuda".
    """

    def __init__(self, detector: Detector, device: str = "auto", n_workers: int | None = None):
        import ray

        found = ray.cluster_resources()
        n_gpus = int(found.get("GPU", 0)) if device != "cpu" else 0
        if device == "cuda" and not n_gpus:
            raise InputError("device is cuda, but the Ray cluster has no GPU")
        self.model, self.device = ShippedModel(detector), device
        self.n_workers = n_workers or n_gpus or max(1, int(found.get("CPU", 1)))
        self.resources = {"num_cpus": 1, **({"num_gpus": 1} if n_gpus else {})}

    def survey(self, images: Encoded, all_needed: bool = False) -> Survey:
        """The headers of encoded images, read by the workers; see :class:`ama.data.images.image_survey.Survey`."""
        from ray.data import TaskPoolStrategy

        bounds = part_bounds(len(images), images.read_at_once, SURVEYED)
        if len(bounds) <= FEW * self.n_workers:
            return Survey(images.name).read(images, all_needed)
        found = Survey(images.name)
        given = (images, all_needed)
        parts = _results(bounds, _surveyed, TaskPoolStrategy(self.n_workers), num_cpus=1, fn_args=given)
        for (start, _), part in zip(bounds, parts, strict=True):
            found.join(part, start)
        return found

    def scores(self, source: Source) -> Iterator[ScoredChunk]:
        """The scores of a source, batch by batch and in order.

        Raises
        ------
        InputError
            If the source cannot be read in parts.
        ClusterError
            If a part could not be scored.
        """
        from ray.data import ActorPoolStrategy

        source.part(0, 1)
        bounds = part_bounds(source.n_positions, source.read_at_once, source.batch_size)
        compute = ActorPoolStrategy(size=min(self.n_workers, len(bounds)))
        given = (source.part(0, source.n_positions), self.model, self.device)
        # Whatever happens to a worker, its part is done again as a whole, and what it had returned is not used twice.
        retried = {"max_restarts": -1, "max_task_retries": RETRIES}
        yield from _results(
            bounds, _PartScorer, compute, fn_constructor_args=given, **self.resources, **retried
        )


class _PartScorer:
    """An actor, which loads the model once."""

    def __init__(self, source: Source, model: ShippedModel, device: str):
        self.source, self.detector = source, model.load(device)

    def __call__(self, bounds: pa.Table) -> Iterator[pa.Table]:
        for start, stop in zip(*bounds.to_pydict().values(), strict=True):
            for chunk in score_part(self.detector, self.source, start, stop):
                yield _as_table(chunk)


def _surveyed(bounds: pa.Table, images: Encoded, all_needed: bool) -> Iterator[pa.Table]:
    for start, stop in zip(*bounds.to_pydict().values(), strict=True):
        yield _as_table(survey_part(images, start, stop, all_needed))


def _as_table(result: Any) -> pa.Table:
    return pa.table({RESULT: pa.array([pickle.dumps(result)], pa.large_binary())})


def _results(bounds: list[tuple[int, int]], work: Any, compute: Any, **options: Any) -> Iterator[Any]:
    """What the work on each part returns, in order."""
    import ray.data

    rows = [{"start": start, "stop": stop} for start, stop in bounds]
    options |= {"batch_size": None, "batch_format": "pyarrow", "compute": compute}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Ray warns of defaults of its own
            context = ray.data.DataContext.get_current().copy()
            context.enable_progress_bars = context.print_on_execution_start = False
            context.execution_options.preserve_order = True
            with ray.data.DataContext.current(context):
                done = ray.data.from_items(rows, override_num_blocks=len(rows)).map_batches(work, **options)
        for table in done.iter_batches(batch_size=None, batch_format="pyarrow", prefetch_batches=0):
            for stored in table[RESULT]:
                yield pickle.loads(stored.as_py())
    except ray.exceptions.RayError as error:
        raise ClusterError(f"a Ray worker failed: {_reason(error)}") from error


def _reason(error: BaseException) -> str:
    """What a worker failed with, without the traceback that Ray puts before it."""
    while isinstance(cause := getattr(error, "cause", None) or error.__cause__, BaseException):
        error = cause
    lines = str(error).strip().splitlines() or [""]
    return f"{type(error).__name__}: {lines[0]}"
