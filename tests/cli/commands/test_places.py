"""Maps, boxes and COCO files of ``ama score``; masks in ``ama evaluate``, and MVTec's layout in each command."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image
from sklearn.metrics import roc_auc_score

import ama
from ama.cli.mask_evaluation import MaskEvaluation
from ama.data.sources import open_source
from ama.features.lite0_weights import lite0_weights
from image_files import save
from places import CLASSES, COLUMNS, EACH, SMALL, picture, png, read, refused


@pytest.fixture(scope="module")
def inspection(tmp_path_factory) -> Path:
    """Cats in MVTec's layout, of which some have a bright spot with a mask."""
    root, random = tmp_path_factory.mktemp("mvtec") / "cats", np.random.default_rng(5)
    for part, n in (("train/good", 60), ("test/good", 12)):
        (root / part).mkdir(parents=True)
        for i in range(n):
            (root / part / f"{i:03}.png").write_bytes(png(picture("cat", random)))
    (root / "test" / "spot").mkdir()
    (root / "ground_truth" / "spot").mkdir(parents=True)
    for i in range(8):
        pixels, mask = picture("cat", random), np.zeros((8, 8), np.uint8)
        y, x = random.integers(0, 5, 2)
        mask[y : y + 3, x : x + 3] = 255
        pixels[mask > 0] = 255 - pixels[mask > 0]
        (root / "test" / "spot" / f"{i:03}.png").write_bytes(png(pixels))
        (root / "ground_truth" / "spot" / f"{i:03}_mask.png").write_bytes(png(mask))
    return root


def test_maps_boxes_and_coco_say_the_same_as_the_detector(call, tmp_path):
    words = [
        "score",
        "photos.model",
        "photos",
        "--boxes",
        "--maps",
        tmp_path / "maps",
        "--coco",
        tmp_path / "c.json",
    ]
    status, output, errors = call(*words, "--out", tmp_path / "scores.parquet")
    assert (status, output) == (0, "")
    detector = ama.load("photos.model")
    samples = detector.open("photos").read()
    regions, maps = detector.regions(samples), detector.anomaly_map(samples)
    table = pq.read_table(tmp_path / "scores.parquet")
    assert table.schema.names == [*COLUMNS, "boxes"]
    assert table["boxes"].to_pylist() == [[region._asdict() for region in found] for found in regions]
    files = sorted(str(path.relative_to(tmp_path / "maps")) for path in (tmp_path / "maps").rglob("*.png"))
    assert files == [f"{kind}/{i:02}.png.png" for kind in CLASSES for i in range(EACH)]
    for name, heat in zip(samples.ids, maps, strict=True):
        with Image.open(tmp_path / "maps" / f"{name}.png") as image:
            unit = float(image.text["units_per_grey_level"])
            assert unit == detector.map_top / 65535
            assert np.allclose(np.asarray(image) * unit, np.minimum(heat, detector.map_top), atol=unit)
    content = json.loads((tmp_path / "c.json").read_text())
    assert [image["file_name"] for image in content["images"]] == samples.ids
    found = [(a["image_id"] - 1, *a["bbox"], a["area"]) for a in content["annotations"]]
    assert found == [(i, *r[:4], r.area) for i, several in enumerate(regions) for r in several]
    n = sum(map(bool, regions))
    assert 0 < n < len(samples)
    assert (
        f"ama: {n} images with regions of the map above {detector.map_threshold:.4g}, which at most 5 % of"
        in errors
    )
    assert (
        f"ama: wrote 120 maps in {tmp_path}/maps, each of the size of its image and named as it with .png added; a grey"
        in errors
    )


