"""Readers of the formats that others publish weights in."""

from pathlib import Path

from core.errors import WeightsError
from core.media.limits import MODEL


def check_file(file: Path, max_bytes: int = MODEL.max_published_bytes) -> None:
    """Raise WeightsError if a model file is missing, empty or larger than `max_bytes`."""
    if not file.is_file():
        raise WeightsError(f"{file} does not exist: check its name")
    size = file.stat().st_size
    if size == 0:
        raise WeightsError(f"{file.name} is empty: get it again")
    if size > max_bytes:
        raise WeightsError(
            f"{file.name} is {size / 2**20:,.0f} MB, the limit is {max_bytes / 2**20:,.0f} MB: no "
            "known net is as large"
        )
