"""What a stored state of the drift martingale must hold."""

from __future__ import annotations

from typing import Any

import numpy as np

from ama.decision.bets import BETS, CHANGES, log_evidence


def check_state(state: dict[str, Any], size: int) -> None:
    """Refuse a state that no stream can lead to.

    Parameters
    ----------
    state
        What ``DriftMartingale.state_dict`` returned; its types have been checked.
    size
        Number of scores that its bag must hold.

    Raises
    ------
    ValueError
        One sentence about the first thing that is wrong.
    """
    seen, level, alarm_at, largest = (state[k] for k in ("seen", "level", "alarm_at", "log_largest"))
    if not 0 < level < 1 or state["seed"] < 0:
        raise ValueError(f"level is {level} and seed {state['seed']}, expected 0 to 1 and at least 0")
    if state["change"] not in CHANGES:
        raise ValueError(
            f"change is {state['change']!r}, expected one of {', '.join(dict.fromkeys(CHANGES))}"
        )
    if not (0 <= state["largest_at"] <= seen and (alarm_at is None or 1 <= alarm_at <= seen)):
        raise ValueError(f"largest_at or alarm_at is not one of its {seen} samples")
    if len(state["bag"]) != size or np.abs(state["bag"]).max(initial=0) > np.finfo(np.float32).max:
        raise ValueError(f"bag holds {len(state['bag'])} scores, expected {size}, all below 3.4e38")
    if len(state["log_wealth"]) != len(BETS):
        raise ValueError(f"log_wealth holds {len(state['log_wealth'])} numbers, expected {len(BETS)}")
    evidence = log_evidence(np.array([state["log_wealth"]], np.float64), seen).item()
    if not np.isclose(evidence, state["log_evidence"]):
        raise ValueError("log_evidence is not that of its log_wealth")
    if largest < max(0, state["log_evidence"]) or (alarm_at is None) != (largest < -np.log(level)):
        raise ValueError("log_largest is at odds with log_evidence or alarm_at")
