"""Lightning's trainer, set up for trainings that are counted in steps and can be interrupted and resumed."""

from __future__ import annotations

import logging
import signal
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from lightning.pytorch import Callback, Trainer
from torch.utils.data import DataLoader

from ama.training.batches import Batches
from ama.training.callbacks import SaveCheckpoint
from ama.training.run import Run
from ama.training.training_module import Training


def run_training(module: Training, batches: Batches, callbacks: list[Callback], run: Run) -> None:
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

    Raises
    ------
    InputError
        If the checkpoint is of another fit.
    """
    resume = None
    if run.checkpoints is not None:
        resume = run.checkpoints / "last.ckpt"
        callbacks = [*callbacks, SaveCheckpoint(resume, run.checkpoint_seconds)]
    with _quiet(), _interruptible():
        trainer = Trainer(
            accelerator="cpu" if run.device == "cpu" else "auto",
            devices=1,
            max_epochs=-(-batches.total // batches.per_pass),
            max_time=None if run.max_seconds is None else timedelta(seconds=run.max_seconds),
            callbacks=callbacks,
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
        )
        trainer.fit(
            module,
            DataLoader(batches, batch_size=None),
            ckpt_path=str(resume) if resume is not None and resume.exists() else None,
            weights_only=True,
        )


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let Ctrl-C raise KeyboardInterrupt: Lightning exits instead, and leaves a handler that ignores the next one."""
    in_main = threading.current_thread() is threading.main_thread()
    handler = signal.getsignal(signal.SIGINT) if in_main else None
    try:
        yield
    except SystemExit as error:
        raise KeyboardInterrupt from error
    finally:
        if in_main:
            signal.signal(signal.SIGINT, handler)


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
