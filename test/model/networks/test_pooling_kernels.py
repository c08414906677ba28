"""The kernels in Triton's interpreter on the CPU, compiled for GPUs, and on a GPU that is there."""

import importlib.util
import logging
import re

import pytest
import torch

from segnet_model.labels import LabelSet
from segnet_model.networks import pooling, pooling_kernels
from segnet_model.networks.pooling import BITS, max_pool_2x2, max_unpool_2x2
from segnet_model.weights.model_info import ModelInfo

FORMATS = [torch.contiguous_format, torch.channels_last]
SPECIAL = (float("nan"), -0.0, 0.0, 1.0, 1.0, float("inf"), -float("inf"), -1.0, 2e-40)


@pytest.fixture(scope="module")
def interpreted():
    """The module once more, with kernels that run on the CPU."""
    pytest.importorskip("triton")
    spec = importlib.util.spec_from_file_location("interpreted", pooling_kernels.__file__)
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRITON_INTERPRET", "1")
        spec.loader.exec_module(module)
    return module


def maps(kind, shape, dtype, memory_format):
    generator = torch.Generator().manual_seed(1)
    if kind == "random":
        x = torch.randn(shape, generator=generator).to(dtype)
    else:
        x = torch.tensor(SPECIAL, dtype=dtype)
        x = x[torch.randint(len(x), shape, generator=generator)]
    return x.contiguous(memory_format=memory_format)


def same_bits(a, b):
    bits = BITS[a.element_size()]
    return a.dtype == b.dtype and a.shape == b.shape and torch.equal(a.view(bits), b.view(bits))


@pytest.mark.parametrize("memory_format", FORMATS)
@pytest.mark.parametrize("kind", ["random", "special"])
@pytest.mark.parametrize(
    ("shape", "dtype"),
    [
        ((2, 3, 4, 4), torch.float32),
        ((1, 3, 5, 7), torch.float16),
        ((2, 2, 4, 5), torch.bfloat16),
        ((1, 2, 3, 2), torch.float64),
        ((0, 2, 4, 4), torch.float32),
    ],
)
def test_gives_the_bits_of_pytorchs_operations(interpreted, shape, dtype, kind, memory_format):
    x = maps(kind, shape, dtype, memory_format)
    expected, expected_positions = max_pool_2x2(x)
    pooled, positions = interpreted.pool(x, memory_format)
    assert same_bits(pooled, expected)
    assert same_bits(positions, expected_positions)
    size = shape[2:]
    unpooled = interpreted.unpool(pooled, positions, size, memory_format)
    assert same_bits(unpooled, max_unpool_2x2(expected, expected_positions, size))
    for found in (pooled, positions, unpooled):
        assert found.is_contiguous(memory_format=memory_format)


def test_a_row_longer_than_a_program(interpreted):
    x = maps("random", (1, 3, 2, 2 * interpreted.BLOCK + 2), torch.float32, torch.channels_last)
    expected = max_pool_2x2(x)
    found = interpreted.pool(x, torch.channels_last)
    assert all(map(same_bits, found, expected))
    size = x.shape[2:]
    unpooled = interpreted.unpool(*found, size, torch.channels_last)
    assert same_bits(unpooled, max_unpool_2x2(*expected, size))


@pytest.mark.parametrize("memory_format", FORMATS)
def test_positions_of_one_image_serve_several_samples(interpreted, memory_format):
    _, positions = max_pool_2x2(maps("random", (1, 3, 5, 4), torch.float32, torch.channels_last))
    values = maps("random", (3, 3, 2, 2), torch.float32, torch.contiguous_format)
    found = interpreted.unpool(values, positions, (5, 4), memory_format)
    assert same_bits(found, max_unpool_2x2(values, positions, (5, 4)))


@pytest.mark.parametrize("network", ["segnet_basic", pytest.param("enet", marks=pytest.mark.slow)])
def test_networks_and_their_gradients_are_the_same(interpreted, network, monkeypatch):
    torch.manual_seed(0)
    settings = {"features": 4} if network == "segnet_basic" else {"dropout": 0.0}
    built = ModelInfo(network, LabelSet.load("camvid"), (16, 24), settings).build().eval()
    x = torch.rand(1, 3, 16, 24)

    def run():
        built.zero_grad()
        logits = built(x)
        logits.square().mean().backward()
        return [logits.detach(), *(p.grad for p in built.parameters())]

    expected = run()
    monkeypatch.setattr(pooling, "fused_kernels", lambda device: interpreted)
    assert all(map(torch.equal, run(), expected))