def test_places_are_in_pixels_of_the_files_however_they_were_read(call, tmp_path):
    """Photographs larger than the model's images, of other shapes, and with the camera turned."""
    pixels, turned = picture("cat", np.random.default_rng(3)), Image.Exif()
    pixels[4:7, 5:8] = 255
    turned[0x0112] = 6
    large = Image.fromarray(pixels).resize((240, 120), Image.Resampling.NEAREST)
    save(tmp_path / "new" / "large.png", large)
    save(tmp_path / "new" / "turned.png", large.transpose(Image.Transpose.ROTATE_90), exif=turned)
    save(tmp_path / "new" / "small.png", pixels)
    words = ["--boxes", "--maps", tmp_path / "maps", "--coco", tmp_path / "c.json"]
    result = call("score", "photos.model", tmp_path / "new", *words, "--out", tmp_path / "s.parquet")
    assert result[:2] == (0, "")
    sizes = {"large.png": (240, 120), "small.png": (8, 8), "turned.png": (240, 120)}
    content = json.loads((tmp_path / "c.json").read_text())
    assert {i["file_name"]: (i["width"], i["height"]) for i in content["images"]} == sizes
    boxes = dict(zip(sizes, pq.read_table(tmp_path / "s.parquet")["boxes"].to_pylist(), strict=True))
    assert boxes["large.png"] == boxes["turned.png"]
    for box in boxes["large.png"]:
        assert [box["x"] % 30, box["width"] % 30, box["y"] % 15, box["height"] % 15, box["area"] % 450] == [
            0
        ] * 5
    highest = boxes["large.png"][0]
    assert highest["x"] < 240 <= highest["x"] + highest["width"] + 60
    assert 60 <= highest["y"] + highest["height"] / 2 < 105
    assert [a["bbox"] for a in content["annotations"] if a["image_id"] == 1] == [
        [box[side] for side in ("x", "y", "width", "height")] for box in boxes["large.png"]
    ]
    for name, size in sizes.items():
        with Image.open(tmp_path / "maps" / f"{name}.png") as image:
            assert image.size == size
            above = np.asarray(image) * float(image.text["units_per_grey_level"]) > float(
                image.text["map_threshold"]
            )
        rows, columns = above.nonzero()
        for side, start, length in ((columns, "x", "width"), (rows, "y", "height")):
            assert side.min() == min(box[start] for box in boxes[name])
            assert side.max() + 1 == max(box[start] + box[length] for box in boxes[name])


def test_boxes_are_json_in_csv_and_change_no_score(call, tmp_path):
    call("score", "photos.model", "photos", "--out", tmp_path / "plain.csv")
    call("score", "photos.model", "photos", "--out", tmp_path / "boxes.csv", "--boxes", "--fdr", "0.1")
    status, output, _ = call("score", "photos.model", "photos", "--boxes")
    assert status == 0
    assert output.splitlines()[0] == '"id","r_score","a_score","score","p_value","anomaly","boxes"'
    plain, boxes = read(tmp_path / "plain.csv"), read(tmp_path / "boxes.csv")
    assert plain["score"].equals(boxes["score"])
    regions = ama.load("photos.model").regions("photos")
    found = [json.loads(text) for text in boxes["boxes"].to_pylist()]
    assert found == [[region._asdict() for region in of_image] for of_image in regions]


def test_what_cannot_say_where_is_refused_before_the_work(call, tmp_path, inspection):
    for words in (["--boxes"], ["--maps", tmp_path / "maps"], ["--coco", tmp_path / "c.json"]):
        result = call("score", "table.model", "table.csv", "--label-column", "kind", *words)
        assert refused(
            result, "maps with regions are those of images, but this detector scores rows of 3 columns"
        )
    (tmp_path / "maps").mkdir()
    (tmp_path / "maps" / "old.png").write_text("x")
    result = call("score", "photos.model", "photos", "--maps", tmp_path / "maps")
    assert refused(result, "cannot write .*maps: it is not empty, expected a new or an empty folder for maps")
    result = call("score", "photos.model", "photos", "--coco", tmp_path / "c.csv")
    assert refused(result, r"cannot write .*c\.csv: its name must end in \.json")
    result = call("evaluate", "table.model", "table.csv", "--label-column", "kind", "--normal-label", "cat",
                  "--masks", inspection / "ground_truth")  # fmt: skip
    assert refused(
        result, "maps with regions are those of images, but this detector scores rows of 3 columns"
    )


