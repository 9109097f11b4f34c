"""The page in a real browser: it asks for nothing, says no error, and what a person does with it happens."""

from __future__ import annotations

import json

import numpy as np
import pytest
from axe_core_python.selenium import Axe
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

from ama.data.sources import open_source
from ama.report.judged_samples import GROUPS, SHOWN, judge
from ama.report.page_builder import build_report
from ama.report.pictures import BOXED_FROM, LOSSLESS_UP_TO, data_uri, heated

DESKTOP, PHONE = (1280, 900), (375, 700)


@pytest.fixture(scope="module")
def judged(digit_detector, digits):
    images, labels = digits
    kept = labels < 3
    source = open_source(images[kept])

    def chunks():
        for samples in source.batches():
            named = type(samples)(samples.x, samples.ids, labels[kept].astype(str), None, [])
            yield named, labels[kept] > 0

    return judge(digit_detector, chunks(), shown=6)


@pytest.fixture(scope="module")
def pages(digit_detector, row_detector, judged, tmp_path_factory):
    """Pages of labelled images and of unlabelled rows, as addresses."""
    folder = tmp_path_factory.mktemp("pages")
    rows = np.random.default_rng(1).normal(size=(50, 5)) * [1, 2, 3, 4, 5]
    rows[0, 3] = 99
    unlabelled = judge(row_detector, ((samples, None) for samples in open_source(rows).batches()))
    (folder / "images.html").write_text(
        build_report(digit_detector, judged, "Zeros", "digits <0 to 2>", "model")
    )
    (folder / "rows.html").write_text(build_report(row_detector, unlabelled, "Rows", "rows", "model"))
    return {path.stem: path.as_uri() for path in folder.iterdir()}


@pytest.fixture
def open_page(browser, pages):
    """Opens a page at a width, in light or dark; at the end the console must be empty."""

    def open_page(name, size=DESKTOP, scheme="light"):
        width, height = size
        browser.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600},
        )
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        browser.get(pages[name])
        return browser

    browser.get_log("performance")
    yield open_page
    assert browser.get_log("browser") == []


