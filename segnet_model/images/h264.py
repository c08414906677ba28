"""Numbers of the frames in an H.264 stream, which show a frame that was lost.

FFmpeg puts a copy of the frame before in its place and goes on, without an error.
ITU-T H.264, 7.3 and 7.4.3: each frame has the number (frame_num) of the last reference frame plus
one; it starts at 0 with an IDR frame.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

START = b"\0\0\1"  # of a unit in the byte stream format
SLICES, IDR, SPS, PPS = (1, 2, 5), 5, 7, 8  # kinds of units
HEAD = {SPS: 1000, PPS: 12}  # bytes that are read of a unit
SLICE_HEAD = 32
# Profiles whose parameters begin with the colors and the scaling lists.
HIGH = (44, 83, 86, 100, 110, 118, 122, 128, 134, 135, 138, 139, 244)
SEPARATE_PLANES = 3  # of chroma_format_idc
MAX_CYCLE = 255


class _Stream(NamedTuple):
    """What a sequence parameter set says of frame numbers."""

    bits: int  # of a frame number
    separate: bool  # whether each color plane has slices of its own
    gaps: bool  # whether numbers may be left out
    fields: bool  # whether a frame may be sent as two fields, with one number


class FrameNumbers:
    """Reads the number of each frame from its packet, in the order of decoding."""

    def __init__(self, extradata: bytes | None) -> None:
        """Begin before the first packet.

        Args:
            extradata: of the stream, with its parameter sets; `avcC` in MP4 and Matroska.
        """
        self._streams: dict[int, _Stream] = {}
        self._stream_of: dict[int, int] = {}  # id of the sequence by id of the picture parameters
        self._last: int | None = None  # of the last reference frame
        extradata = extradata or b""
        self._length = 0  # bytes of a unit's length; 0 in the byte stream format
        units = _after_starts(extradata)
        if extradata[:1] == b"\1" and len(extradata) > 6:
            self._length = (extradata[4] & 3) + 1
            units = _of_avcc(extradata)
        for unit in units:
            self._keep(unit)

    def is_after_loss(self, packet: bytes) -> bool:
        """Whether a frame is missing between the last packet and this one."""
        units = _after_lengths(packet, self._length) if self._length else _after_starts(packet)
        for unit in units:
            if _kind(unit) in SLICES:
                with suppress(ValueError):  # a damaged one: the decoder says so
                    return self._is_gap(unit)
                return False
            self._keep(unit)
        return False

    def _keep(self, unit: bytes) -> None:
        """Remember parameter sets."""
        with suppress(ValueError):
            if _kind(unit) == SPS:
                bits = _Bits(unit[1 : HEAD[SPS]])
                profile, name = bits.read(24) >> 16, bits.number()
                self._streams[name] = _stream(bits, profile)
            elif _kind(unit) == PPS:
                bits = _Bits(unit[1 : HEAD[PPS]])
                name, stream = bits.number(), bits.number()
                self._stream_of[name] = stream

    def _is_gap(self, unit: bytes) -> bool:
        bits = _Bits(unit[1:SLICE_HEAD])
        bits.number(), bits.number()  # first macroblock, type of the slice
        stream = self._streams.get(self._stream_of.get(bits.number(), -1))
        if stream is None:
            return False
        bits.read(2 * stream.separate)
        number = bits.read(stream.bits)
        is_field = stream.fields and bool(bits.read(1))
        if _kind(unit) == IDR:
            self._last = 0
            return False
        right = {((self._last or 0) + 1) % (1 << stream.bits)}
        if is_field:  # the second one, or a later one without references
            right.add(self._last or 0)
        gap = self._last is not None and not stream.gaps and number not in right
        if unit[0] & 0x60:  # others build on it
            self._last = number
        elif self._last is None or gap:
            self._last = (number - 1) % (1 << stream.bits)
        return gap


class _Bits:
    """Reads numbers from a unit, bit by bit."""

    def __init__(self, data: bytes) -> None:
        data = data.replace(b"\0\0\3", b"\0\0")  # 3 keeps the start of a unit from its middle
        self._value, self._left = int.from_bytes(data, "big"), 8 * len(data)

    def read(self, count: int) -> int:
        """A number of so many bits; ValueError after the end."""
        self._left -= count
        if self._left < 0:
            raise ValueError("the unit is too short")
        return self._value >> self._left & ((1 << count) - 1)

    def number(self) -> int:
        """A number of 0 or more in Exp-Golomb coding."""
        zeros = 0
        while not self.read(1):
            zeros += 1
        return (1 << zeros) - 1 + self.read(zeros)

    def signed(self) -> int:
        """A signed number in Exp-Golomb coding."""
        number = self.number()
        return (number + 1) // 2 * (1 if number % 2 else -1)


def _stream(bits: _Bits, profile: int) -> _Stream:
    """Read a sequence parameter set from behind its id on."""
    separate = False
    if profile in HIGH:
        chroma = bits.number()
        separate = chroma == SEPARATE_PLANES and bool(bits.read(1))
        bits.number(), bits.number(), bits.read(1)  # depths, lossless
        if bits.read(1):
            _skip_scaling(bits, 12 if chroma == SEPARATE_PLANES else 8)
    length = bits.number() + 4
    _skip_order(bits)
    bits.number()  # frames that are kept
    gaps = bool(bits.read(1))
    bits.number(), bits.number()  # width and height
    return _Stream(length, separate, gaps, not bits.read(1))


def _skip_scaling(bits: _Bits, count: int) -> None:
    for index in range(count):
        if not bits.read(1):
            continue
        last = following = 8
        for _ in range(16 if index < 6 else 64):  # blocks of 4x4, then of 8x8
            following = following and (last + bits.signed()) % 256
            last = following or last


def _skip_order(bits: _Bits) -> None:
    """Skip how the order of display is told (pic_order_cnt_type)."""
    kind = bits.number()
    if kind == 0:
        bits.number()
    elif kind == 1:
        bits.read(1), bits.signed(), bits.signed()
        for _ in range(min(bits.number(), MAX_CYCLE)):
            bits.signed()


def _kind(unit: bytes) -> int:
    return unit[0] & 0x1F if unit else 0


def _after_starts(data: bytes) -> Iterator[bytes]:
    """The first bytes of each unit in the byte stream format."""
    at = data.find(START)
    while at >= 0:
        at += len(START)
        yield data[at : at + max(HEAD.values())]
        at = data.find(START, at)


def _after_lengths(data: bytes, size: int) -> Iterator[bytes]:
    """The first bytes of each unit behind a length of so many bytes."""
    at = 0
    while at + size < len(data):
        length = int.from_bytes(data[at : at + size], "big")
        yield data[at + size : at + size + min(length, max(HEAD.values()))]
        at += size + length


def _of_avcc(data: bytes) -> Iterator[bytes]:
    """The parameter sets of an `avcC` record (ISO/IEC 14496-15, 5.3.3.1)."""
    at = 5
    for mask in (0x1F, 0xFF):  # sequences, then pictures
        count, at = int.from_bytes(data[at : at + 1], "big") & mask, at + 1
        for _ in range(count):
            length = int.from_bytes(data[at : at + 2], "big")
            yield data[at + 2 : at + 2 + length]
            at += 2 + length
