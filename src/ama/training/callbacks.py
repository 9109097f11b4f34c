"""Callbacks of a training: progress and a check for divergence; checkpoints."""

from __future__ import annotations

import math
import time
from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer
from torch import Tensor

from ama.errors import DivergenceError
from ama.training.batches import Batch
from ama.training.checkpoint_file import CheckpointFile
from ama.training.training_module import Losses, Training
from ama.utils.progress import progress_bar
from ama.utils.user_warnings import warn_user

READ_EVERY = 25  # steps between two readings of the losses, each of which waits for the device


class LossMonitor(Callback):
    """Records, logs and shows the losses, shows the time left, and stops a training that has diverged.

    Parameters
    ----------
    show
        Whether to draw a progress bar; None draws it in a terminal and in a notebook.
    max_seconds
        Time limit of the training, whose remainder the bar shows.

    Attributes
    ----------
    history
        The losses every few steps.

    Raises
    ------
    DivergenceError
        During the training, if a loss is not finite or too large.
    """

    EXPLODED = 1e6  # a healthy critic's loss stays below a few hundred

    def __init__(self, show: bool | None, max_seconds: float | None = None):
        self.show, self.max_seconds = show, max_seconds
        self.history: list[Losses] = []

    def on_train_start(self, trainer: Trainer, module: LightningModule) -> None:
        assert isinstance(module, Training)
        self._started = time.monotonic()
        self._bar = progress_bar(
            self.show,
            total=module.total_steps,
            initial=int(module.steps_done),
            desc="training",
            unit="step",
            dynamic_ncols=True,
        )

    def on_train_batch_end(
        self, trainer: Trainer, module: LightningModule, outputs: Any, batch: Batch, batch_idx: int
    ) -> None:
        assert isinstance(module, Training)
        step = batch.step + 1
        if step % READ_EVERY and step != module.total_steps:
            return
        losses = {name: value.item() for name, value in module.losses.items()}
        for name, value in losses.items():
            if not math.isfinite(value) or abs(value) > self.EXPLODED:
                raise DivergenceError(
                    f"training diverged at step {step}: the {name} loss is {value:g}; try {module.remedy}"
                )
        self.history.append({"step": step, **losses})
        for logger in trainer.loggers:
            logger.log_metrics(losses, step)
        self._bar.update(step - self._bar.n)
        self._bar.set_postfix({name: f"{value:.3g}" for name, value in losses.items()} | self._limit())

    def _limit(self) -> dict[str, str]:
        if self.max_seconds is None:
            return {}
        left = max(0.0, self.max_seconds - (time.monotonic() - self._started))
        return {"limit": f"{left:.0f}s"}

    def teardown(self, trainer: Trainer, module: LightningModule, stage: str) -> None:
        if hasattr(self, "_bar"):
            self._bar.close()

    def state_dict(self) -> dict[str, Any]:
        return {"history": self.history}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.history = state_dict["history"]


class SaveCheckpoint(Callback):
    """Saves the whole state of a training at regular times, so that one that was killed can resume.

    If a checkpoint cannot be written, as on a full disk, the training goes on with a warning.
    Lightning's own ``ModelCheckpoint`` ignores its time interval if a module optimises manually.

    Parameters
    ----------
    file
        That of the checkpoint.
    seconds
        Between two checkpoints. The last step is saved, too, unless a time limit ends the training before it.

    Attributes
    ----------
    took_a_step
        Whether a step was taken since the start or since the training was resumed.
    """

    def __init__(self, file: CheckpointFile, seconds: float):
        self.file, self.seconds = file, seconds
        self.took_a_step = self._warned = False

    def on_train_start(self, trainer: Trainer, module: LightningModule) -> None:
        for optimizer in trainer.optimizers:
            for parameter, state in optimizer.state.items():
                # A fused optimizer would write beyond a tensor of another shape.
                if any(
                    isinstance(value, Tensor) and value.shape not in ((), parameter.shape)
                    for value in state.values()
                ):
                    raise ValueError("the state of an optimizer does not fit its parameters")
        self._saved = time.monotonic()

    def on_train_batch_end(
        self, trainer: Trainer, module: LightningModule, outputs: Any, batch: Batch, batch_idx: int
    ) -> None:
        assert isinstance(module, Training)
        self.took_a_step = True
        if batch.step + 1 < module.total_steps and time.monotonic() - self._saved < self.seconds:
            return
        try:
            trainer.save_checkpoint(self.file.path)
        except OSError as error:
            if not self._warned:
                warn_user(
                    f"the checkpoint {self.file.path} cannot be written ({error.strerror or error}); the fit goes on",
                )
            self._warned = True
        self._saved = time.monotonic()
