"""Downloads published weights: a file is complete and has the expected sha256, or is deleted. Where
no sha256 is published, the person compares and accepts that of the download."""

import http.client
import urllib.request
from pathlib import Path
from typing import Any

from core.errors import WeightsError
from core.files import replace_atomically, sha256_of
from core.media.limits import MODEL
from core.modelfiles.catalogue import WeightsFile, find_weights
from core.modelfiles.converted_weights import import_weights
from core.progress import Progress, ignore_progress

_CHUNK_BYTES = 2**18
_TIMEOUT_S = 30.0


def fetch_weights(
    name: str,
    folder: Path,
    *,
    accept_hash: str | None = None,
    progress: Progress = ignore_progress,
    source: WeightsFile | None = None,
) -> dict[str, Any]:
    """Download published weights, verify their sha256, convert them and delete the download; return
    their record, NAME.json.

    Args:
        accept_hash: the sha256 that the user trusts if none is published.
        source: another file than the table's first.

    Raises:
        WeightsError: offline, cut off, another sha256 than expected, or one that has to be accepted
            (the file then stays, and the text names the option that accepts it).
    """
    source = source or find_weights(name).sources[0]
    expected = source.sha256 or (accept_hash.lower() if accept_hash else None)
    folder.mkdir(parents=True, exist_ok=True)
    unverified = folder / f"unverified-{source.file}"
    if not (expected and unverified.is_file() and sha256_of(unverified) == expected):
        _download_from_any(name, source, unverified, progress)
    file = _verify_download(name, source, unverified, expected)
    try:
        return import_weights(name, file, folder)
    finally:
        file.unlink()


def _verify_download(
    name: str, source: WeightsFile, unverified: Path, expected: str | None
) -> Path:
    """Rename a download to its published name if its sha256 matches, else delete it; return the new
    path. Raises WeightsError: the sha256 differs, or none is published or accepted."""
    found, wanted = sha256_of(unverified), expected
    if not found.startswith(source.sha256_start):
        wanted = f"one that starts with {source.sha256_start}, as its name says"
    elif expected is None:
        raise WeightsError(
            f"no sha256 of {source.file} is published; the downloaded file ({unverified}) has "
            f"{found}. If you trust it: `python -m core weights fetch {name} --accept-hash {found}`"
        )
    if found != wanted:
        unverified.unlink()
        raise WeightsError(
            f"{source.file} has sha256 {found}, expected {wanted}: it is not the published file "
            "and was deleted; try again later or from another network"
        )
    return unverified.replace(unverified.with_name(source.file))


def _download_from_any(name: str, source: WeightsFile, path: Path, progress: Progress) -> None:
    """Download a file from the first URL that works; raise WeightsError if none does."""
    failures = []
    for url in source.urls:
        try:
            with replace_atomically(path) as draft:
                download_file(url, draft, source.bytes, progress)
            return
        except (WeightsError, OSError, http.client.HTTPException, ValueError) as error:
            reason = getattr(error, "reason", None) or error
            failures.append(f"{url}: {str(reason) or type(reason).__name__}")
    details = "; ".join(failures) or f"it has no URL, look in {source.where}"
    raise WeightsError(
        f"{source.file} could not be downloaded ({details}). Go online and try again, or get the "
        f"file yourself and `python -m core weights import {name} FILE`"
    )


def download_file(
    url: str, path: Path, size: int | None, progress: Progress = ignore_progress
) -> None:
    """Download a URL into a file of `size` bytes, if known. Raises WeightsError: wrong size, or a
    web page instead of a file; OSError: no connection, or file not found."""
    max_bytes = size or MODEL.max_published_bytes
    request = urllib.request.Request(url, headers={"User-Agent": "mudra"})
    with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as response, path.open("wb") as file:
        announced = response.headers.get("Content-Length")
        total = int(announced) if announced else size
        if "text/html" in response.headers.get("Content-Type", ""):
            raise WeightsError("a web page came instead of the file")
        done = 0
        while chunk := response.read(_CHUNK_BYTES):
            done += len(chunk)
            if done > max_bytes:
                raise WeightsError(f"the download has more than the {max_bytes} bytes expected")
            file.write(chunk)
            progress(done, total)
    if done != (total or done) or done != (size or done):
        raise WeightsError(f"the download was cut off after {done} of {size or total} bytes")