@pytest.mark.parametrize("name", ["float16", "bfloat16"])
@pytest.mark.parametrize("capability", [87, 90])
def test_compiles_for_gpus_with_wide_loads(capability, name, tmp_path, monkeypatch):
    """Machine code for Jetson Orin and H100, made without any of them.

    A thread loads 16 bytes at once where channels are a power of two, as in all of our networks.
    """
    triton = pytest.importorskip("triton")
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource

    monkeypatch.setenv("TRITON_CACHE_DIR", str(tmp_path))
    pointers = {(place,): [["tt.divisibility", 16]] for place in range(3)}  # as PyTorch allocates
    pool = {"x": "*i16", "pooled": "*i16", "positions": "*u8", "height": "i32", "width": "i32"}
    unpool = {"x": "*i16", "positions": "*u8", "out": "*i16", "h": "i32", "w": "i32"}
    unpool |= {"height": "i32", "width": "i32", "places": "i32"}
    for kernel, types, more in (
        (pooling_kernels._pool, pool, {"floats": getattr(triton.language, name)}),
        (pooling_kernels._unpool, unpool, {}),
    ):
        constants = {"inner": 64, **more, "block": pooling_kernels.BLOCK}
        signature = {**types, **dict.fromkeys(constants, "constexpr")}
        source = ASTSource(kernel, signature, constants, pointers)
        made = triton.compile(source, target=GPUTarget("cuda", capability, 32))
        assert made.asm["cubin"]
        moves = re.findall(r"(?:ld|st)\.global[.\w]*", made.asm["ptx"])
        assert sum(".v4.b32" in each for each in moves) == 5  # of values
        assert sum(".v2.b32" in each for each in moves) == 1  # of positions
        assert len(moves) == 6


@pytest.mark.cuda
@pytest.mark.parametrize("memory_format", FORMATS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16, torch.float64])
@pytest.mark.parametrize("shape", [(2, 64, 45, 60), (1, 13, 7, 11), (3, 512, 11, 15)])
def test_gives_the_bits_of_pytorchs_operations_on_a_gpu(shape, dtype, memory_format, monkeypatch):
    """NaN aside, whose bits PyTorch changes in half precision: it has no right position then."""
    pytest.importorskip("triton")
    kernels = pooling.fused_kernels(torch.device("cuda:0"))
    assert kernels is pooling_kernels
    for kind in ("random", "special"):
        x = maps(kind, shape, dtype, memory_format)
        x = torch.where(x.isnan(), 3, x).contiguous(memory_format=memory_format).cuda()
        pooled, positions = kernels.pool(x, memory_format)
        unpooled = kernels.unpool(pooled, positions, shape[2:], memory_format)
        with monkeypatch.context() as patch:
            patch.setattr(pooling, "fused_kernels", lambda device: None)
            expected, places = max_pool_2x2(x)
            assert same_bits(pooled, expected)
            assert same_bits(positions, places)
            assert same_bits(unpooled, max_unpool_2x2(expected, places, shape[2:]))


@pytest.mark.cuda
def test_nan_survives_on_a_gpu():
    pytest.importorskip("triton")
    x = torch.full((1, 1, 2, 4), 1.0, dtype=torch.float16, device="cuda")
    x[0, 0, 1, 2] = torch.nan
    pooled, positions = pooling_kernels.pool(x, torch.contiguous_format)
    assert pooled.isnan().tolist() == [[[[False, True]]]]
    assert positions.tolist() == [[[[0, 2]]]]


def test_pytorchs_operations_take_over_where_triton_does_not_work(monkeypatch, caplog):
    def fails(device):
        raise RuntimeError("Failed to find C compiler.")

    pooling._working_kernels.cache_clear()
    assert pooling.fused_kernels(torch.device("cpu")) is None
    monkeypatch.setattr(pooling_kernels, "INSTALLED", True)
    monkeypatch.setattr(pooling_kernels, "check", fails)
    with caplog.at_level(logging.WARNING):
        assert pooling.fused_kernels(torch.device("cuda:0")) is None
        assert pooling.fused_kernels(torch.device("cuda:0")) is None
    assert caplog.text.count("Failed to find C compiler.), so PyTorch's slower operations") == 1
    assert "apt install gcc python3-dev" in caplog.text
    monkeypatch.setattr(pooling_kernels, "INSTALLED", False)
    assert pooling.fused_kernels(torch.device("cuda:1")) is None
    pooling._working_kernels.cache_clear()


def test_the_interpreter_passes_the_check_of_every_first_use(interpreted, monkeypatch):
    interpreted.check(torch.device("cpu"))
    monkeypatch.setattr(interpreted, "unpool", lambda x, *rest: torch.zeros(1))
    with pytest.raises(RuntimeError, match="it answers"):
        interpreted.check(torch.device("cpu"))
