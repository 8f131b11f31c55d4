"""Pictures in and out. Untrusted files: Pillow reads the header before anything is decoded."""

import io
import itertools
import warnings
from base64 import b64encode
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, ImageSequence, UnidentifiedImageError

from core.errors import MediaError
from core.files import wrap_os_errors
from core.media.limits import PICTURE
from core.pose.types import Picture
from core.words import words

PICTURE_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")
_FORMATS = ("JPEG", "PNG", "WEBP")
MAX_SHOWN_SIDE_PX, _MAX_SHOWN_FRAMES = 1024, 60  # of a picture that a gesture shows


def read_picture(source: Path | bytes, *, name: str = "") -> Picture:
    """Read an untrusted picture from a path or bytes as (H, W, 3) uint8 RGB, upright, on white;
    errors call it `name`. Raise MediaError if it isn't a JPEG, PNG or WEBP, is damaged, or above
    the limits."""
    name = name or (source.name if isinstance(source, Path) else words("the picture"))
    content = _read_content(source, name)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # our limit is lower
            image = Image.open(io.BytesIO(content), formats=_FORMATS)
            _check_pixel_count(image, name)
            ImageOps.exif_transpose(image, in_place=True)
            return np.array(_to_rgb(image))
    except UnidentifiedImageError as error:
        raise MediaError(words("{file} isn't a JPEG, PNG or WEBP image", file=name)) from error
    except Image.DecompressionBombError as error:
        raise MediaError(
            words(
                "{file} has more than {limit:,} pixels: make it smaller",
                file=name,
                limit=PICTURE.max_pixels,
            )
        ) from error
    except (OSError, ValueError, SyntaxError) as error:
        raise _decoding_error(name, error) from error


def _decoding_error(name: str, error: Exception) -> MediaError:
    """Create the error that a picture can't be decoded."""
    text = words("{file} can't be decoded ({reason}): save it again", file=name, reason=str(error))
    return MediaError(text)


def check_jpeg(content: bytes, max_side_px: int, name: str, kind: str = "JPEG") -> None:
    """Raise MediaError if content isn't a JPEG (or another `kind`) by its header, or a side is too
    long."""
    try:
        with Image.open(io.BytesIO(content), formats=(kind,)) as image:
            width, height = image.size
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise MediaError(words("{file} isn't a {kind} image", file=name, kind=kind)) from error
    if max(width, height) > max_side_px:
        raise MediaError(
            words(
                "{file} is {width} x {height} pixels; the limit is {limit} a side",
                file=name,
                width=width,
                height=height,
                limit=max_side_px,
            )
        )


