"""A connection to a Ray cluster, quiet and without a trace in this process once it is closed."""

from __future__ import annotations

import io
import logging
import os
import signal
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ama.errors import InputError
from ama.utils.extras import needs_extra
from ama.utils.processors import usable_processors

LOCAL = "local"
LOGGERS = ("ray", "ray.data", "ray.serve", "ray.tune", "ray.rllib", "ray.train")


@contextmanager
def ray_session(address: str, n_workers: int | None = None) -> Iterator[None]:
    """Connect to a cluster, or start one on this machine that ends with the block.

    A connection that is there already is used and kept.

    Parameters
    ----------
    address
        "local", "auto", "HOST:PORT", or "ray://HOST:PORT".
    n_workers
        Processes that a local cluster must have room for; by default one a core.

    Raises
    ------
    InputError
        If there is no such cluster.
    MissingLibraryError
        If Ray is not installed.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # which are sent to its makers
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")  # its workers say nothing on standard error
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    with needs_extra("ray"):
        import ray
        import ray.data  # which sets up loggers

    if ray.is_initialized():
        yield
        return
    _connect(address, n_workers)
    output = sys.stdout
    try:
        sys.stdout = _ResultsAlone(output)
        yield
    finally:
        sys.stdout = output
        ray.shutdown()


def _connect(address: str, n_workers: int | None) -> None:
    import ray

    for name in LOGGERS:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    quiet: dict[str, Any] = {
        "log_to_driver": False,
        "logging_level": logging.ERROR,
        "configure_logging": False,
    }
    if address == LOCAL:
        quiet |= {"num_cpus": n_workers or usable_processors(), "include_dashboard": False}
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ray.init(address, **quiet)
    except (ConnectionError, RuntimeError, ValueError) as error:
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise InputError(f"there is no Ray cluster at {address}: {reason[0]}") from error
    finally:
        for number, handler in handlers.items():  # Ray has one of its own
            signal.signal(number, handler)


class _ResultsAlone(io.TextIOBase):
    """Standard output for results, which are written to its buffer, without what Ray prints of workers that die."""

    def __init__(self, output: Any):  # of which only `buffer` is used
        self.buffer = output.buffer

    def write(self, text: str) -> int:
        return len(text)
