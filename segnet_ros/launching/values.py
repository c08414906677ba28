"""Values of launch arguments, which are texts, as parameters and topics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from segnet_model.base.errors import SettingsError
from segnet_model.base.topics import info_topic


def parse_value(name: str, text: str, default: Any) -> Any:
    """Parse the text of a launch argument as a value of the default's type.

    Raises:
        SettingsError: it is none.
    """
    if isinstance(default, str):
        return text
    try:
        value = float(text) if isinstance(default, float) else yaml.safe_load(text)
    except (ValueError, yaml.YAMLError):
        value = None
    kind = list if isinstance(default, tuple) else type(default)
    if type(value) is not kind:
        what = {bool: "true or false", float: "a number", int: "a whole number"}
        raise SettingsError(f"{name}:={text} is not {what.get(kind, 'a list, as in [1, 2]')}")
    return value


def camera_remappings(values: Mapping[str, str]) -> list[tuple[str, str]]:
    """Remappings of a node's inputs to the topics of the launch arguments.

    Args:
        values: the texts of cameras, image and camera_info.

    Raises:
        SettingsError: there are not as many topics as cameras.
    """
    names = [name for name in parse_value("cameras", values["cameras"] or "[]", ()) if name]
    images = _topics("image", values["image"], names)
    infos = _topics("camera_info", values["camera_info"], names) if values["camera_info"] else None
    remappings = []
    for index, prefix in enumerate([f"{name}/" for name in names] or [""]):
        info = infos[index] if infos else info_topic(images[index])
        remappings += [(f"{prefix}image", images[index]), (f"{prefix}camera_info", info)]
    return remappings


def _topics(argument: str, text: str, names: list[str]) -> list[str]:
    """A topic for each camera, or the one of the only camera."""
    if not names:
        return [text]
    listed = text.startswith("[")
    topics = parse_value(argument, text, ()) if listed else [text]
    if len(topics) != len(names):
        raise SettingsError(
            f"{argument}:={text} names {len(topics)} for {len(names)} cameras; give a list with "
            "one for each, as in [/front/image_raw, /left/image_raw]"
        )
    return [str(topic) for topic in topics]
