"""COCO files: the structure that readers of the format rely on, whole or not there."""

from __future__ import annotations

import json
import os

import pytest

from ama.decision.regions import Region
from ama.errors import InputError
from ama.io.coco_files import CocoFile


def check_coco(content: dict) -> None:
    """Refuse what is not a data set of COCO for object detection (cocodataset.org/#format-data)."""
    assert set(content) == {"info", "licenses", "images", "annotations", "categories"}
    assert isinstance(content["info"], dict)
    assert isinstance(content["licenses"], list)
    for part in ("images", "annotations", "categories"):
        ids = [entry["id"] for entry in content[part]]
        assert len(set(ids)) == len(ids)
        assert all(isinstance(number, int) for number in ids)
    sizes = {image["id"]: (image["width"], image["height"]) for image in content["images"]}
    assert all(isinstance(image["file_name"], str) for image in content["images"])
    assert all(isinstance(category["name"], str) for category in content["categories"])
    for found in content["annotations"]:
        width, height = sizes[found["image_id"]]
        assert found["category_id"] in {category["id"] for category in content["categories"]}
        x, y, w, h = found["bbox"]
        assert min(x, y) >= 0
        assert min(w, h) > 0
        assert x + w <= width
        assert y + h <= height
        assert 0 < found["area"] <= w * h
        assert isinstance(found["score"], float)
        assert found["iscrowd"] == 0
        assert isinstance(found["segmentation"], list)


def test_images_and_regions_are_read_back(tmp_path):
    path = tmp_path / "found.json"
    file = CocoFile(path, 2.5)
    file.add("hole/ä.jpg", (30, 40), [Region(1, 2, 3, 4, 9.5, 7), Region(0, 0, 40, 30, 3.0, 1200)])
    file.add('good/"b".jpg', (3000, 4000), [])
    file.add("hole/c.jpg", (30, 40), [Region(39, 29, 1, 1, 2.75, 1)])
    assert os.listdir(tmp_path) == []
    file.finish()
    file.close()
    assert os.listdir(tmp_path) == ["found.json"]
    content = json.loads(path.read_text(encoding="utf-8"))
    check_coco(content)
    assert [image["file_name"] for image in content["images"]] == ["hole/ä.jpg", 'good/"b".jpg', "hole/c.jpg"]
    assert [(i["width"], i["height"]) for i in content["images"]] == [(40, 30), (4000, 3000), (40, 30)]
    assert [found["image_id"] for found in content["annotations"]] == [1, 1, 3]
    assert content["annotations"][0]["bbox"] == [1, 2, 3, 4]
    assert content["annotations"][0]["area"] == 7
    assert content["annotations"][0]["score"] == 9.5
    assert content["info"]["map_threshold"] == 2.5
    assert [category["name"] for category in content["categories"]] == ["anomaly"]


def test_a_file_without_regions_is_a_data_set_too(tmp_path):
    file = CocoFile(tmp_path / "none.json", 1.0)
    file.add("a", (8, 8), [])
    file.finish()
    file.close()
    content = json.loads((tmp_path / "none.json").read_text())
    check_coco(content)
    assert content["annotations"] == []


def test_what_was_not_finished_leaves_the_older_file(tmp_path):
    (tmp_path / "found.json").write_text("older")
    file = CocoFile(tmp_path / "found.json", 1.0)
    file.add("a", (8, 8), [Region(0, 0, 1, 1, 2.0, 1)])
    file.close()
    assert (tmp_path / "found.json").read_text() == "older"
    assert os.listdir(tmp_path) == ["found.json"]


def test_a_name_that_is_none_of_json_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"its name must end in \.json"):
        CocoFile(tmp_path / "found.csv", 1.0)
