"""Write small videos by any encoder."""

from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np


def write_video(
    path: Path,
    pictures: Sequence[np.ndarray],
    codec: str,
    pixels: str = "yuv420p",
    *,
    rate: int = 10,
    kind: str = "rgb24",
    container: str | None = None,
    **options: str,
) -> Path:
    """Write pictures of one size, whose arrays are of a `kind` of pixels, as a video; its path."""
    with av.open(str(path), "w", format=container) as out:
        stream = out.add_stream(codec, rate=rate, options=options)
        stream.height, stream.width, stream.pix_fmt = *pictures[0].shape[:2], pixels
        for picture in pictures:
            out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format=kind)))
        out.mux(stream.encode(None))
    return path
