"""Values of launch arguments, which are texts, as parameters and topics."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import yaml

from segnet_model.base.errors import SettingsError
from segnet_model.base.options import options_of
from segnet_model.base.topics import info_topic

NODE = "segmentation"
INSIDE = f"/{NODE}/"  # where RViz's configuration has the node's topics
# All cameras share these topics of the node; all others are below the camera's name.
SHARED = ("drivable_map", "drivable_map_updates")


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
    if default == () and not all(isinstance(each, str) for each in value):
        raise SettingsError(f"{name}:={text} is not a list of texts, as in ['Road', 'Grass:80']")
    return value


def file_at(name: str, values: Mapping[str, str]) -> str:
    """The path of the file that a launch argument names; empty where it names none.

    Raises:
        SettingsError: there is no such file.
    """
    file = values[name]
    if file and not Path(file).is_file():  # ROS would only warn, and go on without
        raise SettingsError(f"{name}:={file}: there is no such file")
    return file


def node_value(values: Mapping[str, str], table: type[Any], name: str) -> Any:
    """The value of a parameter that the node will have.

    Args:
        values: the texts of the launch arguments, which override params_file.
        table: a dataclass of options, with the defaults.
        name: of the parameter.

    Raises:
        SettingsError: the text does not fit the parameter, or there is no such file.
    """
    value = options_of(table)[name].default
    if values[name]:
        return parse_value(name, values[name], value)
    file = file_at("params_file", values)
    given = yaml.safe_load(Path(file).read_text()) if file else None
    for path, parameters in _sections(given):
        if path.rpartition("/")[2] in (NODE, "*", "**"):
            value = parameters.get(name, value)
    return value


def _sections(given: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """The parameters in a file's document, with the name of their node."""
    for key, value in given.items() if isinstance(given, dict) else ():
        if key == "ros__parameters" and isinstance(value, dict):
            yield path, value
        else:
            yield from _sections(value, f"{path}/{key}")


def node_name(namespace: str) -> str:
    """The full name of the node `segmentation` in a namespace; empty for none."""
    return "/".join(["", *filter(None, namespace.split("/")), NODE])


def rviz_remappings(config: Any, namespace: str = "", camera: str = "") -> list[tuple[str, str]]:
    """Remappings of the topics in RViz's configuration to the topics of a node.

    Args:
        config: its document, with topics such as /segmentation/overlay.
        namespace: of the node; empty for none.
        camera: its name; empty for the only one.
    """
    # A Camera display takes camera_info from beside its image.
    topics = {f"{INSIDE}camera_info", *_texts(config)}
    found = []
    for topic in sorted(topic for topic in topics if topic.startswith(INSIDE)):
        name = topic.removeprefix(INSIDE)
        place = f"/{camera}" if camera and name not in SHARED else ""
        found.append((topic, f"{node_name(namespace)}{place}/{name}"))
    return [pair for pair in found if pair[0] != pair[1]]


def rviz_for_cameras(config: Any, namespace: str, cameras: Sequence[str]) -> Any:
    """A copy of RViz's configuration with the displays of each of several cameras.

    Each has its own; the map, the squares and the robot's frame are shown once.

    Args:
        config: the document for the only camera.
        namespace: of the node; empty for none.
        cameras: their names, two or more.
    """
    found = deepcopy(config)
    shown = found["Visualization Manager"]["Displays"]
    own = [each for each in shown if _is_of_camera(each)]
    shared = [_replaced(each, dict(rviz_remappings(each, namespace))) for each in shown]
    found["Visualization Manager"]["Displays"] = [
        *(new for new, old in zip(shared, shown, strict=True) if old not in own),
        *(_of_camera(each, namespace, camera, own) for camera in cameras for each in own),
    ]
    return found


def _of_camera(display: Any, namespace: str, camera: str, own: Sequence[Any]) -> Any:
    """A display's copy for a camera that has displays of its own: its topics, and their names."""
    found = _replaced(display, dict(rviz_remappings(display, namespace, camera)))
    names = {each["Name"]: f"{each['Name']}, {camera}" for each in own}
    found["Name"] = names[display["Name"]]
    if "Visibility" in found:  # of the others, in a Camera display
        found["Visibility"] = {names.get(k, k): on for k, on in found["Visibility"].items()}
    return found


def _is_of_camera(display: Any) -> bool:
    return any(topic.removeprefix(INSIDE) not in SHARED for topic in _inside(display))


def _inside(display: Any) -> Iterator[str]:
    """The node's topics in a display."""
    return (text for text in _texts(display) if text.startswith(INSIDE))


def _replaced(config: Any, texts: Mapping[str, str]) -> Any:
    """A copy of a document with some texts replaced."""
    if isinstance(config, dict):
        return {key: _replaced(value, texts) for key, value in config.items()}
    if isinstance(config, list):
        return [_replaced(value, texts) for value in config]
    return texts.get(config, config) if isinstance(config, str) else config


def _texts(config: Any) -> Iterator[str]:
    """Every text in a document."""
    if isinstance(config, str):
        yield config
    elif isinstance(config, dict | list):
        for each in config.values() if isinstance(config, dict) else config:
            yield from _texts(each)


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
