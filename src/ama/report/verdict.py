"""The first sentences of a report: what is flagged, and whether the scores have drifted."""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float

from ama.data.samples import count
from ama.decision import conformal
from ama.decision.conformal import DRIFT_LEVEL
from ama.detectors.base import Detector
from ama.detectors.drift_watch import WatchVerdict
from ama.report.judged_samples import Judged

# By what was held out: the samples for which the false-alarm rate holds.
HOLDS_FOR = {
    "end": "the false-alarm rate holds for samples as new as the end of the series, which was held out: later ones, or "
    "those of another day, may differ more",
    "groups": "the false-alarm rate holds for samples of new groups that differ from the learned ones as the held-out "
    "groups do: these may differ more",
}


def verdict(detector: Detector, judged: Judged) -> str:
    """What is flagged at the threshold, and the guaranteed false-alarm rate, in one or two sentences."""
    flagged = judged.score < detector.offset_
    allowed = f"at most {percent(detector.guaranteed_rate)} on average"
    if judged.anomalous is None:
        return (
            f"{flagged.sum():,} of {len(judged):,} samples ({percent(flagged.mean())}) are flagged as anomalies. "
            f"If all samples were normal, it would be {allowed}."
        )
    found, alarms = flagged[judged.anomalous], flagged[~judged.anomalous]
    return (
        f"{percent(found.mean())} of the {len(found):,} anomalies are flagged, and {percent(alarms.mean())} of the "
        f"{len(alarms):,} normal samples; the guarantee is {allowed}."
    )


def drift_sentence(found: conformal.Drift, held_out: int, model: str) -> str:
    """Whether the scores still follow those of the held-out normal samples, and what to do if they do not.

    Parameters
    ----------
    found
        The result of the test.
    held_out
        Number of held-out normal samples.
    model
        Name of the model folder.
    """
    test = f"Kolmogorov-Smirnov test against {held_out} held-out normal samples: p = {shown_p(found.p_value)}"
    if found.p_value > DRIFT_LEVEL:
        return f"no sign of drift ({test})"
    direction, unless = (
        ("lower", "many of these samples are anomalies")
        if found.lower
        else ("higher", "the model was trained on these samples")
    )
    return (
        f"the scores are {direction} than expected ({test}): unless {unless}, normal data have changed: inspect some; "
        f"if normal, run `ama calibrate {model} SOURCE` on such samples, or fit again"
    )


def shown_p(p_value: float) -> str:
    """A p-value with two digits, or as many as show on which side of the level of drift it is."""
    texts = (f"{p_value:.{digits}g}" for digits in range(2, 18))
    return next(text for text in texts if (float(text) > DRIFT_LEVEL) == (p_value > DRIFT_LEVEL))


def undiscovered_sentence(
    scores: Float[np.ndarray, " b"], calibration: Float[np.ndarray, " m"], false_discovery_rate: float
) -> str | None:
    """How many held-out samples it takes, if a limit on false discoveries flags none though some look unusual.

    Parameters
    ----------
    scores
        Of samples of which none is flagged.
    calibration
        Scores of the held-out normal samples.
    false_discovery_rate
        The limit.
    """
    n, m, found = len(scores), len(calibration), int((scores < calibration.min()).sum())
    if not found:
        return None
    needed = conformal.samples_needed(false_discovery_rate * found / n)
    more = f"{found} of {count(n, 'sample')} score{'s'[: found == 1]} below all {count(m, 'held-out normal sample')}"
    return (
        f"{more}, which are too few to flag any with --fdr {false_discovery_rate:g}: that takes at least {needed:,}, "
        "by `ama calibrate` or a fit on more samples"
    )


def watch_sentence(found: WatchVerdict) -> str:
    """What a drift watch has found over all runs, and the bound on its false alarms."""
    bound = f"at most {percent(found.level)} of streams without drift ever alarm"
    compared = "" if found.from_held_out else ", compared with one another"
    place = f" at sample {found.largest_at}" if found.largest_at else ""
    text = (
        f"drift watch: {count(found.seen, 'sample')} in {count(found.runs, 'run')}{compared}; evidence "
        f"{as_factor(found.log_evidence)}, largest {as_factor(found.log_largest)}{place}; "
    )
    if found.alarm_at is None:
        return f"{text}no alarm, which needs {as_factor(-math.log(found.level))} ({bound})"
    return (
        f"{text}alarm since sample {found.alarm_at}: scores are {found.change} ({bound}); inspect some; if "
        "normal, calibrate and start anew"
    )


def as_factor(logarithm: float) -> str:
    """A number by its natural logarithm, to two digits: 0.31, 15, 2300 or 1e+40."""
    if logarithm > math.log(1e6):
        return f"1e+{int(logarithm / math.log(10))}"
    return f"{float(f'{math.exp(logarithm):.2g}'):.10g}"


def boxes_sentence(detector: Detector) -> str:
    """What the boxes in the maps of images are; "" where there are no maps."""
    if not detector.has_maps:
        return ""
    threshold, rate = detector.map_threshold, detector.map_false_alarm_rate
    if threshold is None or rate is None:
        return "There are no boxes, as an older ama saved the model: ama calibrate sets the threshold of the map."
    return (
        f"Boxes are around places where the map is above {threshold:.4g}; at most {percent(rate)} of normal images "
        "have one, on average."
    )


def scope_sentence(found: conformal.Drift, detector: Detector) -> str | None:
    """For which samples the rate holds, if these have drifted and a fit held out the end of a series or groups."""
    return HOLDS_FOR.get(detector.held_out_from_ or "") if found.p_value <= DRIFT_LEVEL else None


def percent(share: float) -> str:
    """A share as a percentage, with one decimal unless that is 0."""
    return f"{100 * share:.1f}".removesuffix(".0") + " %"
