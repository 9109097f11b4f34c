"""The model card: the data, the training, the score, the guarantee and the versions of a detector."""

from __future__ import annotations

from ama.decision import conformal
from ama.detectors.base import Detector
from ama.detectors.parameters import shown
from ama.report.verdict import percent

Lines = list[tuple[str, str]]  # names and texts
OF_HELD_OUT = {"end": ", as new as these, the last of a series", "groups": ", of new groups, as these were"}


def model_card(detector: Detector) -> list[tuple[str, Lines]]:
    """Titles and lines of the sections of a fitted detector's card."""
    return [
        ("Model", _model(detector)),
        ("Guarantee", _guarantee(detector)),
        ("Versions", sorted((name, str(version)) for name, version in detector.versions_.items())),
    ]


def _model(detector: Detector) -> Lines:
    defaults = type(detector)().get_params()
    given = {
        name: value
        for name, value in detector.get_params().items()
        if value != defaults[name] and name not in ("progress", "checkpoints")
    }
    steps = "no steps, fitted" if detector.precision_ is None else f"{detector.n_steps_:,} steps"
    lines = [
        ("method", type(detector).__name__),
        ("learned from", detector.learned_from_),
        ("training", f"{steps} in {detector.fit_seconds_:.0f} s"),
        (
            "parameters given",
            ", ".join(f"{name} = {shown(value)}" for name, value in given.items()) or "none",
        ),
    ]
    if (seen := detector.kind_.provenance) is not None:
        held = "left out of the model" if given.get("features_by_reference") else "in the model"
        lines.append(("sees images through", str(seen)))
        lines.append(("weights of that network", f"{held}, SHA-256 of all tensors {seen.sha256}"))
    if (tiles := getattr(detector, "tiles_", None)) is not None:  # of AMADetector alone
        lines.append(("sees each image in", tiles.describe()))
    if weights := detector.score_weights():
        terms = ", ".join(f"{name} (weight {weight:.2f})" for name, weight in weights.items())
        lines.append(("score", terms))
    return lines


def _guarantee(detector: Detector) -> Lines:
    m, rate = len(detector.model_.calibration), detector.guaranteed_rate
    low, high = conformal.false_alarm_distribution(m, rate).interval(0.95)
    holds_for = "samples from the same source as the held-out ones"
    holds_for += OF_HELD_OUT.get(detector.held_out_from_ or "", "")
    if left_out := getattr(detector, "left_out", 0):  # by AMADetector alone
        holds_for += (
            f", without those like the most unusual {percent(left_out)}, which were left out as possible "
            "anomalies and may be flagged besides"
        )
    lines = [
        ("held-out normal samples", f"{m:,}"),
        ("threshold", f"score below {detector.offset_:.6g}"),
        ("false alarms", f"at most {percent(rate)} of normal samples, on average over held-out samples"),
        ("for these held-out samples", f"between {percent(low)} and {percent(high)} in 95 of 100 cases"),
        ("holds for", holds_for),
    ]
    if (threshold := detector.map_threshold) is not None and (
        share := detector.map_false_alarm_rate
    ) is not None:
        lines.append(
            (
                "threshold of the map",
                f"{threshold:.4g}: at most {percent(share)} of normal images have a region above it",
            )
        )
    return lines
