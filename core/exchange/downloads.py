"""Files that the Export page writes and reads, in a visitor's temporary folder."""

import secrets
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from core.errors import TableError
from core.exchange.project.project_file import export_project, import_project
from core.exchange.tables.data_in import import_data
from core.exchange.tables.data_out import FORMATS, export_data
from core.paths import Paths
from core.progress import Progress, ignore_progress
from core.recording.imports.importing import ImportOptions
from core.recording.imports.uploads import temporary_upload
from core.store import Project, Store
from core.words import words

WHOLE_PROJECT = "project"
_LABELS = "_classifier_label.csv"


@dataclass(frozen=True)
class Download:
    """A file ready for download: its path, its name for the browser, and a sentence."""

    path: Path
    name: str
    text: str

    @property
    def megabytes(self) -> float:
        """Its size."""
        return self.path.stat().st_size / 2**20


def prepare_download(
    store: Store,
    paths: Paths,
    project: Project,
    kind: str,
    folder: Path,
    *,
    with_bin: bool = False,
    with_pictures: bool = True,
    progress: Progress = ignore_progress,
) -> Download:
    """Write a project file (WHOLE_PROJECT) or the samples in a format of `data_out.FORMATS` to a
    folder, replacing the previous download there; raise MudraError if it can't be written."""
    for old in folder.glob("download-*"):
        old.unlink(missing_ok=True)
    form = FORMATS["kazuhito" if kind == WHOLE_PROJECT else kind]
    out = folder / f"download-{secrets.token_hex(8)}{form.suffix}"
    if kind == WHOLE_PROJECT:
        text = export_project(
            store,
            paths,
            project.name,
            out,
            with_bin=with_bin,
            with_pictures=with_pictures,
            progress=progress,
        ).text
    elif kind == "kazuhito":
        with TemporaryDirectory(dir=folder) as own:
            table = Path(own) / "keypoint.csv"
            written = export_data(store, project, table, kind=kind, progress=progress)
            with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
                for path in written.files:
                    archive.write(path, path.name)
        text = written.text
    else:
        text = export_data(store, project, out, progress=progress).text
    stem = "".join(char if char.isalnum() else "_" for char in project.name).strip("_")
    return Download(out, f"{stem[:40] or 'project'}{form.suffix}", text)


def import_uploaded_project(
    store: Store,
    paths: Paths,
    content: bytes,
    title: str,
    folder: Path,
    progress: Progress = ignore_progress,
) -> tuple[int, str]:
    """Import an uploaded project file; return the new project's id and a sentence for the user. If
    it raises a MudraError, nothing was imported."""
    with temporary_upload(title, content, folder) as path:
        imported = import_project(store, paths, path, progress=progress)
    return store.project(imported.project).id, imported.text


def import_uploaded_samples(
    store: Store,
    project: Project,
    uploads: Sequence[tuple[str, bytes]],
    folder: Path,
    progress: Progress = ignore_progress,
) -> str:
    """Import an uploaded table or COCO json into a project; return a sentence for the user. If it
    raises a MudraError, nothing was added.

    Args:
        uploads: (name, content) of the table, and of the names for a keypoint.csv's numbers.
    """
    tables = [one for one in uploads if not one[0].endswith(_LABELS)]
    if len(tables) != 1:
        raise TableError(
            words(
                "{n} files came: give one table, and with a keypoint.csv its keypoint{labels}",
                n=len(tables),
                labels=_LABELS,
            )
        )
    [(title, content)] = tables
    with temporary_upload(title, content, folder) as path:
        for name, body in uploads:
            if name.endswith(_LABELS):
                path.with_name(f"{path.stem}{_LABELS}").write_bytes(body)
        report = import_data(store, project, path, ImportOptions(progress=progress))
    return words("{file}: {report}", file=title, report=report.text)
