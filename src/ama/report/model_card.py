"""The model card: what was learned from what, how, and what it promises."""

from __future__ import annotations

from typing import Any

from ama.decision import conformal
from ama.detectors.ama import AMADetector
from ama.detectors.base import Detector
from ama.report.verdict import percent


def model_card(detector: Detector) -> list[tuple[str, list[tuple[str, str]]]]:
    """Sections of names and texts.

    Parameters
    ----------
    detector
        Fitted.
    """
    m = len(detector.model_.calibration)
    low, high = conformal.false_alarm_distribution(m, detector.promised_rate).interval(0.95)
    usual = type(detector)().get_params()
    given = {
        k: v
        for k, v in detector.get_params().items()
        if v != usual[k] and k not in ("progress", "checkpoints")
    }
    sections = [
        (
            "Model",
            [
                ("method", type(detector).__name__),
                ("learned from", detector.learned_from_),
                ("training", f"{detector.n_steps_:,} steps in {detector.fit_seconds_:.0f} s"),
                ("parameters given", ", ".join(f"{k} = {_text(v)}" for k, v in given.items()) or "none"),
            ],
        ),
        (
            "Promise",
            [
                ("held-out normal samples", f"{m:,}"),
                ("threshold", f"score below {detector.offset_:.6g}"),
                (
                    "false alarms",
                    f"at most {percent(detector.promised_rate)} of normal samples, on average over held-out samples",
                ),
                (
                    "for these held-out samples",
                    f"between {percent(low)} and {percent(high)} in 95 of 100 cases",
                ),
                ("holds for", "samples from the same source as the held-out ones"),
            ],
        ),
    ]
    if isinstance(detector, AMADetector) and len(detector.model_.terms) > 1:
        weights = zip(detector.model_.terms, detector.model_.term_weight.tolist(), strict=True)
        sections[0][1].append(
            ("score", ", ".join(f"{name} (weight {weight:.2f})" for name, weight in weights))
        )
    sections.append(("Versions", sorted((k, str(v)) for k, v in detector.versions_.items())))
    return sections


def _text(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
