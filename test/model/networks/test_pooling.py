import pytest
import torch
import torch.nn.functional as F

from segnet_model.networks.pooling import max_pool_2x2, max_unpool_2x2


def maps(kind, dtype=torch.float32):
    generator = torch.Generator().manual_seed(1)
    if kind == "tied":
        return torch.randint(0, 2, (2, 3, 8, 10), generator=generator).to(dtype)
    shape = (2, 3, 7, 11) if kind == "odd" else (2, 3, 8, 10)
    x = torch.randn(shape, generator=generator, dtype=torch.float32).to(dtype)
    return -x.abs() if kind == "negative" else x


def there_and_back(x):
    pooled, positions = max_pool_2x2(x)
    return pooled, positions, max_unpool_2x2(pooled, positions, (x.shape[2], x.shape[3]))


@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("kind", ["random", "tied", "negative", "odd"])
def test_equals_pytorch(kind, dtype, memory_format):
    x = maps(kind, dtype).contiguous(memory_format=memory_format)
    expected, indices = F.max_pool2d(x, 2, return_indices=True)
    pooled, positions = max_pool_2x2(x)
    assert positions.dtype == torch.uint8
    assert torch.equal(pooled, expected)
    unpooled = max_unpool_2x2(pooled, positions, (x.shape[2], x.shape[3]))
    assert torch.equal(unpooled, F.max_unpool2d(expected, indices, 2, output_size=x.shape[2:]))
    assert unpooled.is_contiguous(memory_format=memory_format)


@pytest.mark.parametrize("kind", ["random", "odd"])
def test_gradients(kind):
    # A window more than two is enough, and each number costs two runs.
    x = maps(kind, torch.float64)[:1, :2, :, :7].clone().requires_grad_()
    size = (x.shape[2], x.shape[3])

    def there_and_back(x):
        pooled, positions = max_pool_2x2(x)
        return max_unpool_2x2(pooled * pooled, positions, size)

    assert torch.autograd.gradcheck(there_and_back, x)


def test_runs_in_deterministic_mode():
    torch.use_deterministic_algorithms(True)
    try:
        pooled, positions = max_pool_2x2(maps("random"))
        assert max_unpool_2x2(pooled, positions).count_nonzero() == pooled.numel()
    finally:
        torch.use_deterministic_algorithms(False)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("kind", ["random", "tied", "negative", "odd"])
def test_compiled_in_one_graph_to_the_same_values(kind, dtype):
    x = maps(kind, dtype)
    compiled = torch.compile(there_and_back, backend="eager", fullgraph=True, dynamic=False)
    for found, expected in zip(compiled(x), there_and_back(x), strict=True):
        assert torch.equal(found, expected)


def test_gradients_are_compiled_in_one_graph_too():
    x = maps("odd").requires_grad_()
    compiled = torch.compile(there_and_back, backend="aot_eager", fullgraph=True, dynamic=False)
    (found,) = torch.autograd.grad(compiled(x)[2].square().sum(), x)
    (expected,) = torch.autograd.grad(there_and_back(x)[2].square().sum(), x)
    torch.testing.assert_close(found, expected)


def test_exported_without_pytorchs_own_unpooling_or_indices():
    class Module(torch.nn.Module):
        def forward(self, x):
            return there_and_back(x)[2]

    program = torch.export.export(Module(), (maps("odd"),))
    names = {str(node.target) for node in program.graph.nodes}
    assert "aten.max_pool2d.default" in names
    assert not [n for n in names if "unpool" in n or "indices" in n or "bitwise" in n]
    values = [node.meta.get("val") for node in program.graph.nodes]
    kinds = {value.dtype for value in values if isinstance(value, torch.Tensor)}
    assert kinds == {torch.float32, torch.bool, torch.int32}  # TensorRT makes no bytes


def test_positions_of_one_image_serve_several_samples():
    x = maps("random")
    _, positions = max_pool_2x2(x[:1])
    values = torch.randn(5, 3, 4, 5, requires_grad=True)
    expected = torch.cat([max_unpool_2x2(each[None], positions) for each in values])
    assert torch.equal(max_unpool_2x2(values, positions), expected)


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), -0.0, 1e-40])
def test_special_values_survive(value):
    x = torch.full((1, 1, 4, 4), -1e30 if value == float("-inf") else -1.0)
    x[0, 0, 1, 2] = value
    if value == float("-inf"):
        x.fill_(value)
    pooled, _, unpooled = there_and_back(x)
    expected, indices = F.max_pool2d(x, 2, return_indices=True)
    assert torch.equal(pooled, expected)
    assert torch.equal(unpooled, F.max_unpool2d(expected, indices, 2))
