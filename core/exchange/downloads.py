"""What the Export page exports and imports: files prepared in a visitor's temporary folder."""

import secrets
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from core.errors import TableError
from core.exchange.project.project_file import export_project, import_project
from core.exchange.tables.data_in import read_data
from core.exchange.tables.data_out import FORMATS, export_data
from core.paths import Paths
from core.recording.imports.uploads import temporary_upload
from core.store import Project, Store

WHOLE = "project"
_LABELS = "_classifier_label.csv"

OnProgress = Callable[[float], None]


@dataclass(frozen=True)
class Download:
    """A file that is ready: where it lies, what to call it, and what is in it."""

    path: Path
    name: str
    text: str

    @property
    def mime(self) -> str:
        """What kind of file it is."""
        return next(one.mime for one in FORMATS.values() if one.suffix == self.path.suffix)

    @property
    def megabytes(self) -> float:
        """How large it is."""
        return self.path.stat().st_size / 2**20


def prepare(
    store: Store,
    paths: Paths,
    project: Project,
    kind: str,
    folder: Path,
    *,
    with_bin: bool = False,
    with_pictures: bool = True,
    progress: OnProgress = lambda share: None,
) -> Download:
    """Write the whole project (WHOLE), or its samples as one of `data_out.FORMATS`, into a folder;
    what was prepared there before goes.

    Raises:
        MudraError: it can't be written.
    """
    for old in folder.glob("download-*"):
        old.unlink(missing_ok=True)
    suffix = ".zip" if kind == WHOLE else FORMATS[kind].suffix
    out = folder / f"download-{secrets.token_hex(8)}{suffix}"
    name = f"{_file_stem(project.name)}{suffix}"

    def counted(done: int, total: int) -> None:
        progress(min(1.0, done / total) if total else 1.0)

    if kind == WHOLE:
        went = export_project(
            store,
            paths,
            project.name,
            out,
            with_bin=with_bin,
            with_pictures=with_pictures,
            progress=counted,
        )
        return Download(out, name, went.text)
    if kind != "kazuhito":
        return Download(out, name, export_data(store, project, out, progress=counted).text)
    with TemporaryDirectory(dir=folder) as own:
        table = Path(own) / "keypoint.csv"
        written = export_data(store, project, table, kind=kind, progress=counted)
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in written.files:
                archive.write(path, path.name)
    return Download(out, name, written.text)


def import_uploaded_project(
    store: Store,
    paths: Paths,
    content: bytes,
    title: str,
    folder: Path,
    progress: OnProgress = lambda share: None,
) -> tuple[str, str]:
    """Import a project file that was temporary_upload; the project's name here, and what came.

    Raises:
        MudraError: it can't be trusted; nothing came in.
    """
    with temporary_upload(title, content, folder) as path:
        came = import_project(
            store,
            paths,
            path,
            progress=lambda done, total: progress(min(1.0, done / max(total, 1))),
        )
    return came.project, came.text


def import_uploaded_samples(
    store: Store,
    project: Project,
    uploads: Sequence[tuple[str, bytes]],
    folder: Path,
    progress: OnProgress = lambda share: None,
) -> str:
    """Add the samples of an uploaded table or json, given as (name, content); the names of a
    keypoint.csv's numbers may come with it. What was added, in words.

    Raises:
        MudraError: it can't be read; nothing was added.
    """
    tables = [one for one in uploads if not one[0].endswith(_LABELS)]
    if len(tables) != 1:
        raise TableError(
            f"{len(tables)} files came: give one table, and with a keypoint.csv its "
            f"keypoint{_LABELS}"
        )
    [(title, content)] = tables
    with temporary_upload(title, content, folder) as path:
        for name, body in uploads:
            if name.endswith(_LABELS):
                path.with_name(f"{path.stem}{_LABELS}").write_bytes(body)
        report = read_data(
            store,
            project,
            path,
            layout="auto",
            progress=lambda done, total=None, label="": progress(
                min(1.0, done / max(total or 0, done, 1))
            ),
        )
    return f"{title}: {report.text}"


def _file_stem(name: str) -> str:
    """A project's name as a file's: names are data, so only letters and digits of it are kept."""
    plain = "".join(char if char.isalnum() else "_" for char in name).strip("_")
    return plain[:40] or "project"
