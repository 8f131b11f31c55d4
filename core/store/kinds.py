"""Still gestures have samples of a single frame, moving gestures have clips: what else would enter
a gesture is refused, wherever it comes from."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, select

from core.errors import KindError
from core.store.database import schema as t
from core.store.rows import MOVING, STILL, chunks

_OF = t.samples.c


def check_frames(name: str, kind: str, frames: Iterable[int]) -> None:
    """Before samples of so many frames each enter the gesture of this name and kind.

    Raises:
        KindError: some are not of the gesture's kind.
    """
    if any((count > 1) != (kind == MOVING) for count in frames):
        raise _mixed(name, kind)


def check_stored(connection: Connection, *conditions: Any) -> None:
    """After samples were moved or brought back: those outside the bin that meet the conditions.

    Raises:
        KindError: some are not of their gesture's kind.
    """
    gesture = t.gestures.c
    found = select(gesture.name, gesture.kind).join_from(
        t.samples, t.gestures, _OF.gesture_id == gesture.id
    )
    odd = (_OF.frames > 1) != (gesture.kind == MOVING)
    row = connection.execute(t.in_bin(found, t.samples).where(odd, *conditions).limit(1)).first()
    if row is not None:
        raise _mixed(row.name, row.kind)


def check_stored_ids(connection: Connection, ids: Iterable[int]) -> None:
    """`check_stored` for the samples with these ids."""
    for chunk in chunks(ids):
        check_stored(connection, _OF.id.in_(chunk))


def _mixed(name: str, kind: str) -> KindError:
    wanted, other = "single frames", "clips"
    if kind != STILL:
        wanted, other = other, wanted
    return KindError(
        f"“{name}” is a {kind} gesture: its samples are {wanted}, and some of these are {other}; "
        "choose a gesture of their kind"
    )
