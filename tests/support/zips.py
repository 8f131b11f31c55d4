"""Pack and unpack zip files for tests."""

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path


def zip_of(files: Mapping[str, bytes], folder: str = "") -> bytes:
    """Pack files by name into a zip, in a folder where one is named."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, data in files.items():
            archive.writestr(folder + name, data)
    return content.getvalue()


def members_of(path: Path) -> dict[str, bytes]:
    """Read a zip's files by name."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}
