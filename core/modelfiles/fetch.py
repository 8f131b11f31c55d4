"""Fetches published weights: to a file beside their place, whole and of the right sha256, or not at
all. Where nobody published a sha256, the person who fetches reads what came and accepts it."""

import http.client
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.errors import WeightsError
from core.files import sha256_of, written_whole
from core.modelfiles.converted_weights import entry_of, import_weights
from core.modelfiles.limits import MAX_PUBLISHED_BYTES
from core.modelfiles.weights_entry import Source

Progress = Callable[[int, int | None], None]

_CHUNK = 2**18
_TIMEOUT_S = 30.0


def fetch(
    name: str,
    folder: Path,
    *,
    accept_hash: str | None = None,
    progress: Progress | None = None,
    source: Source | None = None,
) -> dict[str, Any]:
    """Download the weights, check them and convert them; says what NAME.json does.

    Args:
        folder: where the converted weights go.
        accept_hash: the sha256 that the person trusts, where none was published.
        progress: told the bytes that came and, where known, all of them.
        source: another than the table's first.

    Raises:
        WeightsError: offline, cut off, another sha256 than expected, or one yet to be accepted
            (the file is then kept, and the text says with which option it is accepted).
    """
    source = source or entry_of(name).sources[0]
    expected = source.sha256 or (accept_hash.lower() if accept_hash else None)
    folder.mkdir(parents=True, exist_ok=True)
    kept = folder / f"unverified-{source.file}"
    if not (expected and kept.is_file() and sha256_of(kept) == expected):
        _download(name, source, kept, progress or (lambda done, total: None))
    found = sha256_of(kept)
    _check_start(source, kept, found)
    if expected is None:
        raise WeightsError(
            f"nobody published a sha256 of {source.file}; the one that came ({kept}) has {found}. "
            f"If you trust it: `python -m core weights fetch {name} --accept-hash {found}`"
        )
    if found != expected:
        kept.unlink()
        raise WeightsError(
            f"{source.file} came with sha256 {found}, expected {expected}: it is not the published "
            "file and was deleted; try again later or from another network"
        )
    file = kept.replace(folder / source.file)
    try:
        return import_weights(name, file, folder)
    finally:
        file.unlink()


def _check_start(source: Source, kept: Path, found: str) -> None:
    """Refuse a file whose name says how its sha256 begins, where it does not."""
    if not found.startswith(source.sha256_start):
        kept.unlink()
        raise WeightsError(
            f"{source.file} came with sha256 {found}, its name says that it begins with "
            f"{source.sha256_start}: it is not the published file and was deleted; try again later "
            "or from another network"
        )


def _download(name: str, source: Source, to: Path, progress: Progress) -> None:
    """From the first address that gives the whole file."""
    detail = []
    for url in source.urls:
        try:
            with written_whole(to) as part:
                stream(url, part, source.bytes, progress)
            return
        except (WeightsError, OSError, http.client.HTTPException, ValueError) as error:
            reason = getattr(error, "reason", None) or error
            detail.append(f"{url}: {str(reason) or type(reason).__name__}")
    where = "; ".join(detail) or f"it lies in {source.where}"
    raise WeightsError(
        f"{source.file} could not be fetched ({where}). Go online and try again, or get the file "
        f"in another way and `python -m core weights import {name} FILE`"
    )


def stream(
    url: str, part: Path, size: int | None, progress: Progress = lambda done, total: None
) -> None:
    """Write what an address gives to a file.

    Args:
        size: how many bytes it must be, where that is known.

    Raises:
        WeightsError: more or fewer bytes came, or a web page.
        OSError: no connection, or no such file there.
    """
    request = urllib.request.Request(url, headers={"User-Agent": "mudra"})
    with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer, part.open("wb") as file:
        announced = answer.headers.get("Content-Length")
        total = int(announced) if announced else size
        if "text/html" in answer.headers.get("Content-Type", ""):
            raise WeightsError("a web page came instead of the file")
        done = 0
        while chunk := answer.read(_CHUNK):
            done += len(chunk)
            if done > (size or MAX_PUBLISHED_BYTES):
                raise WeightsError(
                    f"more bytes came than the {size or MAX_PUBLISHED_BYTES} expected"
                )
            file.write(chunk)
            progress(done, total)
    if done != (total or done) or done != (size or done):
        raise WeightsError(f"the download was cut off after {done} of {size or total} bytes")