def test_a_source_that_ends_badly_leaves_the_older_coco_file(call, bad, tmp_path):
    (tmp_path / "c.json").write_text("older")
    result = call("score", "photos.model", bad / "mixed", "--strict", "--coco", tmp_path / "c.json")
    assert result[0] == 2
    assert (tmp_path / "c.json").read_text() == "older"
    assert [name for name in os.listdir(tmp_path) if name != "bad"] == ["c.json"]


def test_a_layout_of_mvtec_is_learned_from_and_evaluated_with_its_masks(call, inspection, tmp_path):
    status, output, errors = call("fit", inspection, "--out", tmp_path / "model", *SMALL)
    assert (status, output) == (0, "")
    assert f"{inspection} holds train/good and test/good, as MVTec's data sets do: learning from" in errors
    assert f"learning from {inspection}/train/good: 60 images of 8 x 8 pixels" in errors
    by_hand = [inspection / "test", "--normal-label", "good", "--masks", inspection / "ground_truth"]
    results = tmp_path / "r.jsonl"
    evaluated = call("evaluate", tmp_path / "model", inspection, "--append-to", results)
    expected = call("evaluate", tmp_path / "model", *by_hand, "--append-to", results)
    assert evaluated[:2] == expected[:2]
    assert "evaluating" in evaluated[2]
    assert f"with good as the normal label and the masks in {inspection}/ground_truth" in evaluated[2]
    first, second = map(json.loads, results.read_text().splitlines())
    assert first["localisation"] == second["localisation"]
    assert first["source"] == second["source"] == [str(inspection / "test")]
    # scikit-learn's over the pixels, and as many regions as masks.
    detector = ama.load(tmp_path / "model")
    maps, masks = {}, []
    for kind in ("good", "spot"):
        maps[kind] = detector.anomaly_map(detector.open(inspection / "test" / kind).read())
    files = sorted((inspection / "ground_truth" / "spot").iterdir())
    masks = np.stack([np.asarray(Image.open(file)) > 0 for file in files])
    truth = np.concatenate([np.zeros(maps["good"].size, bool), masks.ravel()])
    heat = np.concatenate([maps["good"].ravel(), maps["spot"].ravel()])
    found = first["localisation"]
    assert found["pixel_auroc"] == pytest.approx(roc_auc_score(truth, heat), abs=1e-3)
    assert (found["n_images"], found["n_regions"], found["max_fpr"]) == (20, 8, 0.3)
    assert f"pixel AUROC                   {found['pixel_auroc']:.4f}" in evaluated[1]
    assert f"PRO to 30% false positives   {found['pro']:.4f}  (8 regions of defects)" in evaluated[1]


def test_a_layout_of_visa_is_learned_from_and_evaluated_with_its_masks(call, inspection, tmp_path):
    candle = tmp_path / "candle"
    for part, place in (("train/good", "Images/Normal"), ("test/spot", "Images/Anomaly")):
        shutil.copytree(inspection / part, candle / "Data" / place)
    shutil.copytree(inspection / "ground_truth" / "spot", candle / "Data" / "Masks" / "Anomaly")
    like = f"{candle} holds Images/Normal and Images/Anomaly, as VisA's data sets do"
    images, masks = candle / "Data" / "Images", candle / "Data" / "Masks"
    status, _, errors = call("fit", candle, "--normal-label", "Normal", "--out", tmp_path / "model", *SMALL)
    assert status == 0
    assert f"{like}: learning from {images}/Normal" in errors
    assert f"learning from {images}/Normal: 60 images of 8 x 8 pixels" in errors
    told = call("evaluate", tmp_path / "model", candle)
    by_hand = call("evaluate", tmp_path / "model", images, "--normal-label", "Normal", "--masks", masks)
    assert told[:2] == by_hand[:2]
    assert (
        f"/Data/Masks\nama: note: images that the model learned from may be among those of {images}/Normal\n"
        in told[2]
    )


