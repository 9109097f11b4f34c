"""Images in threads: in order, each with one thread of torch, and nothing of that is left afterwards."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from ama.features.side_by_side import AHEAD, side_by_side


@pytest.fixture(params=[1, 2])
def n_threads(request):
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


def test_what_is_seen_is_in_the_order_of_the_images(n_threads):
    raw = torch.arange(20.0).reshape(20, 1, 1, 1)
    assert list(side_by_side(raw, lambda image: image.item())) == list(range(20))


def test_each_image_has_one_thread_and_later_threads_have_theirs(n_threads):
    both = threading.Barrier(n_threads, timeout=60)

    def see(image):
        both.wait()  # for as many images as there are threads
        torch.rand(100, 100) @ torch.rand(100, 100)
        return torch.get_num_threads()

    assert list(side_by_side(torch.rand(4, 3, 8, 8), see)) == [1] * 4
    assert torch.get_num_threads() == n_threads
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(torch.get_num_threads).result() == n_threads


def test_no_gradient_is_kept(n_threads):
    raw = torch.rand(2, 3, 8, 8, requires_grad=True)
    assert not any(seen.requires_grad for seen in side_by_side(raw, lambda image: 2 * image))


def test_an_error_of_an_image_is_raised(n_threads):
    with pytest.raises(ZeroDivisionError):
        list(side_by_side(torch.zeros(3, 1, 1, 1), lambda image: 1 / int(image.item())))
    assert torch.get_num_threads() == n_threads


def test_only_some_images_are_begun_before_a_result_is_taken(n_threads):
    begun = []
    results = side_by_side(torch.zeros(100, 1, 1, 1), begun.append)
    next(results)
    results.close()
    assert len(begun) <= AHEAD * n_threads
    assert torch.get_num_threads() == n_threads
