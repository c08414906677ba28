from datetime import datetime, timezone
from html.parser import HTMLParser

import numpy as np
import pytest

from segnet_model.evaluation.evaluate import EvaluatedFrame, Evaluation
from segnet_model.evaluation.report import Circumstances, WorstFrames
from segnet_model.evaluation.report.facts import compared, curves
from segnet_model.inference.segmentation import Segmentation
from segnet_model.labels import LabelSet, SegmentationClass

LABELS = LabelSet(
    "yard",
    (
        SegmentationClass("grass", (0, 200, 0), True),
        SegmentationClass("path", (120, 120, 120)),
        SegmentationClass("tree", (0, 80, 0)),
    ),
)


class Page(HTMLParser):
    """Takes a page apart: tags with their attributes, and the texts of cells and paragraphs."""

    BLOCKS = ("td", "th", "p", "h1", "h2", "h3", "li", "dd", "dt", "figcaption", "title")

    def __init__(self, text):
        super().__init__()
        self.tags, self.texts, self._open = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag in self.BLOCKS:
            self._open.append(len(self.texts))
            self.texts.append((tag, dict(attributes), ""))

    def handle_endtag(self, tag):
        if tag in self.BLOCKS and self._open:
            self._open.pop()

    def handle_data(self, data):
        for index in self._open[-1:]:
            tag, attributes, text = self.texts[index]
            self.texts[index] = tag, attributes, text + data

    def all(self, tag):
        """(attributes, text) of every such block, in order."""
        return [(attrs, " ".join(text.split())) for name, attrs, text in self.texts if name == tag]

    def row(self, name):
        """Texts of the cells from the first header cell of this name to the next header cell."""
        texts = [(tag, " ".join(text.split())) for tag, _, text in self.texts]
        start = texts.index(("th", name)) + 1
        cells = []
        for tag, text in texts[start:]:
            if tag != "td":
                break
            cells.append(text)
        return cells


@pytest.fixture
def page():
    return Page


@pytest.fixture
def labels():
    return LABELS


@pytest.fixture
def answer():
    """From labels (H, W) a segmentation, sure of some share."""

    def make(ids, confidence=0.8):
        shape = np.full(ids.shape, confidence, np.float32)
        return Segmentation(ids.astype(np.uint8), shape, 1 - shape)

    return make


@pytest.fixture
def circumstances():
    date = datetime(2030, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
    return Circumstances(date, "my/yard", "val", 2, "yard", "none", 20, 7, "none")


@pytest.fixture
def make(answer, circumstances):
    """From (name, truth, answers) of frames an evaluation as it is written, and its frames."""

    def build(frames, label_set=LABELS, weights=("new", "old"), model=None):
        count = len(frames[0][2])
        evaluations = [Evaluation(label_set) for _ in range(count)]
        worst = WorstFrames()
        for name, truth, answers in frames:
            found = tuple(answer(ids) for ids in answers)
            scores = tuple(
                each.update(one, truth, 0.25) for each, one in zip(evaluations, found, strict=True)
            )
            image = np.repeat((truth * 20)[..., None], 3, 2)
            worst.add(EvaluatedFrame(name, image, truth, found, scores))
        figures = [
            {
                "weights": name,
                "model": model or {"file": f"{name}.safetensors", "sha256": "ab" * 32},
                **each.figures(),
                **curves(each.uncertainty),
            }
            for name, each in zip(weights, evaluations, strict=False)
        ]
        evaluation = {**figures[0], "measured": circumstances.to_dict()}
        if count > 1:
            evaluation["compare"] = compared(figures[0], figures[1])
        return evaluation, worst

    return build
