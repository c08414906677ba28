"""Capabilities of this machine's processor, and warnings that are logged once."""

from __future__ import annotations

import logging
from contextlib import suppress
from functools import cache
from pathlib import Path

logger = logging.getLogger(__name__)


def cpu_has_bfloat16() -> bool:
    """Whether the processor multiplies bfloat16 in hardware; emulation is slower."""
    return _has("avx512_bf16") or cpu_has_amx()


def cpu_gains_from_bfloat16() -> bool:
    """Whether bfloat16 is faster than float32.

    AMD's AVX-512 units multiply twice as many bfloat16 numbers a cycle as float32 ones, Intel's
    equally many, so that the conversions make them slower. Intel's matrix unit, AMX, gains.
    """
    return cpu_has_amx() or (_has("avx512_bf16") and _has("AuthenticAMD", "vendor_id"))


def cpu_has_amx() -> bool:
    """Whether it has a matrix unit for bfloat16, compared to which additions are slow."""
    return _has("amx_bf16") or _has("amx_tile")


def cpu_has_int8() -> bool:
    """Whether it multiplies bytes four at a time (VNNI); without, int8 gains little."""
    return _has("avx512_vnni") or _has("avx_vnni") or _has("amx_int8")


@cache
def warn_once(text: str) -> None:
    """Log a warning the first time only."""
    logger.warning(text)


@cache
def _has(name: str, field: str = "flags") -> bool:
    """Whether Linux lists a flag of the processor; not known, so False, on other systems."""
    with suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return any(name in line.split() for line in lines if line.startswith(field))
    return False
