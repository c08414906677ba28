"""Props: things that stand on the ground, made of panels and their shadows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator

from segnet_model.scenes.drawing.panels import Floats, Panel
from segnet_model.scenes.drawing.shadows import Shadow
from segnet_model.scenes.drawing.sketch import Cover
from segnet_model.scenes.weather.sky import Weather


@dataclass(frozen=True, eq=False)
class Prop:
    """A thing made of panels, with its shadows."""

    panels: tuple[Panel, ...]
    shadows: tuple[Shadow, ...] = ()
    turns: bool = (
        False  # its only panel turns towards the camera, as a flat picture of a round thing does
    )

    def moved(self, offset: Floats) -> "Prop":
        """Return the prop shifted by (3,) meters along the ground."""
        panels = tuple(panel.moved(offset) for panel in self.panels)
        shadows = tuple(Shadow(one.outline + offset[:2], one.strength) for one in self.shadows)
        return Prop(panels, shadows, self.turns)


Thing = Callable[[Generator, Weather, float], Prop]  # draws one, turned by radians


def faced(props: Sequence[Prop], position: Floats) -> list[Prop]:
    """Return the props near a (3,) position, those that turn square to the line from there."""
    turning = [prop for prop in props if prop.turns]
    near = [prop for prop in props if not prop.turns]
    if not turning:
        return near
    corners = np.stack([prop.panels[0].corners for prop in turning])
    reach = np.array([prop.panels[0].reach for prop in turning])
    away = corners[:, 0, :2] + corners[:, 1, :2] / 2 - position[:2]
    distance = np.hypot(away[:, 0], away[:, 1])
    width = np.hypot(corners[:, 1, 0], corners[:, 1, 1]) / np.maximum(1e-6, distance)
    across = np.stack([away[:, 1] * width, -away[:, 0] * width, 0 * width], axis=1)
    corners[:, 0] += (corners[:, 1] - across) / 2
    corners[:, 1] = across
    near += [_replaced(turning[i], corners[i]) for i in np.flatnonzero(distance < reach)]
    return near


def _replaced(prop: Prop, corners: Floats) -> Prop:
    panel = prop.panels[0]
    turned = Panel(corners, panel.texture, panel.light, panel.reach)
    return Prop((turned,), prop.shadows)


def upright(start: Floats, end: Floats, height: float) -> Floats:
    """Return the corners (3, 3) of a wall; start and end, (3,): its lower left and right."""
    rise = np.array([0.0, 0.0, height])
    return np.stack([start + rise, end - start, -rise])


def billboard(
    foot: Floats, texture: Cover, size: tuple[float, float], light: float, reach: float
) -> Panel:
    """Return a panel across the street, its bottom center at foot; size: width, height."""
    half = np.array([0.0, size[0] / 2, 0.0])
    return Panel(upright(foot + half, foot - half, size[1]), texture, light, reach)


def wall_shadow(start: Floats, end: Floats, height: float, weather: Weather) -> Shadow:
    """Return the shadow of a wall over the line from start to end."""
    cast = weather.cast(height)
    return hull_shadow([start[:2], end[:2], start[:2] + cast, end[:2] + cast])


def oval_shadow(
    foot: Floats, radius: float, low: float, high: float, weather: Weather, strength: float = 1.0
) -> Shadow:
    """Return the shadow of a cylinder between two heights."""
    angles = np.linspace(0, 2 * np.pi, 14, endpoint=False)
    ring = foot[:2] + radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return hull_shadow([*(ring + weather.cast(low)), *(ring + weather.cast(high))], strength)


def hull_shadow(points: Sequence[Floats], strength: float = 1.0) -> Shadow:
    """Return the convex shadow around the points, (2,) each."""
    hull = cv2.convexHull(np.array(points, np.float32))
    return Shadow(np.asarray(hull[:, 0, :], np.float64), strength)
