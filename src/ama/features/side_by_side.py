"""Images side by side, a thread for each: the layers of one small image are too short to be shared by several."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import torch
from jaxtyping import Shaped
from torch import Tensor

AHEAD = 4  # images in work or done, for each thread, before the first result is taken
Seen = TypeVar("Seen")


def side_by_side(
    raw: Shaped[Tensor, "b c h w"], see: Callable[[Shaped[Tensor, "1 c h w"]], Seen]
) -> Iterator[Seen]:
    """What a function without gradients makes of each image, in order.

    As many run at once as torch has threads, and each has one, so the result does not depend on their number.
    """
    n, see = torch.get_num_threads(), torch.no_grad()(see)
    pool, begun = ThreadPoolExecutor(n, "images", _one_thread), deque[Future[Seen]]()
    try:
        for image in raw.split(1):
            begun.append(pool.submit(see, image))
            if len(begun) == AHEAD * n:
                yield begun.popleft().result()
        while begun:
            yield begun.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
        torch.set_num_threads(n)  # which each thread has set for threads to come, too


def _one_thread() -> None:
    torch.get_num_threads()  # a thread's first use of torch sets its number, and would do so after the next line
    torch.set_num_threads(1)
