"""The gallery, from short trainings on data that ship with scikit-learn."""

from __future__ import annotations

import re

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_breast_cancer

from ama.benchmark.figures.gallery import SHOWN, exhibits, gallery
from ama.errors import InputError


@pytest.fixture
def folder(tmp_path):
    """A folder without data sets."""
    (tmp_path / "data").mkdir()
    return str(tmp_path / "data")


def test_without_data_sets_the_exhibits_are_those_of_scikit_learn(folder):
    digits, tumours = exhibits(folder)
    assert (digits.name, tumours.name) == ("digits", "tumours")
    assert digits.train.shape[1:] == (1, 8, 8)
    assert 0.05 < digits.anomalous.mean() < 0.15
    seen = {row.tobytes() for row in tumours.train}
    assert not any(row.tobytes() in seen for row in tumours.test)
    assert tumours.anomalous.sum() == (load_breast_cancer().target == 0).sum()


def test_a_page_without_a_section_is_refused(folder, tmp_path):
    with pytest.raises(
        InputError, match=r"the data of mnist, fashion_mnist are not in .*/data, expected NAME/train"
    ):
        gallery(folder, str(tmp_path / "out"), max_steps=5, only="mnist")
    with pytest.raises(InputError, match=r"there is no folder .*/nowhere, expected NAME/train and NAME/test"):
        gallery(str(tmp_path / "nowhere"), str(tmp_path / "out"), max_steps=5, only=None)
    assert not (tmp_path / "out").exists()


def test_data_sets_that_are_not_asked_for_are_not_read(tmp_path):
    (tmp_path / "mnist").mkdir()
    for split in ("train", "test"):
        (tmp_path / "mnist" / f"{split}.parquet").write_text("no table")
    assert [e.name for e in exhibits(str(tmp_path), ["tumours"])] == ["tumours"]


def test_the_page_has_the_pictures_of_images(folder, tmp_path):
    page, *pictures = gallery(folder, str(tmp_path), max_steps=40, only="digits")
    text = page.read_text()
    assert text.startswith("# Gallery\n")
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == [
        "Scanned digits of scikit-learn, learned without the 8"
    ]
    assert re.search(r"40 steps\. AUROC 0\.\d{4}  \(95 % interval", text)
    shown = re.findall(r"!\[[^]]+\]\((.*?)\)", text)
    assert [tmp_path / path for path in shown] == pictures
    for picture in pictures:
        pixels = np.asarray(Image.open(picture).convert("L"))
        assert pixels.std() > 5
    assert [p.name for p in pictures] == ["gallery-digits-scores.png", "gallery-digits-maps.png"]


def test_the_page_has_the_most_anomalous_columns_of_rows(folder, tmp_path):
    page, *pictures = gallery(folder, str(tmp_path), max_steps=40, only="tumours")
    assert [p.name for p in pictures] == ["gallery-tumours-scores.png"]
    rows = [line for line in page.read_text().splitlines() if re.match(r"\| \d+ \|", line)]
    assert len(rows) == SHOWN
    names = set(load_breast_cancer().feature_names)
    for row in rows:
        columns = re.findall(r"([a-z ]+?) [-+\d.e]+ \([+-][\d.]+\)", row)
        assert len(columns) == 3
        assert {column.strip() for column in columns} <= names
