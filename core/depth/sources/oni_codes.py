"""OpenNI's packing of a 16-bit picture: differences from pixel to pixel, in half bytes where small.

The format (16zP, and 16zT where values are numbers in a table that comes first), little-endian:

    2 bytes        the first pixel
    0xab, a < 14   the next pixel is the last one + 6 − a, the one after it + 6 − b; where b is 13
                   there is no second one, where b is 15 it follows in full
    0xEn           2 n pixels as the last one
    0xFF           the next pixel follows in full
    in full        1 byte from 128 on: the last one + 192 − it; else 2 bytes, the high one first

Values wrap at 16 bits. The order of steps is found without a loop over bytes: from each byte it is
known where the next step would begin, and doubling such jumps finds those that are really reached.
"""

import numpy as np
from numpy.typing import NDArray

from core.errors import MediaError

Numbers = NDArray[np.uint16]

_FULL, _RUN, _NONE = 0xFF, 0xE0, 0x0D


def unpack(content: bytes, count: int, name: str) -> Numbers:
    """So many pixels of 16zP.

    Raises:
        MediaError: it unpacks to another number of them.
    """
    if len(content) < 2:
        raise MediaError(f"{name} is damaged: {len(content)} bytes are no picture")
    first = int.from_bytes(content[:2], "little")
    codes = np.frombuffer(content, np.uint8)[2:].astype(np.int64)
    steps = _Steps(codes)
    found = 1 + int(steps.times.sum())
    if found != count:
        raise MediaError(f"{name} is damaged: it unpacks to {found:,} pixels instead of {count:,}")
    return np.concatenate([[first], steps.values(first)]).astype(np.uint16)


def unpack_by_table(content: bytes, count: int, name: str) -> Numbers:
    """So many pixels of 16zT.

    Raises:
        MediaError: it unpacks to another number of them, or a pixel isn't in its table.
    """
    size = int.from_bytes(content[:2], "little")
    table = np.frombuffer(content[2 : 2 + 2 * size], np.uint8)
    numbers = unpack(content[2 + 2 * size :], count, name)
    if len(table) < 2 * size or numbers.max() >= size:
        raise MediaError(f"{name} is damaged: it names a value that isn't in its table of {size}")
    return table.view("<u2")[numbers].astype(np.uint16)


class _Steps:
    """What the codes do, two steps each (the second one may do nothing).

    Attributes:
        change: of the value.
        is_value: `change` is the value itself.
        times: how many pixels have the value after it.
    """

    def __init__(self, codes: NDArray[np.int64]) -> None:
        padded = np.concatenate([codes, [0, 0]])
        at = _starts(padded)
        code, low = padded[at], padded[at] & 15
        run = (code >= _RUN) & (code < _FULL)
        pair = code < _RUN
        full = (code == _FULL) | (pair & (low == 15))
        near = full & (padded[at + 1] >= 128)
        far = full & ~near
        second = pair & (low < 15) & (low != _NONE)
        value = (padded[at + 1] << 8) + padded[np.minimum(at + 2, len(padded) - 1)]

        self.change = np.zeros(2 * len(at), np.int64)
        self.change[0::2] = np.where(pair, 6 - (code >> 4), 0)
        self.change[1::2] = (
            np.where(second, 6 - low, 0)
            + np.where(near, 192 - padded[at + 1], 0)
            + np.where(far, value, 0)
        )
        self.is_value = np.zeros(2 * len(at), bool)
        self.is_value[1::2] = far
        self.times = np.zeros(2 * len(at), np.int64)
        self.times[0::2] = np.where(run, 2 * (code - _RUN), pair)
        self.times[1::2] = second | full

    def values(self, first: int) -> NDArray[np.int64]:
        """The pixels after the first one."""
        total = np.cumsum(np.where(self.is_value, 0, self.change))
        steps = np.arange(len(total))
        last_value = np.maximum.accumulate(np.where(self.is_value, steps, -1))
        base = np.where(last_value < 0, first, (self.change - total)[last_value])
        return np.repeat((total + base) & 0xFFFF, self.times)


def _starts(padded: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where steps begin in codes that two zeros follow."""
    end = len(padded) - 2
    code = padded[:end]
    full = (code == _FULL) | ((code < _RUN) & (code & 15 == 15))
    length = np.where(full, np.where(padded[1 : end + 1] >= 128, 2, 3), 1)
    jump = np.append(np.minimum(np.arange(end) + length, end), end)
    found = np.zeros(1, np.int64)
    while found[-1] < end:
        found = np.concatenate([found, jump[found]])
        jump = jump[jump]
    return found[found < end]
