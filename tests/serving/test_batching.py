"""Which requests are scored together."""

from __future__ import annotations

import asyncio
import base64
import io
import json

import numpy as np
import pytest
from PIL import Image

from served import BOUNDARY, WITHOUT_EXTRA, form

pytest.importorskip("fastapi", reason=WITHOUT_EXTRA)

from ama.errors import InputError
from ama.serving.answers import JSON
from ama.serving.batching import Batcher, Batching, Job
from ama.serving.limits import Limits
from ama.serving.model_holder import LoadedModel
from ama.serving.service_metrics import ServiceMetrics

FORM = f"multipart/form-data; boundary={BOUNDARY}"


@pytest.fixture(scope="module")
def model(models) -> LoadedModel:
    return LoadedModel(str(models / "digits"), "cpu", None, 100)


@pytest.fixture(scope="module")
def requests(models) -> list[dict[str, bytes]]:
    """Of 1 to 10 images."""
    files = [(path.name, path.read_bytes()) for path in sorted((models / "images").iterdir())]
    return [dict(files[:n]) for n in range(1, 11)]


def answers(model, requests, batching, maps=False):
    """The samples in the answers to requests that wait at the same time, and how many batches they took."""

    async def run():
        batcher = Batcher(batching, Limits(), ServiceMetrics())
        jobs = [Job(model, form(files), FORM, maps, JSON) for files in requests]
        work = [asyncio.create_task(batcher.answer(job)) for job in jobs]
        await asyncio.sleep(0)
        running = asyncio.create_task(batcher.run())
        found = await asyncio.gather(*work, return_exceptions=True)
        running.cancel()
        return found, batcher.batches

    found, n = asyncio.run(run())
    return [body if isinstance(body, Exception) else json.loads(body)["samples"] for body in found], n


def expected(model, files) -> dict[str, np.ndarray]:
    images = np.stack([np.array(Image.open(io.BytesIO(content))) for content in files.values()])
    return model.detector.score_table(images)


def test_requests_that_wait_are_one_batch(model, requests):
    found, n = answers(model, requests, Batching())
    assert n == 1
    for files, samples in zip(requests, found, strict=True):
        assert [sample["id"] for sample in samples] == [*files]
        for name, values in expected(model, files).items():
            np.testing.assert_allclose([sample[name] for sample in samples], values, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(("most", "n"), [(1, 10), (3, 9), (10, 7), (1000, 1)])
def test_a_batch_has_its_most_samples(model, requests, most, n):
    found, batches = answers(model, requests, Batching(samples=most))
    assert batches == n
    assert [len(samples) for samples in found] == [len(files) for files in requests]


def test_a_request_alone_scores_bit_for_bit_as_the_detector(model, requests):
    found, _ = answers(model, requests, Batching(samples=1))
    for files, samples in zip(requests, found, strict=True):
        for name, values in expected(model, files).items():
            assert [sample[name] for sample in samples] == values.tolist()


def test_maps_are_made_request_by_request(model, requests):
    found, n = answers(model, requests[:3], Batching(), maps=True)
    assert n == 3
    assert [len(samples) for samples in found] == [1, 2, 3]
    pngs = [base64.b64decode(sample["map"]) for samples in found for sample in samples]
    assert all(png.startswith(b"\x89PNG") for png in pngs)


def test_a_request_that_fails_fails_alone(model, requests):
    found, n = answers(model, [requests[0], {"wrong": b"no image"}, requests[1]], Batching())
    assert isinstance(found[1], InputError)
    assert [len(found[i]) for i in (0, 2)] == [1, 2]
    assert n == 1


def test_what_fails_in_the_scoring_fails_alone(model, requests, monkeypatch):
    whole = type(model.detector).score_table

    def two_at_most(detector, samples):
        if len(samples) > 2:
            raise ZeroDivisionError
        return whole(detector, samples)

    monkeypatch.setattr(type(model.detector), "score_table", two_at_most)
    found, _ = answers(model, requests[:4], Batching())
    assert [isinstance(samples, ZeroDivisionError) for samples in found] == [False, False, True, True]


def test_batches_have_bounds():
    with pytest.raises(InputError, match="--max-batch must be at least 1, found 0"):
        Batching(samples=0)
    with pytest.raises(InputError, match="--max-wait must be 0 to 10,000 milliseconds, found -1"):
        Batching(wait=-0.001)
