"""``python -m ama``, which is the command ``ama``."""

from __future__ import annotations

import signal
import sys

from ama.cli.stopping import WORDS, is_stop, say_stopped, stop_signals
from ama.cli.streams import usable_streams


def run() -> int:
    """The command line as a process of its own, in which a signal may come while it is still being imported."""
    with usable_streams(), stop_signals():
        try:
            from ama.cli.main import main

            status = main()
        except BaseException as error:
            if not is_stop(error):
                raise
            status = say_stopped()
        for number in WORDS:
            signal.signal(number, signal.SIG_IGN)  # the work is done, whatever comes while Python shuts down
    return status


if __name__ == "__main__":
    sys.exit(run())
