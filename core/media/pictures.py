"""Pictures in and out. Untrusted files: Pillow looks at the header before anything is decoded."""

import io
import warnings
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from core.errors import MediaError
from core.pose.types import Picture

PICTURE_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")
MAX_BYTES = 20 * 2**20
MAX_PIXELS = 50_000_000
MAX_ANIMATION_PIXELS = 16_000_000
MAX_SIDE = 10_000
_FORMATS = ("JPEG", "PNG", "WEBP")


def read_picture(source: Path | bytes, *, name: str = "") -> Picture:
    """(H, W, 3) uint8 RGB, turned as its EXIF orientation says; transparency on white.

    Args:
        source: a file's path or its content.
        name: what to call the content in an error.

    Raises:
        MediaError: no JPEG, PNG or WEBP, damaged, or larger than 20 MB, 50 megapixels or 10,000
            pixels a side.
    """
    name = name or (source.name if isinstance(source, Path) else "the picture")
    content = _content(source, name)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # our limit is lower
            image = Image.open(io.BytesIO(content), formats=_FORMATS)
            _check_size(image.size, name)
            _check_animation(image, name)
            ImageOps.exif_transpose(image, in_place=True)
            return np.array(_as_rgb(image))
    except UnidentifiedImageError as error:
        raise MediaError(f"{name} is no JPEG, PNG or WEBP picture") from error
    except Image.DecompressionBombError as error:
        raise MediaError(f"{name} has more than {MAX_PIXELS:,} pixels: make it smaller") from error
    except (OSError, ValueError, SyntaxError) as error:
        raise MediaError(f"{name} can't be decoded ({error}): save it anew") from error


def check_jpeg(content: bytes, max_side: int, name: str) -> None:
    """Look at an untrusted small JPEG without decoding it.

    Raises:
        MediaError: no JPEG, or more than `max_side` pixels a side.
    """
    try:
        with Image.open(io.BytesIO(content), formats=("JPEG",)) as image:
            size_wh = image.size
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise MediaError(f"{name} is no JPEG picture") from error
    if max(size_wh) > max_side:
        raise MediaError(
            f"{name} has {size_wh[0]} x {size_wh[1]} pixels, at most {max_side} a side are read"
        )


def _content(source: Path | bytes, name: str) -> bytes:
    try:
        size = source.stat().st_size if isinstance(source, Path) else len(source)
        if size > MAX_BYTES:
            raise MediaError(f"{name} has {size:,} bytes, a picture has at most {MAX_BYTES:,}")
        return source.read_bytes() if isinstance(source, Path) else source
    except OSError as error:
        raise MediaError(f"{name} can't be read: {error.strerror}") from error


def _check_size(size_wh: tuple[int, int], name: str) -> None:
    width, height = size_wh
    if max(size_wh) > MAX_SIDE or width * height > MAX_PIXELS:
        raise MediaError(
            f"{name} has {width} x {height} pixels, at most {MAX_SIDE:,} a side and "
            f"{MAX_PIXELS:,} in all are read: make it smaller"
        )


def _check_animation(image: Image.Image, name: str) -> None:
    """Decoding the first frame of an animation takes several pictures of its size."""
    moves = image.format in ("PNG", "WEBP") and getattr(image, "is_animated", False)
    if moves and image.width * image.height > MAX_ANIMATION_PIXELS:
        raise MediaError(
            f"{name} is an animation of {image.width} x {image.height} pixels, at most "
            f"{MAX_ANIMATION_PIXELS:,} in all are read: save one picture of it"
        )


def _as_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):  # grey of 16 bits, which Pillow would clip at 255
        image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if not image.has_transparency_data:
        return image.convert("RGB")
    rgba, white = image.convert("RGBA"), Image.new("RGB", image.size, "white")
    white.paste(rgba, mask=rgba)
    return white


def encode_jpeg(rgb: Picture, quality: int = 90) -> bytes:
    """RGB picture → JPEG file content."""
    return _encoded(".jpg", rgb, [cv2.IMWRITE_JPEG_QUALITY, quality])


def encode_png(rgb: Picture) -> bytes:
    """RGB picture → PNG file content."""
    return _encoded(".png", rgb, [])


def _encoded(suffix: str, rgb: Picture, options: list[int]) -> bytes:
    done, data = cv2.imencode(suffix, cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), options)
    if not done:
        raise MediaError(f"a picture of shape {rgb.shape} can't be written as {suffix}")
    return data.tobytes()


def decode_jpeg(content: bytes) -> Picture:
    """JPEG that we wrote ourselves → RGB picture."""
    bgr = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    if bgr is None:
        raise MediaError("a stored crop is damaged")
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)


def write_picture(rgb: Picture, path: Path) -> None:
    """Write a .png or .jpg.

    Raises:
        MediaError: another suffix, or no such folder.
    """
    suffix = path.suffix.lower()
    if suffix not in (".png", ".jpg", ".jpeg"):
        raise MediaError(f"{path.name}: a picture is written as .png or .jpg, not “{suffix}”")
    try:
        path.write_bytes(encode_png(rgb) if suffix == ".png" else encode_jpeg(rgb, 92))
    except OSError as error:
        raise MediaError(f"{path} can't be written: {error.strerror}") from error
