"""Zips of untrusted origin, judged before they are unpacked. More: tests/test_hostile_files.py."""

import zipfile
from dataclasses import replace

import pytest

from core.errors import ArchiveError
from core.media import archives
from core.media.archives import unpack_zip
from core.media.limits import ZIP


def zipped(path, entries: dict[str, bytes]):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in entries.items():
            entry = zipfile.ZipInfo("x")
            entry.filename, entry.compress_type = name, zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return path


def test_a_good_zip_is_a_folder_for_a_while(tmp_path):
    path = zipped(tmp_path / "a.zip", {"ok/1.jpg": b"one", "fist/2.jpg": b"two", "empty/": b""})
    with unpack_zip(path) as folder:
        found = {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()}
        assert found == {"ok/1.jpg", "fist/2.jpg"}
        assert (folder / "ok" / "1.jpg").read_bytes() == b"one"
    assert not folder.exists()


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("..", b"gotcha", "unsafe name"),
        (".", b"gotcha", "unsafe name"),
        ("a.bin", bytes(64 * 2**20 + 1), "67,108,865 bytes"),
    ],
    ids=["above", "itself", "large"],
)
def test_a_hostile_zip_is_refused_before_anything_is_written(tmp_path, name, content, words):
    path = zipped(tmp_path / "a.zip", {name: content})
    with pytest.raises(ArchiveError, match=words), unpack_zip(path):
        pass
    assert list(tmp_path.iterdir()) == [path]


def test_too_much_in_all_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "ZIP", replace(ZIP, max_total_bytes=1000))
    path = zipped(tmp_path / "a.zip", {f"{i}.bin": bytes(400) for i in range(3)})
    with pytest.raises(ArchiveError, match="unpacks to 1,200"), unpack_zip(path):
        pass
    assert list(tmp_path.iterdir()) == [path]
