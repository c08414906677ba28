import re
from dataclasses import replace

import numpy as np
import pytest

from segnet_model.evaluation.report import render
from segnet_model.labels import LabelSet, SegmentationClass

TRUTH = np.array([[0] * 8 + [1] * 2] * 10, np.uint8)  # 80 of grass, 20 of path, none of tree
FOUND = TRUTH.copy()
FOUND[:2, :8] = 1  # 16 of grass are called path
FOUND[0, 8:] = 2  # 2 of path are called tree
UNLABELED = TRUTH.copy()
UNLABELED[:, 5:] = 255


def test_figures_are_those_of_the_confusion_matrix(make, labels, page):
    """grass 64 of 80, path 18 of 20; IoU 64/80, 18/(20 + 16) and 0/2."""
    evaluation, worst = make([("a.png", TRUTH, [FOUND])])
    assert evaluation["confusion"] == [[64, 16, 0], [0, 18, 2], [0, 0, 0]]
    seen = page(render(evaluation, labels, worst.frames))
    assert seen.row("grass")[:5] == ["80.0 %", "1", "80.0 %", "80.0 %", "100.0 %"]
    assert seen.row("path")[:5] == ["20.0 %", "1", "50.0 %", "90.0 %", "52.9 %"]
    assert seen.row("tree")[:5] == ["0.0 %", "0", "0.0 %", "-", "0.0 %"]
    assert seen.row("mean")[2:4] == ["43.3 %", "85.0 %"]
    tiles = [text for attrs, text in seen.all("p") if "figure" in (attrs.get("class") or "")]
    assert tiles[:3] == ["43.3 %", "82.0 %", "85.0 %"]
    assert tiles[-1] == "250.0 ms"


def test_the_confusion_matrix_is_normalized_by_rows_and_shaded_alike(make, labels, page):
    evaluation, worst = make([("a.png", TRUTH, [FOUND])])
    seen = page(render(evaluation, labels, worst.frames))
    cells = [(a, text) for a, text in seen.all("td") if a.get("class") in ("hit", "miss")]
    assert [text for _, text in cells] == ["80", "20", "", "", "90", "10", "", "", ""]
    assert [a["class"] for a, _ in cells] == ["hit", "miss", "miss", "miss", "hit", "miss",
                                              "miss", "miss", "hit"]  # fmt: skip
    assert cells[1][0]["title"] == "grass called path: 16 pixels, 20.0 %"
    shade = {text: float(a["style"].removeprefix("--a:")) for a, text in cells if text}
    assert shade["90"] > shade["80"] > shade["20"] > shade["10"] > 0
    mistakes = [text for _, text in seen.all("li") if "called" in text]
    assert mistakes == ["grass called path: 20.0 % of it, 16 pixels",
                        "path called tree: 10.0 % of it, 2 pixels"]  # fmt: skip


def test_few_pixels_are_not_shown_as_none(make, labels, page):
    truth = np.zeros((100, 100), np.uint8)
    found = truth.copy()
    found[0, 0] = 1
    evaluation, worst = make([("a.png", truth, [found])])
    cells = page(render(evaluation, labels, worst.frames)).all("td")
    assert [text for a, text in cells if a.get("class") in ("hit", "miss")][:3] == ["100", "<1", ""]


def test_the_page_needs_nothing_but_itself(make, labels, page):
    evaluation, worst = make([("a.png", TRUTH, [FOUND, TRUTH])])
    text = render(evaluation, labels, worst.frames)
    seen = page(text)
    assert not {"script", "link", "iframe", "object"} & {tag for tag, _ in seen.tags}
    for _, attributes in seen.tags:
        for name in ("src", "href"):
            assert attributes.get(name, "#").startswith(("#", "data:image/"))
    assert not re.search(r"url\(|@import|https?://", text)
    (policy,) = [a["content"] for t, a in seen.tags if a.get("http-equiv")]
    assert policy.startswith("default-src 'none'")


def test_curves_go_through_the_measured_points(make, labels, page):
    """All pixels are 80 % sure and 82 % of them right: one dot, in a plot of 420 x 300."""
    evaluation, worst = make([("a.png", TRUTH, [FOUND])])
    seen = page(render(evaluation, labels, worst.frames))
    (dot,) = [a for tag, a in seen.tags if tag == "circle"]
    assert float(dot["cx"]) == pytest.approx(0.8 * 420, abs=0.1)
    assert float(dot["cy"]) == pytest.approx((1 - 0.82) * 300, abs=0.1)
    reliability, surest = [a["points"].split() for tag, a in seen.tags if tag == "polyline"]
    assert len(reliability) == 1
    # Equally unsure pixels cannot be ranked: 82 % of any share are right; the axis is 80 to 100.
    heights = [float(point.split(",")[1]) for point in surest]
    assert heights == pytest.approx([300 * (1 - 2 / 20)] * 50, abs=0.1)


def test_frames_are_shown_worst_first_with_all_their_pictures(make, labels, page):
    evaluation, worst = make([
        ("good.png", TRUTH, [TRUTH]), ("bad.png", TRUTH, [2 - TRUTH]), ("so.png", TRUTH, [FOUND]),
    ])  # fmt: skip
    seen = page(render(evaluation, labels, worst.frames))
    titles = [text for _, text in seen.all("h3") if text.endswith(".png")]
    assert titles == ["1 bad.png", "2 so.png", "3 good.png"]
    scores = [text for _, text in seen.all("p") if "of the pixels right" in text]
    assert scores[1].startswith("82.0 % of the pixels right, mIoU 43.3 %")
    alts = [a["alt"] for tag, a in seen.tags if tag == "img"]
    assert len(alts) == 3 * 5
    shown = ("image", "truth", "prediction", "errors", "uncertainty")
    assert alts[:5] == [f"{what} of bad.png" for what in shown]


