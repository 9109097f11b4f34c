"""Requests that wait at the same time are scored together, in one thread beside the event loop."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from ama.data.samples import Samples
from ama.errors import InputError
from ama.serving.model_holder import LoadedModel
from ama.serving.scoring import Scored, scored, together


@dataclass(frozen=True)
class Batching:
    """How requests are put together.

    Parameters
    ----------
    samples
        Samples of several requests in a batch; a request of more is scored alone. With 1, each request is.
    wait
        Seconds to wait for further requests before a batch is scored.

    Raises
    ------
    InputError
        If one is out of range.
    """

    samples: int = 256
    wait: float = 0.002

    def __post_init__(self) -> None:
        if self.samples < 1:
            raise InputError(f"--max-batch must be at least 1, found {self.samples}")
        if not 0 <= self.wait <= 10:
            raise InputError(f"--max-wait must be 0 to 10,000 milliseconds, found {1000 * self.wait:g}")


@dataclass(eq=False)
class _Job:
    """The samples of a request, and where its scores go."""

    model: LoadedModel
    samples: Samples
    maps: bool
    scored: asyncio.Future[Scored] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def joins(self, batch: list[_Job], most: int) -> bool:
        """Whether it can be scored with the jobs of a batch."""
        alone = self.maps or batch[0].maps or not self.model.scores_samples_alone
        n = len(self.samples) + sum(len(job.samples) for job in batch)
        return not alone and self.model is batch[0].model and n <= most


class Batcher:
    """Scores the samples of requests, batch after batch; requests with maps are scored one by one.

    Parameters
    ----------
    batching
        How.
    """

    def __init__(self, batching: Batching):
        self.batching = batching
        self._waiting: asyncio.Queue[_Job] = asyncio.Queue()
        self._next: _Job | None = None  # did not join the batch before
        self._thread = ThreadPoolExecutor(1, "scoring")
        self.batches = 0

    async def score(self, model: LoadedModel, samples: Samples, maps: bool) -> Scored:
        """The scores of the samples of a request, once it is their turn."""
        job = _Job(model, samples, maps)
        self._waiting.put_nowait(job)
        return await job.scored

    async def run(self) -> None:
        """Score what comes, until cancelled."""
        try:
            while True:
                batch = await self._batch()
                await self._score(batch)
        finally:
            self._thread.shutdown(wait=True, cancel_futures=True)

    async def _batch(self) -> list[_Job]:
        batch = [self._next or await self._waiting.get()]
        self._next = None
        end = asyncio.get_running_loop().time() + self.batching.wait
        while sum(len(job.samples) for job in batch) < self.batching.samples:
            if (job := await self._another(end)) is None:
                return batch
            if not job.joins(batch, self.batching.samples):
                self._next = job
                return batch
            batch.append(job)
        return batch

    async def _another(self, end: float) -> _Job | None:
        """A further job that waits, or comes before ``end``."""
        if not self._waiting.empty():
            return self._waiting.get_nowait()
        if (left := end - asyncio.get_running_loop().time()) <= 0:
            return None
        try:
            return await asyncio.wait_for(self._waiting.get(), left)
        except (asyncio.TimeoutError, TimeoutError):
            return None

    async def _score(self, batch: list[_Job]) -> None:
        batch = [job for job in batch if not job.scored.cancelled()]
        if not batch:
            return
        loop = asyncio.get_running_loop()
        self.batches += 1
        try:
            found = await loop.run_in_executor(self._thread, _scores, batch)
        except Exception as error:  # of one request's samples: the others are answered
            if len(batch) == 1:
                if not batch[0].scored.done():
                    batch[0].scored.set_exception(error)
                return
            for job in batch:
                await self._score([job])
            return
        for job, result in zip(batch, found, strict=True):
            if not job.scored.done():
                job.scored.set_result(result)


def _scores(batch: list[_Job]) -> list[Scored]:
    detector = batch[0].model.detector
    if batch[0].maps:
        return [scored(detector, batch[0].samples, maps=True)]
    return together(detector, [job.samples for job in batch])
