"""Lines, zebra crossings and curbs of a street, each pixel with the share that they cover."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from segnet_model.scenes.ground.street import PARKING, Plan, Street
from segnet_model.scenes.materials.tiles import Single

CURB = 0.16  # meters, width of its stones
_LINE = 0.12  # meters


@dataclass(frozen=True, eq=False)
class StreetPoints:
    """Ground points in street coordinates and the size of a pixel there, meters."""

    x: Single
    across: Single
    footprint: Single

    def lines(self, centers: Sequence[float], width: float = _LINE) -> Single:
        """Return the share of each pixel that the nearest line along the street covers, 0 to 1."""
        nearest = np.full_like(self.across, np.inf)
        for center in centers:
            np.minimum(nearest, np.abs(self.across - np.float32(center)), out=nearest)
        share = np.clip((np.float32(width / 2) - nearest) / self.footprint + np.float32(0.5), 0, 1)
        return np.asarray(share * np.minimum(1, np.float32(width) / self.footprint), np.float32)

    def dashes(self, length: float, gap: float) -> npt.NDArray[np.bool_]:
        """Return whether a dashed line is painted at each point."""
        return np.asarray(np.mod(self.x, np.float32(length + gap)) < np.float32(length))

    def between(self, start: float, end: float) -> npt.NDArray[np.bool_]:
        """Return whether each point lies between two x."""
        return np.asarray((self.x > start) & (self.x < end))

    def stripes(self, inside: npt.NDArray[np.bool_]) -> Single:
        """Return the painted share of each pixel inside a zebra crossing, 0 to 1."""
        away = np.abs(np.mod(self.across[inside], np.float32(1)) - np.float32(0.5))
        share = (np.float32(0.25) - away) / self.footprint[inside] + np.float32(0.5)
        return np.asarray(np.clip(share, 0, 1), np.float32)


def markings(
    points: StreetPoints, street: Street, plans: Sequence[Plan], dash: float, edge_lines: int
) -> Single:
    """Return the painted share of each pixel, 0 to 1; dash and edge_lines: see `Ground`."""
    paint = points.lines([0.0])
    if dash:
        paint *= points.dashes(dash, dash * 1.2)
    between = [hand * lane * street.lane_width for hand, lane in _lane_edges(street)]
    if between:
        paint = np.maximum(paint, points.lines(between) * points.dashes(3.0, 5.0))
    paint = np.maximum(paint, points.lines(_solid_lines(street, edge_lines)))
    for plan in plans:
        if plan.side_street.exists:
            paint[points.between(plan.side_street.start - 1, plan.side_street.end + 1)] = 0
        if plan.zebra.exists:
            inside = points.between(plan.zebra.start, plan.zebra.end)
            paint[inside] = points.stripes(inside)
    low, high = -street.right.half_road, street.left.half_road
    return paint * ((points.across > low) & (points.across < high))


def _lane_edges(street: Street) -> list[tuple[int, int]]:
    """Return side and number of each lane that has another lane of its direction beside it."""
    return [(hand, lane) for hand in (1, -1) for lane in range(1, street.side(hand).lanes)]


def _solid_lines(street: Street, edge_lines: int) -> list[float]:
    """Return y in meters of the solid lines at bicycle lanes, parking and curbs."""
    lines = []
    for hand in (1, -1):
        side = street.side(hand)
        lines.append(hand * side.lanes * street.lane_width)
        if side.parking:
            lines.append(hand * (side.half_road - PARKING))
        lines += [hand * (side.half_road - 0.25 - 0.24 * i) for i in range(edge_lines)]
    return lines


def curbs(points: StreetPoints, street: Street) -> Single:
    """Return the share of each pixel that curb stones cover, 0 to 1."""
    centers = street.left.half_road + CURB / 2, -street.right.half_road - CURB / 2
    return points.lines(centers, CURB)
