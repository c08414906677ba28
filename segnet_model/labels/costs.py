"""Other drivable classes and costs for the classes of a label set."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from segnet_model.base.class_costs import is_drivable
from segnet_model.base.errors import SettingsError
from segnet_model.labels.segmentation_class import SegmentationClass


def with_costs(
    classes: Iterable[SegmentationClass],
    costs: Mapping[str, int],
    drivable: Collection[str] | None = None,
) -> tuple[SegmentationClass, ...]:
    """Copies of the classes with these costs.

    Args:
        classes: of a label set; one that is ground stays ground.
        costs: by name, 0 to 100 or -1; a class of a cost below 100 is drivable.
        drivable: names of exactly the drivable classes; None for those that are drivable now, or by
            these costs.

    Raises:
        SettingsError: a class has a cost that does not fit the drivable ones.
    """
    if drivable is not None:
        _check_agreement(costs, drivable)
    return tuple(_with_cost(one, costs.get(one.name), drivable) for one in classes)


def _with_cost(
    one: SegmentationClass, cost: int | None, drivable: Collection[str] | None
) -> SegmentationClass:
    if cost is not None:
        return replace(one, drivable=is_drivable(cost), cost=cost)
    chosen = one.drivable if drivable is None else one.name in drivable
    return replace(one, drivable=chosen, cost=one.cost if chosen == one.drivable else None)


def _check_agreement(costs: Mapping[str, int], drivable: Collection[str]) -> None:
    for name, cost in costs.items():
        if is_drivable(cost) != (name in drivable):
            raise SettingsError(
                f"class {name!r} has the cost {cost}, and the drivable classes {list(drivable)} "
                f"{'leave it out' if is_drivable(cost) else 'hold it'}; change one of the two"
            )
