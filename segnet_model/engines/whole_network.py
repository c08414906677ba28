"""A network as it is exported: with its normalization and its scores."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from segnet_model.engines.features import ScoredNetwork
from segnet_model.engines.folding import fold_batch_norm
from segnet_model.engines.place import watch_places
from segnet_model.networks.encoder_decoder import halves
from segnet_model.networks.inputs import Normalize
from segnet_model.networks.outputs import class_logits
from segnet_model.weights.model_info import ModelInfo


class WholeNetwork(nn.Module):
    """From a camera's bytes to logits, so that a runtime needs no other code."""

    def __init__(self, network: nn.Module, info: ModelInfo) -> None:
        """Fold the network's batch normalization, and add the scores of its weights."""
        super().__init__()
        self.network = fold_batch_norm(network.eval())
        self._normalize = Normalize(info.mean, info.std)
        self._activation = info.activation
        self._scored = None if info.features is None else ScoredNetwork(self.network, info)
        self._places = watch_places(self.network, info)

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """From images (1, h, w, 3) uint8 RGB; see `Export.to_onnx`."""
        x = self._normalize(images)
        if self._scored is None:
            first, second = halves(self.network)
            answer = class_logits(second(first(x)), self._activation)
        else:
            raw, score = self._scored(x)
            answer = torch.cat([class_logits(raw, self._activation), score], 1)
        places = () if self._places is None else (self._places.scores,)
        return answer.permute(0, 2, 3, 1), *places
