"""Tables of `segnet evaluate`, printed for people."""

from __future__ import annotations

from typing import Any


def print_table(figures: dict[str, Any]) -> None:
    """Print the figures of an `Evaluation`."""
    if label_map := figures["measured"].get("label_map"):
        missing = ", ".join(label_map["not_measured"]) or "none"
        print(f"labels of {label_map['source']} mapped to {label_map['target']}; "
              f"not measured, as they have none: {missing}")  # fmt: skip
    for each in (figures, figures.get("compare")):
        if each and (label_map := each["model"].get("label_map")):
            print(f"answers of {each['weights']} mapped from {label_map['source']} to "
                  f"{label_map['target']}")  # fmt: skip
    print(f"{'class':<14}{'IoU':>8}{'accuracy':>10}{'boundary F1':>13}")
    for name, iou in figures["iou"].items():
        others = figures["accuracy"][name], figures["boundary_f1_by_class"][name]
        print(f"{name:<14}{_percent(iou):>8}{_percent(others[0]):>10}{_percent(others[1]):>13}")
    means = figures["class_accuracy"], figures["boundary_f1"]
    print(
        f"{'mean':<14}{_percent(figures['miou']):>8}{_percent(means[0]):>10}{_percent(means[1]):>13}"
    )
    print(f"pixel accuracy {_percent(figures['pixel_accuracy'])}   mIoU {_share(figures['miou'])}")
    print(f"{figures['ms']:.1f} ms an image, {figures['ms_p90']:.1f} ms at the 90th percentile")
    print(f"ECE {_percent(figures['ece'])}   PAvPU {_percent(figures['pavpu'])}")
    scored = figures["measured"]["uncertainty"] == "features"
    for name, auroc in figures["auroc"].items():
        shown = "feature score" if scored else name.replace("_", " ")
        print(f"wrong pixels by {shown}: "
              f"AUROC {_share(auroc)}, AUPR {_share(figures['aupr'][name])}")  # fmt: skip
    print_drivable(figures)
    surest = figures["accuracy_of_most_certain"].items()
    print("accuracy of the surest " + ", ".join(f"{s}: {_percent(a)}" for s, a in surest))
    for samples, miou in figures["miou_by_samples"].items():
        print(f"mIoU of {samples} samples: {_share(miou)}")


def print_drivable(figures: dict[str, Any]) -> None:
    """Print how right the drivable area is, and what became of the weights' promise."""
    print(f"drivable area at max_uncertainty {figures['max_uncertainty']:.3g}: "
          f"{_percent(figures['drivable_precision'])} of it is drivable, "
          f"{_percent(figures['drivable_recall'])} of the ground is in it")  # fmt: skip
    print(f"drivable classes alone: {_percent(figures['drivable_class_precision'])} of them is "
          f"drivable, {_percent(figures['drivable_class_recall'])} of the ground is "
          "in them")  # fmt: skip
    promised, measured = figures["promised_risk"], figures["drivable_risk"]
    if promised is not None and measured is not None:
        verdict = "kept" if measured <= promised else "broken: these images are of another kind"
        print(f"risk promised {100 * promised:.2g} %, measured {100 * measured:.2g} %: {verdict}")


def print_comparison(evaluation: dict[str, Any]) -> None:
    """Print the figures of both networks, and their differences."""
    from segnet_model.evaluation.report import with_same_means

    other = evaluation["compare"]
    gaps, classes = other["difference"], other["same_classes"]["classes"]
    print(f"\nA {evaluation['weights']}\nB {other['weights']}")
    print(f"{'IoU':<14}{'A':>8}{'B':>8}{'A - B':>8}")
    for name, iou in evaluation["iou"].items():
        print(f"{name:<14}{_percent(iou):>8}{_percent(other['iou'][name]):>8}"
              f"{_points(gaps['iou'][name]):>8}")  # fmt: skip
    means = with_same_means(evaluation)
    for title, name in (("mIoU", "miou"), ("pixel accuracy", "pixel_accuracy"),
                        ("boundary F1", "boundary_f1"), ("ECE", "ece"),
                        ("drivable right", "drivable_precision"),
                        ("ground found", "drivable_recall")):  # fmt: skip
        both = [_percent(each[name]) for each in means]
        print(f"{title:<14}{both[0]:>8}{both[1]:>8}{_points(gaps[name]):>8}")
    print(f"{'ms an image':<14}{evaluation['ms']:>8.1f}{other['ms']:>8.1f}{gaps['ms']:>+8.1f}")
    print(f"means of the {len(classes)} classes that the labels have and both can answer: "
          f"{', '.join(classes) or 'none'}")  # fmt: skip
    for letter, each in zip("AB", means, strict=True):
        lacking = [name for name in each.get("cannot_answer", ()) if each["pixels"][name]]
        if lacking:
            print(f"{letter} has no {', '.join(lacking)}: such pixels are wrong for it")


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f}%"


def _points(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:+.1f}"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"
