"""Requests that wait at the same time are decoded, scored together and answered, in a thread beside the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from ama.errors import InputError
from ama.serving.answers import answer
from ama.serving.decoding import Decoded, decoded
from ama.serving.limits import Limits
from ama.serving.model_holder import LoadedModel
from ama.serving.scoring import Scored, scored, together
from ama.serving.service_metrics import ServiceMetrics


@dataclass(frozen=True)
class Batching:
    """How requests are put together.

    Parameters
    ----------
    samples
        Samples of several requests in a batch; a request of more is scored alone. With 1, each request is.
    wait
        Seconds that a request waits for others if none waits already.

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
class Job:
    """A request for scores, and where its answer goes.

    Parameters
    ----------
    model
        Which scores.
    body, content_type
        The request.
    maps
        Whether it asks for maps.
    kind
        The type of the answer.
    """

    model: LoadedModel
    body: bytes
    content_type: str
    maps: bool
    kind: str
    answered: asyncio.Future[bytes] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )

    def settle(self, found: bytes | Exception) -> None:
        """Set the answer, or why there is none; in the event loop."""
        if self.answered.done():  # the server ends
            return
        if isinstance(found, Exception):
            self.answered.set_exception(found)
        else:
            self.answered.set_result(found)


Held = tuple[Job, Decoded]


class Batcher:
    """Answers requests, batch after batch; those with maps are scored one by one.

    Parameters
    ----------
    batching
        How.
    limits
        Of a request.
    metrics
        Counts images that cannot be read.
    """

    def __init__(self, batching: Batching, limits: Limits, metrics: ServiceMetrics):
        self.batching, self.limits, self.metrics = batching, limits, metrics
        self._waiting: asyncio.Queue[Job] = asyncio.Queue()
        # One thread: what silences the warnings of image decoders is not safe in several.
        self._thread = ThreadPoolExecutor(1, "scoring")
        self.batches = 0

    async def answer(self, job: Job) -> bytes:
        """The body of the answer to a request, once it is its turn."""
        self._waiting.put_nowait(job)
        return await job.answered

    async def run(self) -> None:
        """Answer what comes, until cancelled."""
        loop = asyncio.get_running_loop()
        try:
            while True:
                jobs = await self._next()
                await loop.run_in_executor(self._thread, self._work, jobs, loop)
        finally:
            self._thread.shutdown(wait=True, cancel_futures=True)

    async def _next(self) -> list[Job]:
        jobs = [await self._waiting.get()]
        if self._waiting.empty() and self.batching.samples > 1:
            await asyncio.sleep(self.batching.wait)
        while len(jobs) < self.batching.samples and not self._waiting.empty():
            jobs.append(self._waiting.get_nowait())
        return jobs

    def _work(self, jobs: list[Job], loop: asyncio.AbstractEventLoop) -> None:
        """In the thread: each request has its answer as soon as its batch has been scored."""
        batch = list[Held]()
        for job in jobs:
            try:
                found = decoded(job.body, job.content_type, job.model.detector, self.limits)
            except Exception as error:  # of this request alone
                loop.call_soon_threadsafe(job.settle, error)
                continue
            if batch and not self._joins((job, found), batch):
                self._finish(batch, loop)
                batch = []
            batch.append((job, found))
        self._finish(batch, loop)

    def _joins(self, new: Held, batch: list[Held]) -> bool:
        """Whether a request can be scored with those of a batch."""
        (job, _), (first, _) = new, batch[0]
        alone = job.maps or first.maps or not job.model.scores_samples_alone
        n = sum(len(found.samples) for _, found in [*batch, new])
        return not alone and job.model is first.model and n <= self.batching.samples

    def _finish(self, batch: list[Held], loop: asyncio.AbstractEventLoop) -> None:
        if batch:
            found = list(self._answers(batch))
            loop.call_soon_threadsafe(_settle, found)

    def _answers(self, batch: list[Held]) -> Iterator[tuple[Job, bytes | Exception]]:
        """Each request of a batch with its answer; one that fails does not fail the others."""
        self.batches += 1
        try:
            results = _scores(batch)
        except Exception as error:
            if len(batch) == 1:
                yield batch[0][0], error
            else:
                for one in batch:
                    yield from self._answers([one])
            return
        for (job, found), result in zip(batch, results, strict=True):
            try:
                yield job, self._counted(job, found, result)
            except Exception as error:
                yield job, error

    def _counted(self, job: Job, found: Decoded, result: Scored) -> bytes:
        """The answer to a request, once its scores are in the metrics."""
        if n_unreadable := sum(entry.error is not None for entry in found.entries):
            self.metrics.rejected("unreadable", n_unreadable)
        job.model.metrics.observe(result)
        return answer(job.kind, job.model.detector, found, result)


def _scores(batch: list[Held]) -> list[Scored]:
    (job, found), *_ = batch
    if job.maps:
        return [scored(job.model.detector, found.samples, maps=True)]
    return together(job.model.detector, [found.samples for _, found in batch])


def _settle(found: list[tuple[Job, bytes | Exception]]) -> None:
    for job, result in found:
        job.settle(result)
