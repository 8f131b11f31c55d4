"""Uploaded recordings of depth: a file, a zip of a folder, or the files of a folder."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from core.capture.uploads import uploaded_together
from core.depth.cameras import Camera
from core.depth.sources.frames import DepthSource
from core.depth.sources.recordings import open_depth
from core.media.archives import unpacked

_ZIP, _PICTURES = ".zip", (".png", ".bin")


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
        path = stack.enter_context(uploaded_together(uploads, folder))
        if len(uploads) == 1:
            path = next(path.iterdir())
            if path.suffix.lower() == _ZIP:
                path = _inside(stack.enter_context(unpacked(path)))
            elif path.suffix.lower() in _PICTURES:
                path = path.parent
        source = open_depth(path, camera=camera)
        stack.callback(source.close)
        yield source


def _inside(folder: Path) -> Path:
    """The folder that a zip holds, where it holds but one."""
    own = [path for path in folder.iterdir() if not path.name.startswith(("__MACOSX", "."))]
    return own[0] if len(own) == 1 and own[0].is_dir() else folder
