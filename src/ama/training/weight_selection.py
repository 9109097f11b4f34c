"""Selection of weights by a few labelled samples, as in the paper."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer
from torch import Tensor

from ama.networks.networks import Networks
from ama.training.step import AMATraining


class SelectWeights(Callback):
    """Keeps the weights with the best value on labelled validation samples, as the paper does.

    A training that a time limit ends before ``start`` has its last weights, and their value, selected.

    Parameters
    ----------
    evaluate
        AUROC of networks on the validation samples; called after each pass over the training samples.
    start
        Share of the training before which nothing is selected.

    Attributes
    ----------
    seconds
        Spent on evaluations so far.
    """

    def __init__(self, evaluate: Callable[[Networks], float], start: float):
        self.evaluate, self.start, self.seconds = evaluate, start, 0.0
        self.best, self.weights = -math.inf, None

    best: float
    weights: dict[str, Tensor] | None

    def on_train_epoch_end(self, trainer: Trainer, module: LightningModule) -> None:
        assert isinstance(module, AMATraining)
        done = int(module.steps_done)
        if done >= self.start * module.total_steps:
            self._look_at(module)

    def on_train_end(self, trainer: Trainer, module: LightningModule) -> None:
        assert isinstance(module, AMATraining)
        if self.weights is None:
            self._look_at(module)

    def _look_at(self, module: AMATraining) -> None:
        """Evaluate the weights as they are now, and keep them if they are the best so far."""
        started = time.perf_counter()
        value = self.evaluate(module.result)
        self.seconds += time.perf_counter() - started
        module.networks.train()
        if value > self.best:
            self.best = value
            self.weights = {
                name: tensor.detach().clone() for name, tensor in module.result.state_dict().items()
            }

    def state_dict(self) -> dict[str, Any]:
        return {"best": self.best, "weights": self.weights}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.best, self.weights = state_dict["best"], state_dict["weights"]
