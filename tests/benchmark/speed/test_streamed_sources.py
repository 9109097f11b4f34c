"""The large files and their models go together."""

from __future__ import annotations

import numpy as np

import ama
from ama.benchmark.speed.streamed_sources import DISTINCT, prepare_images


def test_images_repeat_and_a_model_scores_them(tmp_path):
    assert 0 < prepare_images(tmp_path, DISTINCT + 20, max_steps=3) < 100
    source = ama.load(tmp_path / "model").open(tmp_path / "samples.parquet")
    assert (len(source), source.shape) == (DISTINCT + 20, (3, 32, 32))
    samples = source.read()
    assert samples.ids[DISTINCT] == f"{DISTINCT}.png"
    assert samples.x[DISTINCT:].equal(samples.x[:20])
    assert np.isfinite(ama.load(tmp_path / "model").score_samples(samples.select(range(20)))).all()
