"""Zips and .npz of untrusted origin, judged before they are unpacked. See test_hostile_files.py."""

import zipfile
from dataclasses import replace

import numpy as np
import pytest

from core.errors import ArchiveError, MediaError
from core.media import archives
from core.media.archives import read_npz, unpack_zip
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


def test_arrays_come_by_their_names(tmp_path) -> None:
    np.savez_compressed(tmp_path / "a.npz", a=np.arange(3), b=np.eye(2, dtype=np.float32))
    arrays = read_npz(tmp_path / "a.npz")
    assert sorted(arrays) == ["a", "b"] and arrays["a"].tolist() == [0, 1, 2]
    assert arrays["b"].dtype == np.float32


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': (), 'fortran_order': False, 'shape': (3,), }",
        "{'descr': ('<f4',), 'fortran_order': False, 'shape': (3,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999,), }",
        "{'descr': '<f4', 'shape': (3,",
        "{[]: 1}",
        "{1: 2, 'a': 3}",
        "-" * 9_000,
    ],
)
def test_a_header_that_numpy_s_reader_stumbles_over_is_told(tmp_path, header) -> None:
    text = header.encode() + b"\n"
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("a.npy", b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text)
    with pytest.raises(MediaError, match=r"a\.npz isn\'t an \.npz of numbers"):
        read_npz(tmp_path / "a.npz")


def test_a_damaged_or_hostile_npz_is_told(tmp_path) -> None:
    np.savez(tmp_path / "whole.npz", a=np.ones(1000))
    np.savez(tmp_path / "objects.npz", a=np.array([{}], object))
    with zipfile.ZipFile(tmp_path / "text.npz", "w") as archive:
        archive.writestr("a.npy", b"not an array")
    (tmp_path / "cut.npz").write_bytes((tmp_path / "whole.npz").read_bytes()[:2000])
    (tmp_path / "empty.npz").write_bytes(b"")
    for name in ("objects", "text", "cut", "empty"):
        with pytest.raises(MediaError, match=f"{name}.npz isn't an .npz of numbers"):
            read_npz(tmp_path / f"{name}.npz")


def test_an_npz_that_claims_to_unpack_to_too_much_is_refused_before_it_is_read(tmp_path) -> None:
    np.savez(tmp_path / "bomb.npz", a=np.ones(3))
    content = bytearray((tmp_path / "bomb.npz").read_bytes())
    size = content.index(b"PK\x01\x02") + 24  # in the zip's directory
    content[size : size + 4] = (2**31).to_bytes(4, "little")
    (tmp_path / "bomb.npz").write_bytes(content)
    with pytest.raises(MediaError, match="1 arrays of 2,147,483,648 bytes; the limit is 10,000 of"):
        read_npz(tmp_path / "bomb.npz")
