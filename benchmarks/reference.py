"""What every speed figure is held against: the textbook's SegNet, and its Lovasz loss.

Plain eager PyTorch in float32: contiguous memory, `nn.MaxPool2d(return_indices=True)` and
`nn.MaxUnpool2d`, convolution, batch normalization and ReLU one after the other.
"""

from __future__ import annotations

from copy import deepcopy

import torch
from torch import Tensor, nn

from segnet_model.networks.encoder_decoder import EncoderDecoder
from segnet_model.weights.model_info import ModelInfo


class Textbook(nn.Module):
    """The layers of one of our networks, put together as everyone does."""

    def __init__(self, network: EncoderDecoder, info: ModelInfo) -> None:
        super().__init__()
        self.layers = deepcopy(network).eval().to(memory_format=torch.contiguous_format)
        self.pool = nn.MaxPool2d(2, return_indices=True)
        self.unpool = nn.MaxUnpool2d(2)
        self.register_buffer("mean", torch.tensor(info.mean)[:, None, None])
        self.register_buffer("std", torch.tensor(info.std)[:, None, None])

    def prepare(self, images: Tensor) -> Tensor:
        """(N, h, w, 3) uint8 to the network's input (N, 3, h, w), contiguous."""
        x = images.permute(0, 3, 1, 2).contiguous().to(self.mean.device) / 255
        return (x - self.mean) / self.std

    def forward(self, x: Tensor) -> Tensor:
        """Logits (N, C, h, w)."""
        net, behind = self.layers, []
        for encoder, dropout in zip(net.encoders, net.encoder_dropouts, strict=True):
            x = encoder(x)
            size = x.shape
            x, indices = self.pool(x)
            behind.append((indices, size))
            x = dropout(x)
        for decoder, dropout in zip(net.decoders, net.decoder_dropouts, strict=True):
            indices, size = behind.pop()
            x = dropout(decoder(self.unpool(x, indices, output_size=size)))
        return net.classifier(x)

    def sampling(self) -> Textbook:
        """The same with its dropout on."""
        for module in self.modules():
            if isinstance(module, nn.Dropout):
                module.train()
        return self


def lovasz_by_sorting(logits: Tensor, labels: Tensor, ignore_id: int) -> Tensor:
    """Lovasz-softmax as the paper's algorithm 1 has it: every class sorts every pixel."""
    known, losses = labels != ignore_id, []
    probabilities, labels = logits.softmax(1).movedim(1, -1)[known], labels[known]
    for one in labels.unique().tolist():
        errors = ((labels == one).float() - probabilities[:, one]).abs()
        errors, order = errors.sort(descending=True)
        right = (labels == one)[order].float()
        jaccard = 1 - (right.sum() - right.cumsum(0)) / (right.sum() + (1 - right).cumsum(0))
        losses.append(errors @ jaccard.diff(prepend=jaccard.new_zeros(1)))
    return torch.stack(losses).mean()
