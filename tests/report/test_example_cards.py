"""Examples with what explains their scores."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ama.detectors.explanation import Explanation
from ama.report.example_cards import COLUMNS_SHOWN, example_cards
from ama.report.judged_samples import Example
from ama.report.pictures import as_pixels, data_uri


def examples(x) -> list[Example]:
    return [Example(i, f"sample {i}", "", 0.0, 0.5, None, part, []) for i, part in enumerate(torch.tensor(x))]


@pytest.fixture
def explained(monkeypatch):
    """Sets what a detector says about its scores."""

    def explained(detector, **found):
        monkeypatch.setattr(type(detector), "explain", lambda self, X: Explanation(**found))
        return detector

    return explained


def test_an_image_is_shown_with_what_the_detector_explains(digit_detector, digits, explained):
    images = digits[0][:3]
    x, maps = images.astype(float), np.ones((3, 8, 8))
    for found, names in (
        ({}, ["sample"]),
        ({"reconstruction": x}, ["sample", "reconstruction"]),
        ({"anomaly_map": maps}, ["sample", "map"]),
        ({"reconstruction": x, "anomaly_map": maps}, ["sample", "reconstruction", "map"]),
    ):
        cards = example_cards(explained(digit_detector, **found), examples(images))
        assert [list(card.pictures) for card in cards] == [names] * 3
        assert cards[1].pictures["sample"] == data_uri(as_pixels(images[1], 0.0, 255.0))
        assert cards[1].columns == cards[1].terms == []


def test_the_terms_of_a_score_are_shown_if_there_are_several(digit_detector, digits, explained):
    terms = {"one": np.array([0.5, 1.5]), "two": np.array([-1.0, 2.0])}
    cards = example_cards(explained(digit_detector, terms=terms), examples(digits[0][:2]))
    assert [card.terms for card in cards] == [[("one", 0.5), ("two", -1.0)], [("one", 1.5), ("two", 2.0)]]
    [card] = example_cards(
        explained(digit_detector, terms={"one": terms["one"][:1]}), examples(digits[0][:1])
    )
    assert card.terms == []


def test_the_columns_that_contribute_most_come_first(row_detector, explained):
    rows, expected = np.arange(10.0).reshape(2, 5), np.zeros((2, 5))
    part = np.array([[1.0, 3, 2, 0, 4], [4.0, 0, 0, 0, 1]])
    cards = example_cards(explained(row_detector, anomaly_map=part, expected=expected), examples(rows))
    assert [name for name, *_ in cards[0].columns] == [f"column {j}" for j in (4, 1, 2, 0, 3)]
    assert cards[1].columns[0] == ("column 0", "5", "0", 4.0)
    assert len(cards[1].columns) == min(5, COLUMNS_SHOWN)
    assert example_cards(explained(row_detector), examples(rows))[0].columns == []