def test_a_page_of_ten_thousand_samples_is_small_whatever_the_images(digit_detector, digits, rng):
    images, labels = digits
    many = np.resize(np.arange(len(images)), 10_000)
    source = open_source(images[many])
    known = np.split(labels[many] > 0, range(1024, 10_000, 1024))
    judged = judge(digit_detector, zip(source.batches(1024), known, strict=True))
    assert len(judged) == 10_000
    page = build_report(digit_detector, judged, "Zeros", "digits", "model")
    # This page has pictures of 8 x 8 pixels. Nothing is coded worse than noise; a reconstruction is smooth.
    for side in (LOSSLESS_UP_TO, 256):
        noise, smooth = (
            rng.integers(0, 256, (side, side, 3), np.uint8),
            np.full((side, side, 3), 99, np.uint8),
        )
        heat = rng.uniform(0, 1, (side // 8, side // 8)).repeat(8, 0).repeat(8, 1)
        card = sum(len(data_uri(picture)) for picture in (noise, smooth, heated(noise, heat, 0.0, 1.0)))
        assert len(page.encode()) + card * SHOWN * len(GROUPS) < 5e6


def text(page, selector):
    return page.find_element(By.CSS_SELECTOR, selector).text


def counts(page):
    lines = page.find_elements(By.CSS_SELECTOR, "#counts tbody tr")
    cells = [[cell.text for cell in line.find_elements(By.CSS_SELECTOR, "th, td")] for line in lines]
    return {
        name: (int(flagged.replace(",", "")), int(of.replace(",", "")), share)
        for name, flagged, of, share in cells
    }


def shown(page):
    return [s for s in page.find_elements(By.CSS_SELECTOR, ".sample") if s.is_displayed()]


def set_slider(page, value):
    page.execute_script(
        "const s = document.getElementById('threshold'); s.value = arguments[0]; s.dispatchEvent(new Event('input'))",
        value,
    )


@pytest.mark.parametrize("name", ["images", "rows"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_fits_its_screen_and_everyone_can_read_it(open_page, name, size, scheme):
    page = open_page(name, size, scheme)
    assert page.execute_script("return document.documentElement.scrollWidth") <= size[0]
    found = Axe().run(page)
    assert [(violation["id"], violation["help"]) for violation in found["violations"]] == []
    assert found["passes"]
    background = page.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert background == ("rgb(255, 255, 255)" if scheme == "light" else "rgb(15, 19, 24)")


@pytest.mark.parametrize("name", ["images", "rows"])
def test_a_page_asks_for_nothing_outside_itself(open_page, name, pages):
    page = open_page(name)
    log = [json.loads(entry["message"])["message"] for entry in page.get_log("performance")]
    asked = [
        entry["params"]["request"]["url"] for entry in log if entry["method"] == "Network.requestWillBeSent"
    ]
    assert [url for url in asked if not url.startswith("data:")] == [pages[name]]


def test_the_first_words_and_figures_are_those_of_the_samples(open_page, judged, digit_detector):
    page = open_page("images")
    flagged = judged.score < digit_detector.offset_
    found, alarms = flagged[judged.anomalous], flagged[~judged.anomalous]
    assert f"of the {len(found):,} anomalies are flagged" in text(page, "#verdict")
    assert "digits <0 to 2>" in text(page, "header")
    assert counts(page)["anomalies"] == (found.sum(), len(found), f"{100 * found.mean():.1f} %")
    assert counts(page)["normal"] == (alarms.sum(), len(alarms), f"{100 * alarms.mean():.1f} %")
    # What is known to be anomalous does not make the data look changed.
    drift = digit_detector.drift_of(judged.score[~judged.anomalous])
    assert f"p = {drift.p_value:.2g}" in text(page, "header")
    held_out = digit_detector.model_.calibration.numpy()
    assert counts(page)["held-out normal"][:2] == ((held_out < digit_detector.offset_).sum(), len(held_out))


def test_the_counts_follow_the_threshold(open_page, judged, digit_detector):
    page = open_page("images")
    low, high = (float(page.find_element(By.ID, "threshold").get_attribute(end)) for end in ("min", "max"))
    for share in (0.2, 0.5, 0.8):
        threshold = low + share * (high - low)
        set_slider(page, threshold)
        expected = (judged.score[judged.anomalous] < threshold).sum()
        assert counts(page)["anomalies"][0] == expected
        in_gallery = sum(example.score < threshold for example in judged.examples)
        assert len(page.find_elements(By.CSS_SELECTOR, ".sample.flagged")) == in_gallery
    set_slider(page, high)
    assert [share for *_, share in counts(page).values()] == ["100.0 %"] * 3
    set_slider(page, low)
    assert [flagged for flagged, *_ in counts(page).values()] == [0] * 3
    page.find_element(By.ID, "reset").click()
    assert counts(page)["anomalies"][0] == (judged.score[judged.anomalous] < digit_detector.offset_).sum()
    assert float(text(page, "#threshold-value")) == pytest.approx(digit_detector.offset_, rel=1e-3)


def line_at(page):
    """Middle of the threshold's line on the screen."""
    return page.execute_script(
        "const b = document.getElementById('chart-scores-threshold').getBoundingClientRect(); return b.x + b.width / 2"
    )


def test_the_line_is_dragged_on_the_chart(open_page):
    page = open_page("images")
    chart = page.find_element(By.ID, "chart-scores")
    before = line_at(page), counts(page)["anomalies"][0]
    page.execute_script("arguments[0].scrollIntoView({block: 'center'})", chart)
    ActionChains(page).move_to_element(chart).click_and_hold().move_by_offset(60, 0).release().perform()
    left = page.execute_script("return arguments[0].getBoundingClientRect().x", chart)
    assert line_at(page) == pytest.approx(left + chart.size["width"] / 2 + 60, abs=2)
    assert (line_at(page), counts(page)["anomalies"][0]) != before
    stopped = line_at(page)
    ActionChains(page).move_by_offset(-90, 0).perform()
    assert line_at(page) == stopped


def test_the_threshold_is_moved_by_the_keyboard(open_page):
    page = open_page("images")
    before = line_at(page), float(text(page, "#threshold-value"))
    page.find_element(By.ID, "threshold").send_keys(Keys.ARROW_RIGHT * 5)
    assert line_at(page) > before[0]
    assert float(text(page, "#threshold-value")) > before[1]


def test_the_gallery_is_filtered_by_group_label_and_score(open_page, judged):
    page = open_page("images")
    assert len(shown(page)) == len(judged.examples)
    Select(page.find_element(By.ID, "group")).select_by_visible_text("borderline")
    assert len(shown(page)) == sum("borderline" in e.groups for e in judged.examples)
    assert text(page, "#shown") == f"{len(shown(page))} of {len(judged.examples)} shown"
    Select(page.find_element(By.ID, "group")).select_by_visible_text("all groups")
    Select(page.find_element(By.ID, "label")).select_by_visible_text("0")
    zeros = [e for e in judged.examples if e.label == "0"]
    assert 0 < len(zeros) < len(judged.examples)
    assert [s.get_attribute("data-score") for s in shown(page)] == [str(e.score) for e in zeros]
    limit = np.median([e.score for e in zeros])
    page.find_element(By.ID, "high").send_keys(str(limit))
    assert len(shown(page)) == sum(e.score <= limit for e in zeros)
    page.find_element(By.ID, "low").send_keys(str(limit + 1))
    assert shown(page) == []


def test_a_card_is_enlarged_and_closed(open_page, judged):
    page = open_page("images")
    card = page.find_elements(By.CSS_SELECTOR, ".card")[0]
    card.send_keys(Keys.ENTER)
    dialog = page.find_element(By.ID, "enlarged")
    assert dialog.is_displayed()
    pictures = dialog.find_elements(By.TAG_NAME, "img")
    assert [p.get_attribute("alt") for p in pictures] == [
        f"{name} of {judged.examples[0].id}" for name in ("sample", "reconstruction", "map")
    ]
    assert min(p.size["width"] for p in pictures) > 2 * card.find_element(By.TAG_NAME, "img").size["width"]
    # A map with boxes is enlarged.
    widths = [page.execute_script("return arguments[0].naturalWidth", p) for p in pictures]
    assert widths[:2] == [8, 8]
    assert widths[2] in (8, BOXED_FROM)
    assert "Groups: most anomalous" in dialog.text
    assert f"p = {judged.examples[0].p_value:.2g}" in dialog.text
    for term in ("latent_density", "memory_bank", "nearest_images", "rotation"):
        assert term in dialog.text
    dialog.find_element(By.TAG_NAME, "button").click()
    assert not dialog.is_displayed()


def test_the_column_that_was_wrong_stands_first_in_its_row(open_page, row_detector):
    page = open_page("rows")
    first = page.find_elements(By.CSS_SELECTOR, "#gallery tbody tr")[0]
    assert first.find_element(By.TAG_NAME, "th").text == "0"
    p_value = first.find_elements(By.TAG_NAME, "td")[1].text
    assert float(p_value) == pytest.approx(1 / (len(row_detector.model_.calibration) + 1), rel=0.05)
    assert first.find_elements(By.CSS_SELECTOR, ".column")[0].text.startswith("column 3 99 (")
    assert "flagged as anomalies" in text(page, "#verdict")
    assert not page.find_elements(By.CSS_SELECTOR, "#label")


def test_on_a_phone_nothing_of_a_row_lies_beyond_the_screen(open_page):
    page = open_page("rows", PHONE)
    first = page.find_elements(By.CSS_SELECTOR, "#gallery tbody tr")[0]
    right = max(
        c.rect["x"] + c.rect["width"] for c in first.find_elements(By.CSS_SELECTOR, "th, td, .column")
    )
    assert right <= PHONE[0]
    before = "return getComputedStyle(arguments[0], '::before').content"
    cells = first.find_elements(By.TAG_NAME, "td")[:2]
    assert [page.execute_script(before, cell) for cell in cells] == ['"score "', '"p "']


def test_a_page_prints_without_its_controls(open_page):
    page = open_page("images")
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    assert not page.find_element(By.ID, "threshold").is_displayed()
    assert page.find_element(By.ID, "counts").is_displayed()
    background = page.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert background == "rgb(255, 255, 255)"
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
