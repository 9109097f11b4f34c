"""Lightning's trainer, set up for trainings that are counted in steps and can be interrupted and resumed."""

from __future__ import annotations

import logging
import signal
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from datetime import timedelta
from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.loggers import Logger
from lightning.pytorch.plugins.environments import LightningEnvironment
from lightning.pytorch.utilities.exceptions import SIGTERMException
from torch import Tensor
from torch.utils.data import DataLoader

from ama.errors import DivergenceError, InputError, as_written
from ama.training.batches import Batches
from ama.training.callbacks import SaveCheckpoint
from ama.training.checkpoint_file import CheckpointFile, digests
from ama.training.run import Run
from ama.training.thread_choice import ChooseThreads, threads_restored
from ama.training.training_module import Training


def check_logger(logger: Any) -> None:
    """Refuse what Lightning cannot log to.

    Raises
    ------
    InputError
        If it is neither None nor a logger of Lightning.
    """
    if not isinstance(logger, Logger | None):
        found = f"its class {logger.__name__}" if isinstance(logger, type) else as_written(logger)
        raise InputError(
            "logger must be a logger of Lightning, such as CSVLogger('logs') or, after pip install tensorboard, "
            f"TensorBoardLogger('logs'), found {found}"
        )


def run_training(
    module: Training,
    batches: Batches,
    callbacks: list[Callback],
    run: Run,
    data: dict[str, Tensor | None] | None = None,
) -> None:
    """Run a training to its end or its time limit; it resumes from its last checkpoint, if there is one.

    Parameters
    ----------
    module
        What to train; its ``training_step`` takes a :class:`ama.training.batches.Batch`.
    batches
        The samples of every step.
    callbacks
        Lightning callbacks.
    run
        Device, time limit and checkpoints.
    data
        All samples that the training depends on, by what they are; a checkpoint of other ones is not resumed.

    Raises
    ------
    InputError
        If the checkpoint is of another fit.
    """
    callbacks = [*callbacks, ChooseThreads()]
    if run.checkpoints is None:
        _train(module, batches, callbacks, run)
        return
    run.checkpoints.mkdir(parents=True, exist_ok=True)
    file = CheckpointFile(run.checkpoints / "last.ckpt", module.identity, digests(data or {}))
    saving = SaveCheckpoint(file, run.checkpoint_seconds)
    callbacks = [*callbacks, saving]
    if not file.is_usable():
        _train(module, batches, callbacks, run, file)
        return
    _resume(module, batches, callbacks, run, file, saving)


def _resume(
    module: Training,
    batches: Batches,
    callbacks: list[Callback],
    run: Run,
    file: CheckpointFile,
    saving: SaveCheckpoint,
) -> None:
    """Go on from a checkpoint, or start over if it breaks while it is restored."""
    before = deepcopy((module.state_dict(), [callback.state_dict() for callback in callbacks]))
    try:
        _train(module, batches, callbacks, run, file, resume=True)
    except (InputError, DivergenceError, MemoryError, torch.OutOfMemoryError):
        raise
    except Exception:
        if saving.took_a_step:
            raise
        # The checkpoint broke while it was restored: what it has changed is undone.
        file.set_aside()
        module.load_state_dict(before[0])
        for callback, state in zip(callbacks, before[1], strict=True):
            callback.load_state_dict(state)
        _train(module, batches, callbacks, run, file)


def _train(
    module: Training,
    batches: Batches,
    callbacks: list[Callback],
    run: Run,
    file: CheckpointFile | None = None,
    resume: bool = False,
) -> None:
    """One call of Lightning's trainer, which may resume from a checkpoint."""
    with _quiet(), _interruptible(), threads_restored():
        trainer = Trainer(
            accelerator="cpu" if run.device == "cpu" else "auto",
            devices=1,
            max_epochs=-(-batches.total // batches.per_pass),
            max_time=None if run.max_seconds is None else timedelta(seconds=run.max_seconds),
            callbacks=[*callbacks, _OwnSignals()],
            # On a cluster, Lightning would look for the other processes of the job and for checkpoints of its own.
            plugins=[LightningEnvironment(), *([] if file is None else [file])],
            logger=run.logger or False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
        )
        # A generator of its own: the loader draws a number from the process's otherwise.
        loader = DataLoader(batches, batch_size=None, generator=torch.Generator())
        trainer.fit(
            module,
            loader,
            ckpt_path=str(file.path) if file is not None and resume else None,
            weights_only=True,
        )
    module.to(run.device)  # Lightning leaves it on the CPU


class _OwnSignals(Callback):
    """Leaves SIGTERM to the caller: Lightning would only note it, and end at the next step."""

    def __init__(self) -> None:
        self._handler = signal.getsignal(signal.SIGTERM)

    def on_train_start(self, trainer: Trainer, module: LightningModule) -> None:
        _handle(signal.SIGTERM, self._handler)


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let Ctrl-C raise KeyboardInterrupt: Lightning exits instead, and leaves a handler that ignores the next one."""
    handler = signal.getsignal(signal.SIGINT)
    try:
        yield
    except SIGTERMException:  # received before the handler of the caller was back
        signal.raise_signal(signal.SIGTERM)
        raise
    except SystemExit as error:
        raise KeyboardInterrupt from error
    finally:
        _handle(signal.SIGINT, handler)


def _handle(number: int, handler: Any) -> None:
    """Set a handler where that is possible; None is one that Python does not know."""
    if handler is not None and threading.current_thread() is threading.main_thread():
        signal.signal(number, handler)


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence Lightning's messages about hardware and data loading, which users cannot act on."""
    logger = logging.getLogger("lightning.pytorch")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module=r"lightning\..*")
            yield
    finally:
        logger.setLevel(level)
