"""Fields for files, and how large a file of each kind may be."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from core.capture import cells
from core.exchange import own_tables
from core.gestures.modelfile import bundle
from core.media import archives, json_objects, pictures, videos

LIMITS_MB = {
    kind: size // 2**20
    for kind, size in {
        "pictures": pictures.MAX_BYTES,
        "videos": videos.MAX_BYTES,
        "zips": archives.MAX_TOTAL,
        "models": bundle.MAX_FILE,
        "CSV": cells.MAX_BYTES,
        "JSON": json_objects.MAX_BYTES,
        "Parquet": own_tables.MAX_BYTES,
        "recordings": archives.MAX_TOTAL,
    }.items()
}


def upload_field(
    kinds: Sequence[str], label: str, types: Sequence[str], *, place: Any = st, **options: Any
) -> Any:
    """Draw Streamlit's file uploader, which says how large a file may be.

    Args:
        kinds: of LIMITS_MB.
        place: where to draw it.
        options: what `st.file_uploader` takes.
    """
    limits = {kind: LIMITS_MB[kind] for kind in kinds}
    files = place.file_uploader(label, types, max_upload_size=max(limits.values()), **options)
    if len(set(limits.values())) > 1:
        place.caption(f"Up to {', '.join(f'{mb} MB for {kind}' for kind, mb in limits.items())}.")
    return files
