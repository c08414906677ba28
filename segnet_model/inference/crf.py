"""Dense conditional random field, which moves the edges of a prediction to those of the image.

Krähenbühl and Koltun, "Efficient Inference in Fully Connected CRFs with Gaussian Edge Potentials",
NeurIPS 2011: mean field with an appearance and a smoothness kernel, equation 3. Far pixels hardly
count, so the kernels end after a few pixels, as in Teichmann and Cipolla, "Convolutional CRFs",
BMVC 2019. That takes a few passes over the image instead of their filter on a lattice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from segnet_model.inference.prediction import Prediction
from segnet_model.networks.inputs import resize_maps


@dataclass(frozen=True)
class DenseCrf:
    """Dense CRF, with settings that were chosen on training images of CamVid."""

    reach: int = 3  # of the kernels to each side, steps
    step: int = 2  # pixels
    iterations: int = 3
    appearance: float = 1.5  # weight of the kernel for near pixels of similar color
    appearance_position: float = 10.0  # pixels, standard deviation
    appearance_color: float = 8.0  # of 255, standard deviation
    smoothness: float = 0.02  # weight of the kernel for near pixels
    smoothness_position: float = 2.0  # pixels, standard deviation

    def __call__(self, prediction: Prediction, images: Tensor) -> Prediction:
        """Add `refined` probabilities to a prediction; images as for `refine`."""
        size = images.shape[1], images.shape[2]
        probabilities = resize_maps(prediction.probabilities, size)
        return replace(prediction, refined=self.refine(probabilities, images))

    def refine(self, probabilities: Tensor, images: Tensor) -> Tensor:
        """Infer the mean field.

        Args:
            probabilities: (N, C, h, w) float32.
            images: (N, h, w, 3) uint8 RGB.

        Returns:
            (N, C, h, w) float32.
        """
        colors = images.to(probabilities.device).movedim(-1, 1).float()
        kernels = list(self._kernels(colors))
        unary = probabilities.clamp_min(1e-6).log()
        q = probabilities
        for _ in range(self.iterations):
            message = unary.clone()
            for here, there, kernel in kernels:
                # Both pixels of a pair send a message: Potts' model up to a constant.
                message[here] += kernel * q[there]
                message[there] += kernel * q[here]
            q = message.softmax(1)
        return q

    def _kernels(
        self, colors: Tensor
    ) -> Iterator[tuple[tuple[slice, ...], tuple[slice, ...], Tensor]]:
        """Each pair of shifted views once, with the weights of their pairs of pixels."""
        height, width = colors.shape[-2:]
        for down in range(self.reach + 1):
            for right in range(-self.reach, self.reach + 1):
                dy, dx = down * self.step, right * self.step
                if (down, right) <= (0, 0) or dy >= height or abs(dx) >= width:
                    continue
                here = (..., slice(0, height - dy), slice(max(0, -dx), width - max(0, dx)))
                there = (..., slice(dy, height), slice(max(0, dx), width - max(0, -dx)))
                yield here, there, self._weight(colors[here] - colors[there], dy, dx)  # type: ignore[misc]

    def _weight(self, difference: Tensor, dy: int, dx: int) -> Tensor:
        """(N, 1, h, w): equation 3 for pixels that are (dy, dx) apart."""
        square = float(dy * dy + dx * dx)
        alike = difference.square().sum(1, keepdim=True) / (-2 * self.appearance_color**2)
        near = square / (-2 * self.appearance_position**2)
        smooth = torch.tensor(square / (-2 * self.smoothness_position**2)).exp().item()
        weight: Tensor = self.appearance * (alike + near).exp() + self.smoothness * smooth
        return weight
