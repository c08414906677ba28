"""Poses of frames in each other, as tf has them, and their composition and interpolation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Transform:
    """The pose of a frame in another one.

    Attributes:
        translation: (3,) meters.
        rotation: (4,) quaternion x, y, z, w of length 1.
    """

    translation: np.ndarray
    rotation: np.ndarray

    def after(self, inner: Transform) -> Transform:
        """The pose in this one's parent of a frame whose pose in this one's child is inner."""
        moved = self.translation + _turned(self.rotation, inner.translation)
        return Transform(moved, _times(self.rotation, inner.rotation))

    def inverse(self) -> Transform:
        """The pose of the parent in the child."""
        back = self.rotation * (-1, -1, -1, 1)
        return Transform(-_turned(back, self.translation), back)

    def towards(self, other: Transform, share: float) -> Transform:
        """Interpolate to another pose in the same parent; share is 0 here and 1 there."""
        translation = (1 - share) * self.translation + share * other.translation
        return Transform(translation, _slerp(self.rotation, other.rotation, share))


IDENTITY = Transform(np.zeros(3), np.array([0.0, 0.0, 0.0, 1.0]))


def _times(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """The product of two quaternions: the rotation second, then first."""
    vector = first[3] * second[:3] + second[3] * first[:3] + np.cross(first[:3], second[:3])
    return np.append(vector, first[3] * second[3] - first[:3] @ second[:3])


def _turned(rotation: np.ndarray, vector: np.ndarray) -> np.ndarray:
    """A vector (3,) after a rotation."""
    twice = 2 * np.cross(rotation[:3], vector)
    turned: np.ndarray = vector + rotation[3] * twice + np.cross(rotation[:3], twice)
    return turned


def _slerp(first: np.ndarray, second: np.ndarray, share: float) -> np.ndarray:
    """The rotation on the shorter way between two: Shoemake, SIGGRAPH 1985."""
    cosine = float(first @ second)
    if cosine < 0:
        second, cosine = -second, -cosine
    angle = np.arccos(min(cosine, 1.0))
    if angle < 1e-6:  # too little to divide by its sine
        return first
    mixed = np.sin((1 - share) * angle) * first + np.sin(share * angle) * second
    found: np.ndarray = mixed / np.sin(angle)
    return found
