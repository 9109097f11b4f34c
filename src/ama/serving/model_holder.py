"""The model that is served, and its replacement when its folder on disk is replaced."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ama.detectors.registry import load
from ama.errors import InputError, sentence
from ama.io.model_folder import CONFIG, WEIGHTS
from ama.serving.model_metrics import ModelMetrics

POLL = 1.0  # seconds between two looks at the folder
LOG = logging.getLogger("ama.serving")

Identity = tuple[tuple[int, int, int, int] | None, ...]


class LoadedModel:
    """A detector in memory, with the metrics of what it has scored.

    Parameters
    ----------
    folder
        The model folder.
    device, false_alarm_rate
        As of ``ama score``.
    window
        Number of latest scores in which drift is looked for.
    float32
        As of :func:`ama.load`.

    Raises
    ------
    InputError
        If it cannot be loaded, or the rate is not between 0 and 1.
    """

    def __init__(
        self, folder: str, device: str, false_alarm_rate: float | None, window: int, float32: bool = False
    ):
        self.identity = identity(folder)
        self.detector = load(folder, device, float32=float32)
        self.detector.set_params(progress=False)  # a log holds lines, not bars
        if false_alarm_rate is not None:
            self.detector.set_threshold(false_alarm_rate)
        self.calibrated = _time_of(Path(folder) / CONFIG)
        # Some methods score a group of samples as one; those of two requests are no group.
        self.scores_samples_alone = self.detector.scored_together == 1
        self.metrics = ModelMetrics(self.detector, self.calibrated, window)


def identity(folder: str) -> Identity:
    """What changes whenever another model is in a folder, without opening a file."""
    return tuple(_identity_of(Path(folder) / name) for name in (CONFIG, WEIGHTS))


class ModelHolder:
    """Holds the model that is served.

    Parameters
    ----------
    folder, device, false_alarm_rate, window, float32
        As of :class:`LoadedModel`.

    Attributes
    ----------
    current : LoadedModel
        The model that is served.
    problem : str or None
        Why what is in the folder now is not what is served.

    Raises
    ------
    InputError
        If the model cannot be loaded.
    """

    def __init__(
        self, folder: str, device: str, false_alarm_rate: float | None, window: int, float32: bool = False
    ):
        self.folder = folder
        self._how = device, false_alarm_rate, window, float32
        self.current = self._loaded()
        self.problem: str | None = None
        self._seen = self.current.identity

    def _loaded(self) -> LoadedModel:
        """The model of the folder, loaded by a thread that ends with it.

        GNU OpenMP keeps threads for each thread that has computed with several. If there are more than cores, all of
        them sleep between any two operations, and scoring takes up to twice the time: only the thread that scores may
        have some.
        """
        with ThreadPoolExecutor(1, "loading") as thread:
            return thread.submit(LoadedModel, self.folder, *self._how).result()

    async def watch(self) -> None:
        """Look at the folder every second and take over what is new, until cancelled."""
        with ThreadPoolExecutor(1, "watching") as thread:
            while True:
                await asyncio.sleep(POLL)
                await asyncio.get_running_loop().run_in_executor(thread, self.take_over)

    def take_over(self) -> None:
        """Load the model of the folder if it is another than the one seen last; a broken one changes nothing."""
        now = identity(self.folder)
        if now == self._seen:
            return
        self._seen = now
        if now == self.current.identity:  # such as of a mount that was gone for a while
            self.problem = None
            LOG.warning("the model in memory is in %s again", self.folder)
            return
        try:
            found = self._loaded()
        except InputError as error:
            self.problem = str(error)
        except Exception as error:  # whatever happens, the model in memory can go on
            self.problem = sentence(f"{type(error).__name__}: {error}")
        else:
            self.problem, self.current, self._seen = None, found, found.identity
            LOG.warning("took over the new model in %s", self.folder)
            return
        LOG.warning("kept the model in memory: %s", self.problem)


def _identity_of(path: Path) -> tuple[int, int, int, int] | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size


def _time_of(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:  # it has been replaced since
        return time.time()