def test_good_is_the_normal_label_where_nothing_else_is_said(call, inspection):
    told = call("evaluate", "photos.model", inspection / "test")
    named = call("evaluate", "photos.model", inspection / "test", "--normal-label", "good")
    assert told[:2] == named[:2]
    assert told[2].startswith(
        f"ama: note: {inspection}/test has a folder good, which is taken as the normal label"
    )
    assert "pixel" not in told[1]


def test_of_a_layout_the_test_images_are_scored_and_reported(call, inspection, tmp_path):
    """Neither what was learned from nor the masks are samples."""
    status, output, errors = call("score", "photos.model", inspection)
    expected = call("score", "photos.model", inspection / "test")
    assert (status, output) == expected[:2]
    assert len(output.splitlines()) == 1 + 12 + 8
    assert f"note: {inspection} holds train/good and test/good, as MVTec's data sets do: reading" in errors
    told = call("report", "photos.model", inspection, "--out", tmp_path / "told.html")
    assert f"do: reporting on {inspection}/test with good as the normal label" in told[2]
    words = ["report", "photos.model", inspection / "test", "--out", tmp_path / "named.html"]
    assert f"{inspection}/test has a folder good, which is taken as the normal label" in call(*words)[2]
    pages = [(tmp_path / f"{name}.html").read_text() for name in ("told", "named")]
    assert pages[0] == pages[1]
    assert "AUROC" in pages[0]


def test_of_a_layout_the_good_test_images_calibrate(call, inspection, tmp_path):
    words = ["calibrate", "photos.model", "--false-alarm-rate", "0.2", "--out"]
    assert f"do: calibrating on {inspection}/test/good" in call(*words, tmp_path / "told", inspection)[2]
    assert call(*words, tmp_path / "named", inspection / "test", "--normal-label", "good")[0] == 0
    told, named = (ama.load(tmp_path / name) for name in ("told", "named"))
    assert sorted(told.model_.calibration.tolist()) == sorted(named.model_.calibration.tolist())
    with pytest.warns(UserWarning, match="as MVTec's data sets do: calibrating on"):
        in_python = ama.load("photos.model").calibrate(inspection, 0.2)
    assert in_python.model_.calibration.tolist() == told.model_.calibration.tolist()


def test_strict_refuses_what_a_layout_would_tell(call, inspection, tmp_path):
    for words in (
        ["fit", inspection, "--out", tmp_path / "model"],
        ["evaluate", "photos.model", inspection],
        ["evaluate", "photos.model", inspection / "test"],
        ["score", "photos.model", inspection],
        ["report", "photos.model", inspection, "--out", tmp_path / "page.html"],
        ["calibrate", "photos.model", inspection, "--out", tmp_path / "model"],
    ):
        assert refused(call(*words, "--strict"), r".*good.* \(refused by strict\)")


def test_a_layout_is_learned_from_in_python_too(inspection):
    small = {"max_steps": 3, "held_out": 0.5, "random_state": 0, "progress": False}
    with pytest.warns(UserWarning, match="as MVTec's data sets do: learning from"):
        fitted = ama.AMADetector(**small).fit(inspection)
    expected = ama.AMADetector(**small).fit(inspection / "train" / "good")
    assert fitted.offset_ == expected.offset_


@pytest.mark.filterwarnings("always:.*held-out normal samples")
def test_of_a_layout_the_test_images_validate(call, inspection, tmp_path):
    words = ["fit", "photos/cat", *SMALL, "--out", tmp_path / "model", "--validation"]
    for source in (inspection, inspection / "test"):
        status, _, errors = call(*words, source)
        assert status == 0
        assert f"ama: note: of {source}, good is taken as the normal label" in errors
        assert ama.load(tmp_path / "model").validation_auroc_ > 0.5
    assert refused(call(*words, "photos"), "--validation needs --normal-label, .*")


