"""``ama calibrate``."""

from __future__ import annotations

from pathlib import Path

from ama.cli.reading import read, say
from ama.data.normal_labels import is_normal
from ama.data.samples import count
from ama.decision import conformal
from ama.detectors.registry import load
from ama.io import model_folder


def calibrate(
    model: str,
    source: str,
    out: str | None,
    normal_label: list[str] | None,
    false_alarm_rate: float | None,
    device: str,
    label_column: str | None,
    strict: bool,
) -> None:
    """``ama calibrate``: threshold and p-values from new normal samples, without training."""
    target = model if out is None else out
    model_folder.check_writable(Path(target))
    detector = load(model, device)
    before = detector.model_.calibration.cpu().numpy()
    samples = read(detector.open(source, label_column=label_column, strict=strict))
    if normal_label is not None:
        samples = samples.select(is_normal(samples.labels, normal_label, source))
    detector.calibrate(samples.x, false_alarm_rate)
    detector.save(target)
    moved = conformal.drift(detector.model_.calibration.cpu().numpy(), before)
    say(
        f"saved {target}: calibrated on {count(len(samples), 'normal sample')} in place of {len(before)}; flags about "
        f"{detector.promised_rate:.0%} of normal samples; their scores differ from the former ones with "
        f"p = {moved.p_value:.2g} (Kolmogorov-Smirnov test)"
    )
