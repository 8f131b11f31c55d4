"""The members of a project file as they are written: tables, packs of crops, at last the manifest.

Members stay below 1 MB (packs: 16 MB), so that neither side holds more than that in memory.
"""

import hashlib
import zipfile
from typing import Any

from core.errors import StoreError
from core.exchange.project.lines import to_line
from core.exchange.project.manifest import Manifest, Member, ProjectRow, mudra_version
from core.media.limits import ZIP
from core.store.rows import now

MANIFEST = "manifest.json"
MAX_MANIFEST = 8 * 2**20  # bytes
_TABLE_BYTES, _PACK_BYTES = 2**20 - 2**12, 16 * 2**20


class Packer:
    """Fills the zip member by member, each no larger than is kept in memory."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.counts: dict[str, int] = {}
        self._archive = archive
        self._members: list[Member] = []
        self._waiting: dict[str, bytearray] = {}
        self._numbers: dict[str, int] = {}

    def add(self, name: str, content: bytes) -> None:
        """A member of its own; pictures are packed already."""
        how = zipfile.ZIP_STORED if name.startswith("crops-") else zipfile.ZIP_DEFLATED
        self._archive.writestr(name, content, how)
        digest = hashlib.sha256(content).hexdigest()
        self._members.append(Member(name=name, bytes=len(content), sha256=digest))

    def add_line(self, table: str, row: dict[str, Any]) -> None:
        """A row of a table."""
        self._append(table, to_line(row), _TABLE_BYTES)

    def add_crop(self, jpeg: bytes) -> dict[str, Any]:
        """A crop; where it lies."""
        begin = self._append("crops", jpeg, _PACK_BYTES)
        self.counts["crops"] = self.counts.get("crops", 0) + 1
        return {"pack": self._name("crops"), "begin": begin, "bytes": len(jpeg)}

    def _append(self, kind: str, content: bytes, limit: int) -> int:
        waiting = self._waiting.setdefault(kind, bytearray())
        if len(waiting) + len(content) > limit:
            self.flush(kind)
        begin = len(waiting)
        waiting += content
        return begin

    def flush(self, kind: str) -> None:
        """What waits, as the next member of its kind."""
        waiting = self._waiting.get(kind)
        if waiting:
            self.add(self._name(kind), bytes(waiting))
            self._numbers[kind] = self._numbers.get(kind, 0) + 1
            waiting.clear()

    def _name(self, kind: str) -> str:
        suffix = "bin" if kind == "crops" else "jsonl"
        return f"{kind}-{self._numbers.get(kind, 0):05}.{suffix}"

    def finish(self, project: ProjectRow, with_bin: bool, with_pictures: bool) -> None:
        """The manifest, last: it knows every hash.

        Raises:
            StoreError: larger than what is read back.
        """
        total = sum(member.bytes for member in self._members)
        if total > ZIP.max_total_bytes - MAX_MANIFEST or len(self._members) >= ZIP.max_entries:
            raise StoreError(
                f"“{project.name}” takes {total:,} bytes in {len(self._members):,} files, a "
                f"project file at most {ZIP.max_total_bytes:,}: leave the pictures out"
            )
        manifest = Manifest(
            format="mudra-project",
            version=2,
            made_by=f"mudra {mudra_version()}",
            made_at=now(),
            project=project,
            with_bin=with_bin,
            with_pictures=with_pictures,
            counts=self.counts,
            members=self._members,
        )
        self._archive.writestr(MANIFEST, manifest.model_dump_json(indent=1))
