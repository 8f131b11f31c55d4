"""Zips of untrusted origin: judged before they are unpacked, nothing written outside."""

import io
import stat
import zipfile
from dataclasses import replace

import pytest

from core.errors import ArchiveError
from core.media import archives
from core.media.archives import unpack_zip
from core.media.limits import ZIP


def zipped(path, entries: dict[str, bytes], kind: int = zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", kind) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return path


def test_a_good_zip_is_a_folder_for_a_while(tmp_path):
    path = zipped(tmp_path / "a.zip", {"ok/1.jpg": b"one", "fist/2.jpg": b"two", "empty/": b""})
    with unpack_zip(path) as folder:
        found = {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()}
        assert found == {"ok/1.jpg", "fist/2.jpg"}
        assert (folder / "ok" / "1.jpg").read_bytes() == b"one"
    assert not folder.exists()


@pytest.mark.parametrize(
    "name",
    ["../out.txt", "a/../../out.txt", "/etc/out.txt", "C:/out.txt", "a\\..\\out.txt", "..", "."],
)
def test_names_that_lead_outside_are_refused(tmp_path, name):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        entry = zipfile.ZipInfo("x")
        entry.filename = name
        archive.writestr(entry, b"gotcha")
    with pytest.raises(ArchiveError, match="unsafe name"), unpack_zip(path):
        pass
    assert list(tmp_path.iterdir()) == [path]


def test_links_are_refused(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        entry = zipfile.ZipInfo("link")
        entry.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(entry, "/etc/passwd")
    with pytest.raises(ArchiveError, match="link or device"), unpack_zip(path):
        pass


def test_a_name_twice_is_refused_whatever_its_case(tmp_path):
    path = zipped(tmp_path / "a.zip", {"OK/1.jpg": b"", "ok/1.JPG": b""})
    with pytest.raises(ArchiveError, match="twice"), unpack_zip(path):
        pass


def test_a_bomb_is_refused_by_its_ratio(tmp_path):
    path = zipped(tmp_path / "a.zip", {"a.bin": bytes(8 * 2**20)})
    with pytest.raises(ArchiveError, match="100:1"), unpack_zip(path):
        pass


def test_an_entry_too_large_is_refused(tmp_path):
    path = zipped(tmp_path / "a.zip", {"a.bin": bytes(64 * 2**20 + 1)})
    with pytest.raises(ArchiveError, match="67,108,865 bytes"), unpack_zip(path):
        pass


def test_too_much_in_all_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "ZIP", replace(ZIP, max_total_bytes=1000))
    path = zipped(tmp_path / "a.zip", {f"{i}.bin": bytes(400) for i in range(3)})
    with pytest.raises(ArchiveError, match="unpacks to 1,200"), unpack_zip(path):
        pass


def test_too_many_entries_are_refused(tmp_path):
    path = zipped(tmp_path / "a.zip", {str(i): b"" for i in range(50_001)}, zipfile.ZIP_STORED)
    with pytest.raises(ArchiveError, match="50,001 entries"), unpack_zip(path):
        pass


@pytest.mark.parametrize("damage", ["no zip", "cut off", "wrong bytes"])
def test_a_damaged_zip_is_refused(tmp_path, damage):
    path = zipped(tmp_path / "a.zip", {"a.bin": b"0123456789" * 50}, zipfile.ZIP_STORED)
    content = path.read_bytes()
    spoiled = {
        "no zip": b"hello",
        "cut off": content[: len(content) // 2],
        "wrong bytes": content.replace(b"0123456789", b"012345678X", 1),
    }
    path.write_bytes(spoiled[damage])
    with pytest.raises(ArchiveError), unpack_zip(path):
        pass


def test_a_zip_that_lies_about_sizes_is_refused(tmp_path):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.bin", bytes(300_000))
    content = bytearray(packed.getvalue())
    at = content.index(b"PK\x01\x02") + 24  # the directory's uncompressed size
    content[at : at + 4] = (10).to_bytes(4, "little")
    path = tmp_path / "a.zip"
    path.write_bytes(bytes(content))
    with pytest.raises(ArchiveError), unpack_zip(path):
        pass
