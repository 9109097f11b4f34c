"""Bring results files of before November 2026 to today's names; no figure changes.

Run once, from the repository root: ``python benchmarks/rename_results.py``. Running it again changes nothing.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
FILES = {"promise.jsonl": "false_alarms.jsonl", "guard.jsonl": "equal_steps.jsonl"}
KEYS = {
    "lambda_turn": "lambda_rotation",
    "turn_share": "rotation_share",
    "turn_shift": "rotation_shift",
    "learning_rate_drops": "milestones",
    "joint": "latent_density",
    "vector": "mahalanobis",
    "bank": "memory_bank",
    "turned": "rotated_memory_bank",
    "turn": "rotation",
    "literal": "reference",
    "literal_step_ms": "reference_step_ms",
    "literal_images_per_second": "reference_images_per_second",
    "literal_gflop_per_image": "reference_gflop_per_image",
}
VALUES = {
    "without turns": "without rotations",
    "ama benchmark promise": "ama benchmark false-alarms",
    "ama benchmark guard": "ama benchmark equal-steps",
    "guard": "equal-steps",
}


def renamed(value: Any) -> Any:
    """The same JSON value under today's names."""
    if isinstance(value, dict):
        return {KEYS.get(key, key): renamed(part) for key, part in value.items()}
    if isinstance(value, list):
        return [renamed(part) for part in value]
    return VALUES.get(value, value) if isinstance(value, str) else value


def main() -> None:
    """Rename the files, and the keys and values in each."""
    for old, new in FILES.items():
        if (RESULTS / old).exists():
            (RESULTS / old).rename(RESULTS / new)
    for path in sorted(RESULTS.glob("*.jsonl")):
        lines = path.read_text(encoding="utf-8").splitlines()
        path.write_text(
            "".join(json.dumps(renamed(json.loads(line))) + "\n" for line in lines), encoding="utf-8"
        )


if __name__ == "__main__":
    main()
