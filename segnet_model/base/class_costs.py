"""Costs of driving on classes, as texts."""

from __future__ import annotations

from collections.abc import Sequence

from segnet_model.base.errors import SettingsError

LETHAL, UNKNOWN = 100, -1
WORDS = {"lethal": LETHAL, "unknown": UNKNOWN}


def is_drivable(cost: int) -> bool:
    """Whether ground of a cost may be driven on."""
    return 0 <= cost < LETHAL


def read_costs(texts: Sequence[str]) -> dict[str, int]:
    """Read texts "NAME:COST".

    Args:
        texts: a cost is 0 to 100, "lethal" for 100, or "unknown" for -1.

    Raises:
        SettingsError: a text has another form, or two have one name.

    Example:
        >>> read_costs(["Pavement:60", "Water:lethal"])
        {'Pavement': 60, 'Water': 100}
    """
    costs: dict[str, int] = {}
    for text in texts:
        name, _, cost = text.rpartition(":")
        value = WORDS.get(cost, int(cost) if _is_number(cost) else None)
        if not name or value is None or value > LETHAL:
            raise SettingsError(
                f"{text!r} is not NAME:COST with a cost of 0 to {LETHAL}, "
                f"{' or '.join(WORDS)}; write it as Grass:80"
            )
        if name in costs:
            raise SettingsError(f"class {name!r} has two costs; give one")
        costs[name] = value
    return costs


def _is_number(text: str) -> bool:
    """Whether a text is a number of one to three digits; of thousands, Python makes no number."""
    return text.isascii() and text.isdigit() and len(text) <= len(str(LETHAL))


def costs_fault(texts: Sequence[str]) -> str:
    """The reason to refuse these texts, with the mend; empty where they are good."""
    try:
        read_costs(texts)
    except SettingsError as error:
        return str(error)
    return ""
