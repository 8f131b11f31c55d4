"""Uploaded recordings of depth: a file, a zip of a folder, or the files of a folder."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from core.depth.cameras import Camera
from core.depth.frames import DepthSource
from core.depth.io.recordings import open_depth
from core.media.archives import unpacked
from core.recording.imports.uploads import uploaded_together

_ZIP, _PICTURES = ".zip", (".png", ".bin")
_TOGETHER = "the files"


@contextmanager
def uploaded_recording(
    uploads: Sequence[tuple[str, bytes]], folder: Path, camera: Camera | None = None
) -> Iterator[DepthSource]:
    """The recording in untrusted uploads, given as (name, content); its files go away afterwards.

    Args:
        folder: a temporary one.
        camera: that took it; None: as the recording says.

    Raises:
        MudraError: none that can be read, or a zip that can't be trusted.
    """
    with ExitStack() as stack:
        own = stack.enter_context(uploaded_together(uploads, folder, _TOGETHER))
        first = next(own.iterdir())
        if len(uploads) == 1 and first.suffix.lower() == _ZIP:
            path = _unpacked_beside(first)
        elif len(uploads) == 1 and first.suffix.lower() not in _PICTURES:
            path = first
        else:
            path = own
        source = stack.enter_context(open_depth(path, camera=camera))
        yield source


def _unpacked_beside(path: Path) -> Path:
    """The folder that was packed, or one of the zip's name."""
    beside = path.with_suffix("")
    beside.mkdir()
    with unpacked(path) as content:
        for one in content.iterdir():
            shutil.move(one, beside)
    path.unlink()
    inside = [one for one in beside.iterdir() if not one.name.startswith(("__MACOSX", "."))]
    return inside[0] if len(inside) == 1 and inside[0].is_dir() else beside
