"""Open uploaded depth recordings: a file, a zip of a folder, or the files of a folder."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from core.depth.cameras import Camera
from core.depth.frames import DepthSource
from core.depth.io.recordings import open_depth
from core.media.archives import unpack_zip
from core.recording.imports.uploads import temporary_uploads

_FRAME_SUFFIXES = (".png", ".bin")
_FILES_TITLE = "the files"


@contextmanager
def open_uploaded_recording(
    uploads: Sequence[tuple[str, bytes]], folder: Path, camera: Camera | None = None
) -> Iterator[DepthSource]:
    """Open the depth recording in untrusted uploads (name, content); delete the files at the end
    of the `with` block.

    Args:
        folder: a temporary one.
        camera: that recorded it; None: read from the recording.

    Raises:
        MudraError: the recording can't be read, or the zip is unsafe.
    """
    with ExitStack() as stack:
        own = stack.enter_context(temporary_uploads(uploads, folder, _FILES_TITLE))
        first = next(own.iterdir())
        if len(uploads) == 1 and first.suffix.lower() == ".zip":
            path = _replace_zip_by_folder(first)
        elif len(uploads) == 1 and first.suffix.lower() not in _FRAME_SUFFIXES:
            path = first
        else:
            path = own
        yield stack.enter_context(open_depth(path, camera=camera))


def _replace_zip_by_folder(path: Path) -> Path:
    """Unpack a zip beside itself and delete it; return its only folder, or all if several."""
    target = path.with_suffix("")
    target.mkdir()
    with unpack_zip(path) as content:
        for item in content.iterdir():
            shutil.move(item, target)
    path.unlink()
    items = [item for item in target.iterdir() if not item.name.startswith(("__MACOSX", "."))]
    return items[0] if len(items) == 1 and items[0].is_dir() else target
