"""How large a model file may be. The limits of gesture models are in `gestures.modelfile`."""

from pathlib import Path

from core.errors import WeightsError

MAX_PUBLISHED_BYTES = 2**30  # of published weights, unpacked; the largest have 650 MB
MAX_GIVEN_NET_BYTES = 150 * 2**20  # of an ONNX net, which is in memory three times while checked
MAX_KERAS_BYTES = 2**28  # of one array


def check_file(file: Path, max_bytes: int = MAX_PUBLISHED_BYTES) -> None:
    """Raise WeightsError where a model file is missing, empty or larger than `max_bytes`."""
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
