"""The members of a project file as they are written: tables, packs of crops, then the manifest.

A row is a JSON line with its blobs as base64. Members have at most 1 MB (packs: 16 MB), so that
neither writing nor reading holds more in memory.
"""

import base64
import hashlib
import json
import zipfile
from collections import Counter
from typing import Any

from core.errors import StoreError
from core.exchange.project.manifest import Manifest, Member, ProjectRow, read_mudra_version
from core.media.limits import ZIP
from core.store.rows import now
from core.words import words

MANIFEST = "manifest.json"
MAX_MANIFEST_BYTES = 8 * 2**20
_TABLE_BYTES, _PACK_BYTES = 2**20 - 2**12, 16 * 2**20
_BLOB_COLUMNS = ("keypoints", "scores", "world", "times", "visibility")

Row = dict[str, Any]


def to_line(row: Row) -> bytes:
    """Serialise a row to one JSON line, with blobs as base64."""
    blobs = {
        name: base64.b64encode(row[name]).decode("ascii")
        for name in _BLOB_COLUMNS
        if row.get(name) is not None
    }
    return json.dumps(row | blobs, ensure_ascii=False, allow_nan=False).encode() + b"\n"


def from_line(line: bytes) -> Row:
    """Parse a row written by `to_line`, or one that has been validated."""
    row: Row = json.loads(line)
    blobs = {n: base64.b64decode(row[n]) for n in _BLOB_COLUMNS if row.get(n) is not None}
    return row | blobs


class Packer:
    """Writes a project's zip member by member; `counts` are its numbers of rows by table, of crops
    and of trainings."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.counts: Counter[str] = Counter()
        self._archive = archive
        self._members: list[Member] = []
        self._waiting: dict[str, bytearray] = {}
        self._numbers: Counter[str] = Counter()

    def add_member(self, name: str, content: bytes) -> None:
        """Write a file to the zip (crops uncompressed); record size and hash for the manifest."""
        is_packed = name.startswith("crops-")
        method = zipfile.ZIP_STORED if is_packed else zipfile.ZIP_DEFLATED
        self._archive.writestr(name, content, method)
        digest = hashlib.sha256(content).hexdigest()
        self._members.append(Member(name=name, bytes=len(content), sha256=digest))

    def add_row(self, table: str, row: Row) -> None:
        """Append a row to the current member of its table and count it."""
        self._append(table, to_line(row), _TABLE_BYTES)
        self.counts[table] += 1

    def add_crop(self, jpeg: bytes) -> dict[str, Any]:
        """Append a crop to the current pack and return its position (see `manifest.CropPlace`)."""
        begin = self._append("crops", jpeg, _PACK_BYTES)
        self.counts["crops"] += 1
        return {"pack": self._make_member_name("crops"), "begin": begin, "bytes": len(jpeg)}

    def _append(self, kind: str, content: bytes, max_bytes: int) -> int:
        """Append content to its kind's buffer, flushing the buffer if full; return the offset."""
        waiting = self._waiting.setdefault(kind, bytearray())
        if len(waiting) + len(content) > max_bytes:
            self.flush(kind)
        begin = len(waiting)
        waiting += content
        return begin

    def flush(self, kind: str) -> None:
        """Write a kind's buffered content, if any, as its next numbered member."""
        waiting = self._waiting.get(kind)
        if waiting:
            self.add_member(self._make_member_name(kind), bytes(waiting))
            self._numbers[kind] += 1
            waiting.clear()

    def _make_member_name(self, kind: str) -> str:
        suffix = "bin" if kind == "crops" else "jsonl"
        return f"{kind}-{self._numbers[kind]:05}.{suffix}"

    def write_manifest(self, project: ProjectRow, with_bin: bool, with_pictures: bool) -> None:
        """Write manifest.json with the project, and counts and hashes of all members; raise
        StoreError if the project file exceeds the size that can be imported."""
        total = sum(member.bytes for member in self._members)
        if (
            total > ZIP.max_total_bytes - MAX_MANIFEST_BYTES
            or len(self._members) >= ZIP.max_entries
        ):
            raise StoreError(
                words(
                    "“{project}” takes {total:,} bytes in {files:,} files, a project file at most "
                    "{most:,}: leave the pictures out",
                    project=project.name,
                    total=total,
                    files=len(self._members),
                    most=ZIP.max_total_bytes,
                )
            )
        manifest = Manifest(
            format="mudra-project",
            version=3 if self.counts["rules"] else 2,
            made_by=f"mudra {read_mudra_version()}",
            made_at=now(),
            project=project,
            with_bin=with_bin,
            with_pictures=with_pictures,
            counts=dict(self.counts),
            members=self._members,
        )
        self._archive.writestr(MANIFEST, manifest.model_dump_json(indent=1))
