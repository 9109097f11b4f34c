"""Which requests are scored together."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest
import torch

from served import WITHOUT_EXTRA

pytest.importorskip("fastapi", reason=WITHOUT_EXTRA)

from ama.data.samples import Samples
from ama.errors import InputError
from ama.serving.batching import Batcher, Batching
from ama.serving.model_holder import LoadedModel


@pytest.fixture(scope="module")
def model(models) -> LoadedModel:
    return LoadedModel(str(models / "digits"), "cpu", None, 100)


@pytest.fixture
def requests(digits) -> list[Samples]:
    """Of 1 to 10 images."""
    sizes = np.full((10, 2), 8)
    return [
        Samples(torch.from_numpy(digits[0][:n]), [str(i) for i in range(n)], None, None, [], sizes=sizes[:n])
        for n in range(1, 11)
    ]


def scores(model, requests, batching, maps=False):
    """The answers to requests that wait at the same time, and how many batches they took."""

    async def run():
        batcher = Batcher(batching)
        work = [asyncio.create_task(batcher.score(model, samples, maps)) for samples in requests]
        await asyncio.sleep(0)
        running = asyncio.create_task(batcher.run())
        found = await asyncio.gather(*work, return_exceptions=True)
        running.cancel()
        return found, batcher.batches

    return asyncio.run(run())


def test_requests_that_wait_are_one_batch(model, requests):
    found, n = scores(model, requests, Batching())
    assert n == 1
    for samples, scored in zip(requests, found, strict=True):
        expected = model.detector.score_table(samples)
        assert list(scored.columns) == list(expected)
        for name, values in scored.columns.items():
            assert len(values) == len(samples)
            np.testing.assert_allclose(values, expected[name], rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(("most", "n"), [(1, 10), (3, 9), (10, 7), (1000, 1)])
def test_a_batch_has_its_most_samples(model, requests, most, n):
    found, batches = scores(model, requests, Batching(samples=most))
    assert batches == n
    assert [len(scored.columns["score"]) for scored in found] == [len(samples) for samples in requests]


def test_a_request_alone_scores_bit_for_bit_as_the_detector(model, requests):
    found, _ = scores(model, requests, Batching(samples=1))
    for samples, scored in zip(requests, found, strict=True):
        for name, values in model.detector.score_table(samples).items():
            assert np.array_equal(scored.columns[name], values)


def test_maps_are_made_request_by_request(model, requests):
    found, n = scores(model, requests[:3], Batching(), maps=True)
    assert n == 3
    assert [len(scored.maps) for scored in found] == [1, 2, 3]
    assert all(png.startswith(b"\x89PNG") for scored in found for png in scored.maps)


def test_a_request_that_fails_fails_alone(model, requests):
    wrong = Samples(torch.zeros(1, 3, 8, 8, dtype=torch.uint8), ["wrong"], None, None, [])
    found, _ = scores(model, [requests[0], wrong, requests[1]], Batching())
    assert isinstance(found[1], InputError)
    assert [len(found[i].columns["score"]) for i in (0, 2)] == [1, 2]


def test_batches_have_bounds():
    with pytest.raises(InputError, match="--max-batch must be at least 1, found 0"):
        Batching(samples=0)
    with pytest.raises(InputError, match="--max-wait must be 0 to 10,000 milliseconds, found -1"):
        Batching(wait=-0.001)
