"""The page: one HTML file without scripts, requests or other files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from segnet_model.evaluation.report import rows
from segnet_model.evaluation.report.charts import charts
from segnet_model.evaluation.report.facts import with_same_means
from segnet_model.evaluation.report.pictures import pictures
from segnet_model.evaluation.report.worst import KeptFrame
from segnet_model.labels import LabelSet

TEMPLATE = "report.html.jinja"


def render(evaluation: dict[str, Any], label_set: LabelSet, frames: Sequence[KeptFrame]) -> str:
    """Render the page; names of classes and files, and metadata, are escaped.

    Args:
        evaluation: content of `evaluation.json`.
        label_set: for the colors.
        frames: to show, the worst first.
    """
    other = evaluation.get("compare")
    networks = with_same_means(evaluation)
    differences = other["difference"] if other else None
    matrices = [rows.matrix(each, label_set) for each in networks]
    return _environment().get_template(TEMPLATE).render(
        networks=networks,
        measured=evaluation["measured"],
        caveats=evaluation.get("caveats", ()),
        same_classes=other["same_classes"]["classes"] if other else (),
        label_set=label_set,
        headlines=rows.headlines(networks, differences),
        by_class=rows.BY_CLASS,
        classes=rows.class_rows(networks, differences, label_set),
        matrices=matrices,
        mistakes=[rows.mistakes(each) for each in matrices],
        charts=charts(networks),
        frames=[(frame, pictures(frame, label_set)) for frame in frames],
        circumstances=rows.flat(evaluation["measured"]),
        models=[rows.flat(each["model"]) for each in networks],
    )  # fmt: skip


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("segnet_model.evaluation.report", ""),
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters.update(
        percent=rows.percent, points=lambda share: rows.percent(share, signed=True),
        number=rows.number, milliseconds=rows.milliseconds, grouped=rows.grouped,
    )  # fmt: skip
    return environment
