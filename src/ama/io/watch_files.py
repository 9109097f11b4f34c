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
    write_text(path, json.dumps({"format": FORMAT, **state}, allow_nan=False) + "\n")


def read_watch(path: Path) -> dict[str, Any] | None:
    """The state of a drift watch, every key of its type, without its format; None if there is no file.

    Raises
    ------
    InputError
        If the file cannot be read, or holds something else.
    """
    try:
        with open_regular(path) as file:
            content = file.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise ValueError(f"it is larger than {MAX_BYTES // 2**20} MiB")
        return _checked(json.loads(content.decode()))
    except FileNotFoundError:
        return None
    except RecursionError:
        raise InputError(f"{path} is no drift watch of ama: its values are nested too deeply") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise InputError(f"{path} is no drift watch of ama, or damaged: {error}") from error


def _checked(state: Any) -> dict[str, Any]:
    check_values(state, get_type_hints(WatchState), "the file")
    if missing := sorted(WatchState.__required_keys__ - state.keys()):
        raise ValueError(f"the key {missing[0]} is missing")
    if state["format"] != FORMAT:
        raise ValueError(f"its format is {state['format']}, expected {FORMAT}")
    if state["runs"] < 0 or state["seen"] < 0:
        raise ValueError("its runs or samples are negative")
    return {name: value for name, value in state.items() if name != "format"}
