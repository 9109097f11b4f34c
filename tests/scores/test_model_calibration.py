"""What is kept of held-out samples belongs to the type in which the model scores."""

from __future__ import annotations

import pytest
import torch

from ama.decision.conformal import calibration_scores
from ama.errors import InputError
from ama.io.storable import empty
from scores.test_model import SHAPE, finished


@pytest.fixture
def held_out():
    return torch.randint(0, 256, (30, *SHAPE), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))


@pytest.fixture
def images():
    return torch.randint(0, 256, (60, *SHAPE), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


def test_a_model_that_scores_in_bfloat16_also_keeps_its_scores_in_float32(images, held_out):
    model = finished(images, "latent_density", scoring_precision="bfloat16")
    model.calibrate(held_out)
    in_bfloat16 = model.score(held_out)
    assert torch.equal(model.calibration, calibration_scores(in_bfloat16, torch.bfloat16))
    model.score_in_float32()
    assert model.arithmetic == torch.float32
    in_float32 = model.score(held_out)
    assert not torch.equal(in_float32, in_bfloat16)
    assert torch.equal(model.calibration, calibration_scores(in_float32, torch.float32))
    assert len(model.float32_calibration) == 0


def test_one_that_scores_in_float32_keeps_nothing_else_and_stays_as_it_is(images, held_out):
    model = finished(images, "latent_density", scoring_precision="float32")
    model.calibrate(held_out)
    before = model.calibration
    assert len(model.float32_calibration) == 0
    model.score_in_float32()
    assert model.calibration is before


def test_one_of_an_older_ama_is_refused_until_it_is_calibrated(images, held_out):
    model = finished(images, "latent_density", scoring_precision="bfloat16")
    model.float32_calibration = empty(0)
    with pytest.raises(
        InputError, match="no calibration in float32, as an older ama saved it: calibrate it on"
    ):
        model.score_in_float32()
    model.calibrate(held_out)
    model.score_in_float32()
    assert len(model.calibration) == 30