def test_of_a_layout_the_good_test_images_are_judged_beside_other_anomalies(call, inspection):
    told = call("evaluate", "photos.model", inspection, "--anomalies", inspection / "test" / "spot")
    assert f"do: evaluating {inspection}/test/good and the anomalies" in told[2]
    assert told[:2] == call("evaluate", "photos.model", inspection / "test", "--normal-label", "good")[:2]


RATE = ["--false-alarm-rate", "0.2"]  # which a few held-out samples reach


@pytest.mark.parametrize("words", [["fit", *SMALL, *RATE, "--out"], ["evaluate"], ["report", "--out"]])
def test_good_images_among_anomalies_are_said(call, inspection, tmp_path, words):
    given = ["photos/cat"] if words[0] == "fit" else ["photos.model", "photos/cat"]
    out = [tmp_path / "page.html"] if len(words) > 1 else []
    told = call(*words, *out, *given, "--anomalies", inspection / "test")
    assert told[0] == 0
    sentence = f"{inspection}/test has samples of the label good (12), which are taken as anomalies, too"
    assert f"ama: note: {sentence}: give a source of anomalies alone" in told[2]
    assert refused(
        call(*words, *out, *given, "--anomalies", inspection / "test", "--strict"), ".*good.* strict.*"
    )
    alone = call(*words, *out, *given, "--anomalies", inspection / "test" / "spot")
    assert alone[0] == 0
    assert "taken as anomalies" not in alone[2]


def test_an_anomaly_without_a_mask_is_named(call, inspection, tmp_path):
    shutil.copytree(inspection / "ground_truth", tmp_path / "masks")
    (tmp_path / "masks" / "spot" / "003_mask.png").unlink()
    words = ["evaluate", "photos.model", inspection / "test", "--normal-label", "good", "--masks"]
    status, _, errors = call(*words, tmp_path / "masks")
    assert status == 0
    assert f"note: 1 anomaly has no mask in {tmp_path}/masks, such as spot/003.png: left out" in errors
    assert refused(
        call(*words, tmp_path / "masks", "--strict"), r"1 anomaly has no mask .* \(refused by strict\)"
    )
    (tmp_path / "empty").mkdir()
    sentence = (
        "no anomaly has a mask with a defect in .*empty, expected DEFECT/STEM_mask.png, .* for spot/000.png"
    )
    assert refused(call(*words, tmp_path / "empty"), sentence)
    save(tmp_path / "empty" / "spot" / "000.jpg", np.zeros((8, 8), np.uint8))
    assert refused(call(*words, tmp_path / "empty"), "the mask .*empty/spot/000.jpg is not read, expected .*")
    assert refused(call(*words, tmp_path / "nowhere"), "there is no folder .*nowhere, expected masks .*")


@pytest.mark.skipif(lite0_weights() is None, reason="the weights of EfficientNet-Lite0 are not installed")
@pytest.mark.parametrize("name", ["tire", "juice_bottle"])
def test_defects_in_real_photographs_are_located(shared_data, name):
    """A quarter of the photographs, small."""
    root = shared_data / "inspection" / name
    if not root.is_dir():
        pytest.skip(f"the photographs are not at {root}")
    detector = ama.AMADetector(
        features="lite0",
        max_steps=5,
        held_out_from="anywhere",
        false_alarm_rate=0.2,
        random_state=0,
        progress=False,
    )
    normal = open_source(root / "train" / "good", image_size=128, max_side=512).read()
    detector.fit(normal.select(np.arange(0, len(normal), 4)))
    test = detector.open(root / "test").read()
    test = test.select(np.arange(0, len(test), 4))
    places = MaskEvaluation(detector, root / "ground_truth", strict=False)
    places.add(test, test.labels != "good")
    found = places.metrics()
    assert found.n_images == len(test)
    assert found.pixel_auroc > 0.7
    assert found.pro > 0.4
