"""``ama fit``."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ama.cli.reading import read, say
from ama.data.normal_labels import is_normal
from ama.data.samples import count
from ama.data.sources import open_source
from ama.detectors.ama import AMADetector
from ama.detectors.registry import method as detector_class
from ama.errors import InputError
from ama.io import model_folder


def fit(
    method: str,
    source: str,
    out: str,
    normal_label: list[str] | None,
    anomalies: str | None,
    validation: str | None,
    image_size: int | None,
    label_column: str | None,
    strict: bool,
    parameters: dict[str, Any],
) -> None:
    """``ama fit``: read the sources, train, save."""
    model_folder.check_writable(Path(out))
    detector = detector_class(method)(**parameters)
    if not isinstance(detector, AMADetector) and (anomalies or validation):
        option = "--anomalies" if anomalies else "--validation"
        raise InputError(f"{option} is for AMADetector: {method} learns from normal samples alone")
    samples = read(open_source(source, image_size=image_size, label_column=label_column, strict=strict))
    if normal_label is not None:
        samples = samples.select(is_normal(samples.labels, normal_label, source))
    say(f"learning from {source}: {samples.describe()}")
    alike = partial(
        open_source,
        shape=tuple(samples.x.shape[1:]),
        columns=samples.columns,
        dtype=samples.x.dtype,
        strict=strict,
    )
    x, y = samples.x, None
    if anomalies is not None:
        known = read(alike(anomalies))
        x = torch.cat([x, known.x])
        y = np.concatenate([np.ones(len(samples)), -np.ones(len(known))])
    labelled = None
    if validation is not None:
        if normal_label is None:
            raise InputError(
                "--validation needs --normal-label to tell its normal samples from its anomalies"
            )
        chosen = read(alike(validation, label_column=label_column))
        labelled = (chosen.x, np.where(is_normal(chosen.labels, normal_label, validation), 1, -1))
    if labelled is None:
        detector.fit(x, y)
    else:
        detector.fit(x, y, validation=labelled)  # type: ignore[call-arg]
    if samples.columns is not None:
        detector.columns_ = samples.columns
    detector.learned_from_ = f"{source}: {samples.describe()}"
    detector.save(out)
    say(
        f"saved {out}: {count(detector.n_steps_, 'step')} in {detector.fit_seconds_:.0f} s; "
        f"flags about {detector.promised_rate:.0%} of normal samples"
    )
