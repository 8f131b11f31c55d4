"""Depth frames from files: 16-bit pictures, NYU's packed ones, MSRA's own format → mm.

Convention: (H, W) float32 mm, 0 where the sensor saw nothing. The files are untrusted: their
headers are checked before anything is decoded.
"""

import io
import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from core.depth.cubes import Depth
from core.errors import MediaError
from core.files import wrap_os_errors
from core.media.limits import DEPTH
from core.words import words

_MSRA_FIELDS = 6  # width, height, left, top, right, bottom, each a 32-bit integer


def read_depth(path: Path, *, unit_mm: float = 1.0) -> Depth:
    """Read a depth frame, (H, W) mm, from a .png of one 16-bit channel in `unit_mm` (0.125 for
    RealSense's short-range cameras), NYU's packed .png, or MSRA's .bin. Raise MediaError for other
    files."""
    with wrap_os_errors(MediaError, words("{path} can't be read", path=path)):
        if (size := path.stat().st_size) > DEPTH.max_frame_bytes:
            raise MediaError(
                words(
                    "{file} has {size:,} bytes, a frame has at most {limit:,}",
                    file=path.name,
                    size=size,
                    limit=DEPTH.max_frame_bytes,
                )
            )
        content = path.read_bytes()
    if path.suffix == ".bin":
        return _decode_msra(content, path.name)
    return _decode_png(content, path.name, unit_mm)


def _decode_png(content: bytes, name: str, unit_mm: float) -> Depth:
    """Decode a PNG with 16-bit depth, or with NYU's packed depth, to mm."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # our limit is lower
            image = Image.open(io.BytesIO(content), formats=("PNG",))
        if image.width * image.height > DEPTH.max_pixels:
            raise MediaError(
                words(
                    "{name} has {width} x {height} pixels: make it smaller",
                    name=name,
                    width=image.width,
                    height=image.height,
                )
            )
        if image.mode == "RGB":
            return _unpack_nyu(np.asarray(image), name)
        if image.mode not in ("I;16", "I"):
            raise MediaError(
                words(
                    "{name} is a picture of kind {kind}; depth has one channel of 16 bits, or "
                    "is packed in green and blue as NYU's",
                    name=name,
                    kind=image.mode,
                )
            )
        return np.asarray(image).astype(np.float32) * np.float32(unit_mm)
    except (UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise MediaError(words("{name} is no PNG of depth that can be read", name=name)) from error
    except (OSError, ValueError, SyntaxError) as error:
        raise MediaError(
            words("{name} can't be decoded ({error}): save it again", name=name, error=str(error))
        ) from error


def _unpack_nyu(rgb: NDArray[np.uint8], name: str) -> Depth:
    """Unpack depth in mm: the high byte is in the green channel, the low byte in the blue one."""
    if rgb[..., 0].any():
        raise MediaError(
            words(
                "{name} is a colour picture: NYU's packed depth has no red, give the depth_… file",
                name=name,
            )
        )
    return rgb[..., 1].astype(np.float32) * 256 + rgb[..., 2]


def _decode_msra(content: bytes, name: str) -> Depth:
    """Decode MSRA's .bin, a header and a frame region, to (H, W) mm, 0 outside the region."""
    size = 4 * _MSRA_FIELDS
    header = np.frombuffer(content[:size], "<i4") if len(content) >= size else [0] * _MSRA_FIELDS
    width, height, left, top, right, bottom = (int(v) for v in header)
    inside = 0 <= left <= right <= width and 0 <= top <= bottom <= height
    count = (right - left) * (bottom - top)
    if not inside or not 0 < width * height <= DEPTH.max_pixels or len(content) != size + 4 * count:
        raise MediaError(
            words(
                "{name} is not a depth file of MSRA: expected are width, height, left, top, "
                "right, bottom and the numbers of that part of the frame, got {size} bytes",
                name=name,
                size=len(content),
            )
        )
    frame = np.zeros((height, width), np.float32)
    patch = np.frombuffer(content[size:], "<f4").reshape(bottom - top, right - left)
    frame[top:bottom, left:right] = np.nan_to_num(patch, posinf=0, neginf=0)
    return frame
