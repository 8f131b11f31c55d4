"""Pack zip files for tests."""

import io
import zipfile
from collections.abc import Mapping


def zip_of(files: Mapping[str, bytes], folder: str = "") -> bytes:
    """Pack files by name into a zip, in a folder where one is named."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, data in files.items():
            archive.writestr(folder + name, data)
    return content.getvalue()
