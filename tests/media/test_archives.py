"""Zips of untrusted origin: judged before they are unpacked, nothing written outside."""

import stat
import zipfile
from dataclasses import replace

import pytest

from core.errors import ArchiveError
from core.media import archives
from core.media.archives import unpack_zip
from core.media.limits import ZIP


def zipped(path, entries: dict[str, bytes], kind: int = zipfile.ZIP_DEFLATED, mode: int = 0):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in entries.items():
            entry = zipfile.ZipInfo("x")
            entry.filename, entry.compress_type, entry.external_attr = name, kind, mode << 16
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
    ("entries", "words"),
    [
        *(
            ({name: b"gotcha"}, "unsafe name")
            for name in ("a/../../out.txt", "/etc/out", "..", ".")
        ),
        ({"OK/1.jpg": b"", "ok/1.JPG": b""}, "twice"),
        ({"a.bin": bytes(8 * 2**20)}, "100:1"),
        ({"a.bin": bytes(64 * 2**20 + 1)}, "67,108,865 bytes"),
    ],
    ids=lambda value: value if isinstance(value, str) else "zip",
)
def test_a_hostile_zip_is_refused_before_anything_is_written(tmp_path, entries, words):
    path = zipped(tmp_path / "a.zip", entries)
    with pytest.raises(ArchiveError, match=words), unpack_zip(path):
        pass
    assert list(tmp_path.iterdir()) == [path]


def test_links_are_refused(tmp_path):
    path = zipped(tmp_path / "a.zip", {"link": b"/etc/passwd"}, mode=stat.S_IFLNK | 0o777)
    with pytest.raises(ArchiveError, match="link or device"), unpack_zip(path):
        pass


@pytest.mark.parametrize(
    ("limit", "words"),
    [({"max_total_bytes": 1000}, "unpacks to 1,200"), ({"max_entries": 2}, "3 entries")],
)
def test_too_much_in_all_is_refused(tmp_path, monkeypatch, limit, words):
    monkeypatch.setattr(archives, "ZIP", replace(ZIP, **limit))
    path = zipped(tmp_path / "a.zip", {f"{i}.bin": bytes(400) for i in range(3)})
    with pytest.raises(ArchiveError, match=words), unpack_zip(path):
        pass
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("old", [b"0123456789", b"PK"])
def test_a_damaged_zip_is_refused(tmp_path, old):
    path = zipped(tmp_path / "a.zip", {"a.bin": b"0123456789" * 50}, zipfile.ZIP_STORED)
    path.write_bytes(path.read_bytes().replace(old, b"X" * len(old)))
    with pytest.raises(ArchiveError, match=r"unpacked|can be read"), unpack_zip(path):
        pass
