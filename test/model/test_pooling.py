import pytest
import torch
import torch.nn.functional as F

from segnet_model.pooling import max_pool_2x2, max_unpool_2x2


def maps(kind, dtype=torch.float32):
    generator = torch.Generator().manual_seed(1)
    if kind == "tied":
        return torch.randint(0, 2, (2, 3, 8, 10), generator=generator).to(dtype)
    shape = (2, 3, 7, 11) if kind == "odd" else (2, 3, 8, 10)
    x = torch.randn(shape, generator=generator, dtype=torch.float32).to(dtype)
    return -x.abs() if kind == "negative" else x


@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
@pytest.mark.parametrize("kind", ["random", "tied", "negative", "odd"])
def test_equals_pytorch(kind, dtype, memory_format):
    x = maps(kind, dtype).contiguous(memory_format=memory_format)
    expected, indices = F.max_pool2d(x, 2, return_indices=True)
    pooled, places = max_pool_2x2(x)
    assert places.dtype == torch.uint8
    assert torch.equal(pooled, expected)
    unpooled = max_unpool_2x2(pooled, places, (x.shape[2], x.shape[3]))
    assert torch.equal(unpooled, F.max_unpool2d(expected, indices, 2, output_size=x.shape[2:]))
    assert unpooled.is_contiguous(memory_format=memory_format)


@pytest.mark.parametrize("kind", ["random", "odd"])
def test_gradients(kind):
    x = maps(kind, torch.float64).requires_grad_()
    size = (x.shape[2], x.shape[3])

    def there_and_back(x):
        pooled, places = max_pool_2x2(x)
        return max_unpool_2x2(pooled * pooled, places, size)

    assert torch.autograd.gradcheck(there_and_back, x)


def test_runs_where_pytorch_is_told_to_be_deterministic():
    torch.use_deterministic_algorithms(True)
    try:
        pooled, places = max_pool_2x2(maps("random"))
        assert max_unpool_2x2(pooled, places).count_nonzero() == pooled.numel()
    finally:
        torch.use_deterministic_algorithms(False)
