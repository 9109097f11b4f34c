import csv

import pytest
from lightning.pytorch.loggers import CSVLogger

import ama
from ama.errors import InputError


def test_a_logger_of_lightning_gets_the_losses_of_the_history(tmp_path, digits):
    detector = ama.AMADetector(max_steps=60, random_state=0, progress=False)
    logger = CSVLogger(tmp_path)
    detector.fit(digits[0][:300], logger=logger)
    with open(f"{logger.log_dir}/metrics.csv", newline="") as file:
        logged = list(csv.DictReader(file))
    assert [int(row["step"]) for row in logged] == [25, 50, 60]
    found = [{name: float(value) for name, value in row.items()} for row in logged]
    assert found == [pytest.approx(losses) for losses in detector.history_]


def test_what_is_no_logger_is_refused_before_the_training(digits):
    with pytest.raises(InputError, match=r"^logger must be a logger of Lightning, .*, found 'tensorboard'$"):
        ama.AMADetector(max_steps=5, progress=False).fit(digits[0], logger="tensorboard")
    with pytest.raises(
        InputError, match=r"or, after pip install tensorboard, .*, found its class CSVLogger$"
    ):
        ama.AMADetector(max_steps=5, progress=False).fit(digits[0], logger=CSVLogger)