def shrink_to_webp(content: bytes, max_bytes: int, max_side_px: int = MAX_SHOWN_SIDE_PX) -> bytes:
    """Encode an untrusted picture or GIF anew as a small WEBP, an animation with its first frames.
    Raise MediaError as `read_picture` does, or if it can't be made small enough."""
    name = words("the picture")
    _read_content(content, name)
    try:
        with Image.open(io.BytesIO(content), formats=(*_FORMATS, "GIF")) as image:
            _check_pixel_count(image, name)
            frames, times_ms = [], []
            for frame in itertools.islice(ImageSequence.Iterator(image), _MAX_SHOWN_FRAMES):
                times_ms.append(int(frame.info.get("duration") or 100))
                frame = ImageOps.exif_transpose(frame.convert("RGBA"))
                frame.thumbnail((max_side_px, max_side_px))  # else all are in memory at full size
                frames.append(frame)
    except UnidentifiedImageError as error:
        raise MediaError(words("{file} isn't a JPEG, PNG, WEBP or GIF image", file=name)) from error
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise _decoding_error(name, error) from error
    for side_px in (max_side_px, max_side_px // 2, max_side_px // 4):
        for frame in frames:
            frame.thumbnail((side_px, side_px))
        out, more = io.BytesIO(), {"append_images": frames[1:], "duration": times_ms, "loop": 0}
        frames[0].save(out, "WEBP", quality=75, save_all=True, **(more if frames[1:] else {}))
        if out.tell() <= max_bytes:
            return out.getvalue()
    raise MediaError(
        words("{file} can't be made small enough: choose one with fewer details", file=name)
    )


def _read_content(source: Path | bytes, name: str) -> bytes:
    """Read a path's bytes, or return the given ones; raise MediaError if there are too many."""
    with wrap_os_errors(MediaError, words("{file} can't be read", file=name)):
        size = source.stat().st_size if isinstance(source, Path) else len(source)
        if size > PICTURE.max_bytes:
            raise MediaError(
                words(
                    "{file} has {size:,} bytes; the limit is {limit:,}",
                    file=name,
                    size=size,
                    limit=PICTURE.max_bytes,
                )
            )
        return source.read_bytes() if isinstance(source, Path) else source


def _check_pixel_count(image: Image.Image, name: str) -> None:
    """Raise MediaError if a picture or an animation has too many pixels to decode."""
    pixels = image.width * image.height
    size = {"file": name, "width": image.width, "height": image.height}
    if max(image.size) > PICTURE.max_side_px or pixels > PICTURE.max_pixels:
        raise MediaError(
            words(
                "{file} is {width} x {height} pixels; the limit is {max_side:,} a side and "
                "{max_pixels:,} in all: make it smaller",
                max_side=PICTURE.max_side_px,
                max_pixels=PICTURE.max_pixels,
                **size,
            )
        )
    animated = image.format in ("PNG", "WEBP", "GIF") and getattr(image, "is_animated", False)
    if animated and pixels > PICTURE.max_animation_pixels:
        raise MediaError(
            words(
                "{file} is an animation of {width} x {height} pixels; the limit is {limit:,} in "
                "all: save one picture of it",
                limit=PICTURE.max_animation_pixels,
                **size,
            )
        )


def _to_rgb(image: Image.Image) -> Image.Image:
    """Convert an image of any mode to RGB: 16-bit grey to 8 bits, transparent parts to white."""
    if image.mode.startswith("I"):  # grey of 16 bits, which Pillow would clip at 255
        image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if not image.has_transparency_data:
        return image.convert("RGB")
    rgba, white = image.convert("RGBA"), Image.new("RGB", image.size, "white")
    white.paste(rgba, mask=rgba)
    return white


def encode_jpeg(rgb: Picture, quality: int = 90) -> bytes:
    """Encode a picture as JPEG."""
    bgr = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)
    return encode_picture(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])


def to_data_url(jpeg: bytes) -> str:
    """Return a JPEG as a data URL."""
    return f"data:image/jpeg;base64,{b64encode(jpeg).decode()}"


def encode_png(rgb: Picture) -> bytes:
    """Encode a picture as PNG."""
    return encode_picture(".png", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), [])


def encode_picture(suffix: str, pixels: NDArray[Any], options: list[int]) -> bytes:
    """Encode grey or BGR pixels in a suffix's format; raise MediaError if their shape can't be
    encoded."""
    success, data = cv2.imencode(suffix, pixels, options)
    if not success:
        raise MediaError(f"a picture of shape {pixels.shape} can't be written as {suffix}")
    return data.tobytes()


def decode_jpeg(content: bytes) -> Picture:
    """Decode a JPEG that this program wrote to (H, W, 3) RGB; raise MediaError if it is damaged."""
    bgr = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    if bgr is None:
        raise MediaError(words("a stored crop is damaged"))
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)


def write_picture(rgb: Picture, path: Path) -> None:
    """Write a .png or .jpg, by the path's suffix; raise MediaError if that fails."""
    suffix = path.suffix.lower()
    if suffix not in (".png", ".jpg", ".jpeg"):
        raise MediaError(f"{path.name}: a picture is written as .png or .jpg, not “{suffix}”")
    with wrap_os_errors(MediaError, f"{path} can't be written"):
        path.write_bytes(encode_png(rgb) if suffix == ".png" else encode_jpeg(rgb, 92))
