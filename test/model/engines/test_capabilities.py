"""What is concluded from the processor's flags, as Linux lists them."""

import pytest
import torch

from segnet_model.engines import capabilities
from segnet_model.engines.torch_engine import TorchEngine
from segnet_model.training.optimization import autocast_dtype
from segnet_model.weights.checkpoint import load_weights
from segnet_model.weights.shipped import find_weights

AVX512 = "fpu avx2 avx512f avx512_vnni"
PROCESSORS = {
    "AMD Zen 3": ("AuthenticAMD", "fpu avx2", "float32"),
    "AMD Zen 4": ("AuthenticAMD", f"{AVX512} avx512_bf16", "bfloat16"),
    "Intel Ice Lake": ("GenuineIntel", AVX512, "float32"),
    "Intel Cooper Lake": ("GenuineIntel", f"{AVX512} avx512_bf16", "float32"),
    "Intel Sapphire Rapids": (
        "GenuineIntel",
        f"{AVX512} avx512_bf16 amx_bf16 amx_tile amx_int8",
        "bfloat16",
    ),
}


@pytest.mark.parametrize("name", PROCESSORS)
def test_auto_takes_bfloat16_where_it_is_faster(name, tmp_path, monkeypatch):
    """Intel's AVX-512 multiplies as many bfloat16 numbers a cycle as float32 ones: no gain."""
    vendor, flags, expected = PROCESSORS[name]
    listing = tmp_path / "cpuinfo"
    listing.write_text(f"processor\t: 0\nvendor_id\t: {vendor}\nflags\t\t: {flags}\n\n")
    monkeypatch.setattr(capabilities, "Path", lambda _: listing)
    capabilities._has.cache_clear()
    try:
        assert capabilities.cpu_has_bfloat16() == ("avx512_bf16" in flags)
        network, info = load_weights(find_weights("segnet_basic_drives"))
        assert TorchEngine(network, info, "cpu", "auto").precision == expected
        half = autocast_dtype("auto", torch.device("cpu"))
        assert half == {"float32": None, "bfloat16": torch.bfloat16}[expected]
    finally:
        capabilities._has.cache_clear()
