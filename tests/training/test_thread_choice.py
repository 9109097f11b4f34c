"""The number of threads follows the time that the first steps take, and is the process's own again afterwards."""

from __future__ import annotations

import time
import warnings

import pytest
import torch

from ama.training.batches import Batches
from ama.training.run import Run
from ama.training.thread_choice import ASKED, FIRST, TIMED
from ama.training.trainer import run_training
from ama.training.training_module import Training

STEPS = FIRST + 2 * TIMED + 4
SHORT, LONG = 0.002, 0.02


class _Waits(Training):
    """A training whose steps take a given time on one thread, and another one on more."""

    def __init__(self, on_one: float, on_more: float):
        super().__init__(STEPS, 0)
        self.on_one, self.on_more, self.threads = on_one, on_more, []
        self.weight = torch.nn.Parameter(torch.zeros(1))

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), 0.1)

    def training_step(self, batch, batch_idx):
        self.threads.append(torch.get_num_threads())
        time.sleep(self.on_one if self.threads[-1] == 1 else self.on_more)
        self.optimizers().step()
        self.steps_done += 1


@pytest.fixture
def two_threads(monkeypatch):
    monkeypatch.delenv(ASKED)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def _run(module, checkpoints=None):
    batches = Batches(8, 4, STEPS, 0, lambda: int(module.steps_done))
    run_training(module, batches, [], Run(checkpoints=checkpoints, checkpoint_seconds=0))
    return module.threads


def test_one_thread_goes_on_where_it_is_clearly_faster(two_threads):
    with pytest.warns(
        UserWarning, match=r"^other cores are busy: a step takes \d+ ms on 2 threads, and \d+ ms on one"
    ):
        threads = _run(_Waits(on_one=SHORT, on_more=LONG))
    assert threads == [2] * (FIRST + TIMED) + [1] * (TIMED + 4)
    assert torch.get_num_threads() == 2


def test_all_threads_go_on_where_they_are_as_fast(two_threads):
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        threads = _run(_Waits(on_one=LONG, on_more=LONG))
    assert threads == [2] * (FIRST + TIMED) + [1] * TIMED + [2] * 4
    assert torch.get_num_threads() == 2


def test_a_number_that_was_asked_for_is_kept(two_threads, monkeypatch):
    monkeypatch.setenv(ASKED, "2")
    assert set(_run(_Waits(on_one=SHORT, on_more=LONG))) == {2}


def test_a_resumed_training_keeps_what_was_chosen(two_threads, tmp_path):
    class Stops(_Waits):
        def training_step(self, batch, batch_idx):
            if batch.step == STEPS - 2:
                raise KeyboardInterrupt
            super().training_step(batch, batch_idx)

    with pytest.warns(UserWarning, match="other cores are busy"), pytest.raises(BaseException):  # noqa: B017, PT011
        _run(Stops(on_one=SHORT, on_more=LONG), tmp_path)
    assert torch.get_num_threads() == 2
    # It would not be chosen now.
    assert _run(_Waits(on_one=LONG, on_more=LONG), tmp_path) == [1, 1]
