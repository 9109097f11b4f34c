"""What a report says first, in words."""

from __future__ import annotations

from ama.decision import conformal
from ama.detectors.base import Detector
from ama.report.judged_samples import Judged

DRIFT_LEVEL = 0.01  # p-values up to it are spoken of


def verdict(detector: Detector, judged: Judged) -> str:
    """One or two sentences: what is flagged at the threshold, and what was promised."""
    flagged = judged.score < detector.offset_
    allowed = f"{percent(detector.promised_rate)} on average"
    if judged.anomalous is None:
        return (
            f"{flagged.sum():,} of {len(judged):,} samples ({percent(flagged.mean())}) are flagged as anomalies. "
            f"Of normal samples alone it would be at most {allowed}."
        )
    found, alarms = flagged[judged.anomalous], flagged[~judged.anomalous]
    return (
        f"{percent(found.mean())} of the {len(found):,} anomalies are flagged, and {percent(alarms.mean())} of the "
        f"{len(alarms):,} normal samples; at most {allowed} was promised."
    )


def drift_sentence(found: conformal.Drift, held_out: int, model: str) -> str:
    """Whether scores are still distributed as the held-out normal samples' were, and what to do if they are not."""
    test = f"Kolmogorov-Smirnov test against {held_out} held-out normal samples: p = {found.p_value:.2g}"
    if found.p_value > DRIFT_LEVEL:
        return f"no sign of drift ({test})"
    renew = (
        f"look at some, and if they are normal, `ama calibrate {model} SOURCE` with such samples, or fit anew"
    )
    if found.lower:
        return (
            f"the scores are lower than they should be ({test}): unless many of these samples are anomalies, normal "
            f"data have changed; {renew}"
        )
    return (
        f"the scores are higher than they should be ({test}): unless the model was trained on these samples, normal "
        f"data have changed; {renew}"
    )


def percent(share: float) -> str:
    """A share in per cent, with a decimal where it is not 0."""
    return f"{100 * share:.1f}".removesuffix(".0") + " %"