def test_what_was_measured_is_told(make, labels, page):
    model = {
        "file": "new.safetensors", "sha256": "0123456789abcdef" * 4, "input_size": [288, 384],
        "training": {"epochs": 8, "augment": {"flip": 0.5}, "labels": None}, "device": "cpu",
    }  # fmt: skip
    evaluation, worst = make([("a.png", TRUTH, [FOUND])], model=model)
    seen = page(render(evaluation, labels, worst.frames))
    told = dict(zip([t for _, t in seen.all("dt")], [t for _, t in seen.all("dd")], strict=True))
    assert told["sha256"] == "0123456789abcdef"
    assert told["input size"] == "288 x 384"
    assert told["training: augment: flip"] == "0.5"
    assert "training: labels" not in told
    assert (told["dataset"], told["split"], told["images"]) == ("my/yard", "val", "2")
    assert told["date"] == "2030-01-02T03:04:05+00:00"
    assert told["versions: torch"]
    assert told["ms an image"] == "median 250.0 ms, 90th percentile 250.0 ms"
    assert "seed" not in told  # asked once, without dropout


def test_two_networks_stand_side_by_side(make, labels, page):
    evaluation, worst = make([("a.png", TRUTH, [TRUTH, FOUND])])
    seen = page(render(evaluation, labels, worst.frames))
    assert seen.row("grass")[2:5] == ["100.0 %", "80.0 %", "+20.0"]
    assert seen.row("path")[5:11] == ["100.0 %", "90.0 %", "+10.0", "100.0 %", "52.9 %", "+47.1"]
    assert [t for _, t in seen.all("h1")] == ["A new", "B old"]
    gaps = [(a["class"], t) for a, t in seen.all("p") if "gap" in (a.get("class") or "")]
    assert gaps[1] == ("gap better", "+18.0 better")
    # Accuracy 100 % and 82 % at a confidence of 80 %: errors of 20 and 2 points.
    assert gaps[4] == ("gap worse", "+18.0 worse")
    assert gaps[-1] == ("gap ", "0.0 ms")
    tables = [a for tag, a in seen.tags if tag == "table" and a.get("class") == "confusion"]
    assert [a["data-network"] for a in tables] == ["0", "1"]
    assert len([1 for tag, _ in seen.tags if tag == "img"]) == 8
    assert "B: +18.0" in " ".join(t for _, t in seen.all("p"))


HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(2)>'


def test_hostile_names_stay_text(make, page):
    label_set = LabelSet(
        HOSTILE, tuple(SegmentationClass(f"{HOSTILE}{i}", (i, i, i)) for i in range(3))
    )
    evaluation, worst = make(
        [(f"{HOSTILE}.png", TRUTH, [FOUND, TRUTH])],
        label_set,
        (HOSTILE, f"{HOSTILE}2"),
        {"file": HOSTILE, "sha256": HOSTILE, "training": {HOSTILE: HOSTILE}},
    )
    evaluation["measured"]["dataset"] = HOSTILE
    seen = page(render(evaluation, label_set, worst.frames))
    assert "script" not in {tag for tag, _ in seen.tags}
    for tag, attributes in seen.tags:
        assert not [name for name in attributes if name.startswith("on")]
        assert tag != "img" or attributes["src"].startswith("data:image/")
    assert any(text.endswith(f"{HOSTILE}.png") for _, text in seen.all("h3"))
    assert f"{HOSTILE}0 called {HOSTILE}1: 16 pixels, 20.0 %" in [
        attributes.get("title") for _, attributes in seen.tags
    ]


def test_where_nothing_is_labeled_the_page_says_so(make, labels, page):
    nothing = np.full((8, 8), 255, np.uint8)
    evaluation, worst = make([("a.png", nothing, [np.zeros((8, 8), np.uint8)])])
    assert evaluation["miou"] is None
    seen = page(render(evaluation, labels, worst.frames))
    assert "No image has labeled pixels." in [text for _, text in seen.all("p")]
    assert seen.row("grass")[2:] == ["-"] * 4


def test_how_much_is_labeled_is_said_where_it_is_little(make, labels, page):
    evaluation, worst = make([("a.png", UNLABELED, [FOUND]), ("b.png", TRUTH, [FOUND])])
    seen = page(render(evaluation, labels, worst.frames))
    assert [t for _, t in seen.all("p") if "labeled" in t and "mIoU" in t] == [
        "80.0 % of the pixels right, mIoU 40.0 % 50.0 % labeled"
    ]


@pytest.mark.parametrize(
    ("uncertainty", "asked"),
    [("none", "once."), ("features", "once."), ("mc", "20 times with dropout.")],
)
def test_the_page_says_how_often_the_network_was_asked(
    make, labels, page, circumstances, uncertainty, asked
):
    evaluation, worst = make([("a.png", TRUTH, [FOUND])])
    evaluation["measured"] = replace(circumstances, uncertainty=uncertainty).to_dict()
    (lead,) = (
        text
        for attrs, text in page(render(evaluation, labels, worst.frames)).all("p")
        if attrs.get("class") == "lead"
    )
    assert f"Asked {asked}" in lead
