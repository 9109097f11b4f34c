"""Files that keep a drift watch between runs: JSON, which anybody may have written, read with a limit and checked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TypedDict, get_type_hints

from ama.errors import InputError
from ama.io.regular_files import open_regular
from ama.io.typed_values import check_values
from ama.io.whole_files import write_text

FORMAT = 1
MAX_BYTES = 2 * 2**20  # a bag of 10,000 scores takes a tenth of it


class WatchState(TypedDict):
    """Every key; see :class:`ama.decision.martingale.DriftMartingale`."""

    format: int
    calibration_sha256: str
    runs: int
    level: float
    seed: int
    seen: int
    log_evidence: float
    log_largest: float
    largest_at: int
    change: str
    alarm_at: int | None
    log_wealth: list[float]
    bag: list[float]


def write_watch(path: Path, state: dict[str, Any]) -> None:
    """Write the state of a drift watch, whole or not at all.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    write_text(path, json.dumps(state, allow_nan=False) + "\n")


def read_watch(path: Path) -> dict[str, Any] | None:
    """The object in the file of a drift watch, whose keys are not yet checked; None if there is no file.

    Raises
    ------
    InputError
        If it cannot be read, or holds something else.
    """
    try:
        with open_regular(path) as file:
            content = file.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise ValueError(f"it is larger than {MAX_BYTES // 2**20} MiB")
        state = json.loads(content.decode("utf-8-sig"))
        if not isinstance(state, dict):
            raise ValueError("it holds no object")
        return state
    except FileNotFoundError:
        return None
    except RecursionError:
        raise InputError(f"{path} cannot be read: its values are nested too deeply") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{path} cannot be read as the JSON of a drift watch: {reason}") from error


def check_watch(state: Any) -> None:
    """Refuse what has not every key of a state, of its type.

    Raises
    ------
    ValueError
        One sentence about the first key that is at fault.
    """
    check_values(state, get_type_hints(WatchState), "the state")
    if missing := sorted(WatchState.__required_keys__ - state.keys()):
        raise ValueError(f"the key {missing[0]} is missing")
    if state["format"] != FORMAT:
        raise ValueError(f"its format is {state['format']}, expected {FORMAT}")
    if state["runs"] < 0:
        raise ValueError(f"runs is {state['runs']}, expected at least 0")
