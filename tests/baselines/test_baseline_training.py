"""A baseline's training: one optimizer's step leaves the other's weights and gradients alone."""

from __future__ import annotations

import torch
from lightning.pytorch import Trainer
from torch import nn

from ama.baselines.baseline_model import BaselineModel
from ama.baselines.baseline_training import BaselineTraining, noise, trainable
from ama.training.batches import Batches
from ama.training.run import Run
from ama.training.trainer import run_training


class _Two(BaselineModel):
    def build(self):
        self.first, self.second = nn.Linear(3, 1), nn.Linear(3, 1)

    def anomalies(self, x):
        return {"score": self.first(x).squeeze(1)}


class _Training(BaselineTraining):
    def configure_optimizers(self):
        return [torch.optim.SGD(n.parameters(), self.rate) for n in (self.model.first, self.model.second)]

    def step(self, x, random):
        loss = (self.model.first(x) + self.model.second(x)).square().mean() * 1e6
        first, second = (n.weight.clone() for n in (self.model.first, self.model.second))
        self.model.second.weight.grad = None
        self.descend(loss, 0, 1.0)
        assert torch.equal(self.model.second.weight, second)
        assert self.model.second.weight.grad is None
        # The step is clipped however large the loss.
        assert 0 < (self.model.first.weight - first).norm() <= self.rate * 1.0001
        self.descend(self.model.second(x).square().mean(), 1)
        return {"loss": loss}


def two():
    return _Two((3,), torch.float64)


def test_each_optimizer_moves_its_own_weights():
    module = _Training(two(), lambda index: torch.randn(len(index), 3, dtype=torch.float64), 3, 0, 0.1, False)
    run_training(module, Batches(10, 4, 3, 0, lambda: int(module.steps_done)), [], Run())
    assert int(module.steps_done) == 3
    assert module.identity == {
        "method": "_Two", "rate": 0.1, "bfloat16": False, "shape": [3], "length": 3, "seed": 0,
    }  # fmt: skip
    assert isinstance(module.trainer, Trainer)


def test_noise_is_a_function_of_the_generator():
    draws = [noise(3, 2, torch.Generator().manual_seed(1), torch.zeros(1)) for _ in range(2)]
    assert torch.equal(*draws)
    assert draws[0].shape == (3, 2)


def test_trainable_lists_the_parameters_of_all():
    model = two()
    assert len(trainable(model.first, model.second)) == 4
