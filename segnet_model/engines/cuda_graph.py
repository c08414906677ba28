"""CUDA graphs: a function's kernels, recorded once for each shape of input and then replayed.

Launching a network's hundreds of kernels one by one takes the CPU longer than a fast GPU takes to
run them; a recorded graph is one launch. Its inputs and outputs keep their memory.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from typing import Any

import torch
from torch import Tensor

MAX_GRAPHS = 4  # each keeps its memory; a robot's cameras have few sizes
WARM_UP = 3  # runs before the recording, for libraries to choose their algorithms


class GraphedFunction:
    """Runs a function of a uint8 tensor and a constant on an NVIDIA GPU: bytes in, maps out.

    Shapes depend on these two alone. Input and outputs are copied through pinned memory.
    """

    def __init__(
        self, function: Callable[[Tensor, Any], Sequence[Tensor]], device: torch.device
    ) -> None:
        """Take a function of a tensor on the GPU and a constant, which only launches kernels."""
        self._function, self._device = function, device
        self._graphs: OrderedDict[Hashable, _Graph] = OrderedDict()

    def __call__(self, x: Tensor, constant: Hashable) -> list[Tensor]:
        """Run the function on x, uint8 on the CPU; returns its results on the CPU."""
        key = x.shape, constant
        graph = self._graphs.pop(key, None)
        if graph is None:
            graph = _Graph(lambda y: self._function(y, constant), x.shape, self._device)
        self._graphs[key] = graph  # the newest is last
        if len(self._graphs) > MAX_GRAPHS:
            self._graphs.popitem(last=False)
        return graph.replay(x)

    def clear(self) -> None:
        """Free all recordings."""
        self._graphs.clear()


class _Graph:
    """The recording of one shape."""

    def __init__(
        self,
        function: Callable[[Tensor], Sequence[Tensor]],
        shape: torch.Size,
        device: torch.device,
    ) -> None:
        self._pinned = torch.zeros(shape, dtype=torch.uint8, pin_memory=True)
        self._input = torch.zeros(shape, dtype=torch.uint8, device=device)
        stream = torch.cuda.Stream(device)
        stream.wait_stream(torch.cuda.current_stream(device))
        with torch.cuda.stream(stream):
            for _ in range(WARM_UP):
                function(self._input)
        torch.cuda.current_stream(device).wait_stream(stream)
        self._graph = torch.cuda.CUDAGraph()
        # Another thread may run another network meanwhile.
        with torch.cuda.graph(self._graph, capture_error_mode="thread_local"):
            self._outputs = function(self._input)
        self._results = [torch.empty_like(y, device="cpu").pin_memory() for y in self._outputs]
        self._done = torch.cuda.Event()

    def replay(self, x: Tensor) -> list[Tensor]:
        self._pinned.copy_(x)
        self._input.copy_(self._pinned, non_blocking=True)
        self._graph.replay()
        for result, output in zip(self._results, self._outputs, strict=True):
            result.copy_(output, non_blocking=True)
        self._done.record()
        self._done.synchronize()
        return [result.clone() for result in self._results]  # the next replay writes them again
