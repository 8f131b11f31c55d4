"""A progress bar for acts that tell how far they are."""

from collections.abc import Callable

from streamlit.delta_generator import DeltaGenerator


def moves(bar: DeltaGenerator, text: str | None = None) -> Callable[[float], None]:
    """What a long act calls with the share that is done, 0..1, to move a progress bar."""

    def move(share: float) -> None:
        bar.progress(share, text)

    return move
