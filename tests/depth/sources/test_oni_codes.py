"""OpenNI's packing of depth, by hand-made codes."""

import numpy as np
import pytest

from core.depth.sources.oni_codes import unpack, unpack_by_table
from core.errors import MediaError


@pytest.mark.parametrize(
    ("codes", "pixels"),
    [
        ("E803", [1000]),
        ("E803 57", [1000, 1001, 1000]),  # 6 − 5, then 6 − 7
        ("E803 0C", [1000, 1006, 1000]),
        ("E803 5D", [1000, 1001]),  # no second one
        ("E803 E2", [1000] * 5),
        ("E803 E0", [1000]),
        ("E803 FF 80", [1000, 1064]),  # 192 − 128
        ("E803 FF FF", [1000, 937]),
        ("E803 FF 07D0", [1000, 2000]),
        ("E803 6F 07D0 57", [1000, 1000, 2000, 2001, 2000]),
        ("E803 6F C1 E1", [1000, 1000, 999, 999, 999]),
        ("0000 FF 0000 E1 FF 7FFF", [0, 0, 0, 0, 32767]),
        ("0100 CD", [1, 65531]),  # wraps
        # bytes in full that look like codes
        ("E803 FF 0FFF 66 FF 00E3 66", [1000, 4095, 4095, 4095, 227, 227, 227]),
        ("E803 FF 0DFF FF FF E1", [1000, 3583, 3520, 3520, 3520]),
    ],
)
def test_pixels_follow_from_the_codes(codes, pixels) -> None:
    assert unpack(bytes.fromhex(codes), len(pixels), "a").tolist() == pixels


def test_a_table_s_numbers_stand_for_values() -> None:
    codes = bytes.fromhex("0300 0000 E803 D007 0200 7D E1 5D")
    # the table 0, 1000, 2000; its numbers 2, 1, 1, 1, 2
    assert unpack_by_table(codes, 5, "a").tolist() == [2000, 1000, 1000, 1000, 2000]


@pytest.mark.parametrize(
    "codes", ["", "E8", "E803 FF", "E803 FF 07", "E803", "E803 EF EF", "E803 FE"]
)
def test_another_number_of_pixels_is_told(codes) -> None:
    with pytest.raises(MediaError, match="is damaged"):
        unpack(bytes.fromhex(codes), 4, "a")


@pytest.mark.parametrize(
    "codes", ["", "FFFF 0000", "0100 E803 0100", "0100 E803 0000 5D", "0200 E803"]
)
def test_a_number_beyond_the_table_is_told(codes) -> None:
    with pytest.raises(MediaError, match="is damaged"):
        unpack_by_table(bytes.fromhex(codes), 1 + ("5D" in codes), "a")


def plainly(codes: bytes) -> list[int]:
    """The same step by step, as the format is described."""
    value = int.from_bytes(codes[:2], "little")
    pixels, at = [value], 2

    def in_full() -> int:
        nonlocal at
        head = codes[at]
        at += 1 if head >= 128 else 2
        return (value + 192 - head) & 0xFFFF if head >= 128 else head * 256 + codes[at - 1]

    while at < len(codes):
        code = codes[at]
        at += 1
        if 0xE0 <= code < 0xFF:
            pixels += [value] * (2 * (code - 0xE0))
            continue
        if code < 0xE0:
            value = (value + 6 - (code >> 4)) & 0xFFFF
            pixels.append(value)
        if code == 0xFF or code & 15 == 15:
            value = in_full()
            pixels.append(value)
        elif code & 15 != 13:
            value = (value + 6 - (code & 15)) & 0xFFFF
            pixels.append(value)
    return pixels


@pytest.mark.parametrize("seed", range(20))
def test_any_codes_give_what_a_step_by_step_reading_gives(seed) -> None:
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 256, 2 + seed * 40).astype(np.uint8).tobytes() + b"\x66\x66\x66"
    pixels = plainly(codes)
    assert unpack(codes, len(pixels), "a").tolist() == pixels
