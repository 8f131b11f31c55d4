"""A class records into one project at once: what is stored, and how soon all see the new model.

    python -m benchmarks.class_room [--guests 10] [--seconds S] [--json]

The owner makes a link on Studio; the guests join by it, each with a name, and hold the buttons of
two gestures, one after the other, for so many seconds each, at the same time as all others. Then
the owner trains. Each client speaks as a browser does and shows real hands of `../shared/data`:
the first gesture is a hand of a fist, the second an open palm. The clients compute on the same
machine.

`stored_ms`: from a hold's release to the message that all of it is stored.
`answer_s`: from the press of Train until the last guest sees an answer of the new model.
"""

import argparse
import asyncio
import itertools
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from core.paths import Paths
from core.store import Store
from core.store.index import count_samples
from tests.support.classroom import invite, join, open_guest
from tests.support.protocol_client import KEYPOINTS, Hand, ProtocolClient, read_hands
from tests.support.studio import report, studio

SHOWN = {"fist": "scissors", "open_palm": "paper"}  # of the table → name in the project
PROJECT, WITHIN_S = "Class", 180.0


class Member:
    """A guest who records."""

    def __init__(self, client: ProtocolClient, number: int, hands: dict[str, list[Hand]]) -> None:
        self.client, self._hands = client, hands
        self._number, self._shown = number, next(iter(hands))
        self.saved = self.skipped = 0
        self.stored_ms: list[float] = []
        self.showing = asyncio.create_task(client.show_hands(self._show()))

    def _show(self) -> Iterator[Hand]:
        for n in itertools.count(17 * self._number):
            hands = self._hands[self._shown]
            yield hands[n % len(hands)]

    async def record(self, gesture: str, name: str, hold_s: float) -> None:
        """Hold the button of a gesture, and count what is stored."""
        self._shown = gesture
        await self.client.wait_for(lambda: not self.client.cards["off"])
        card = next(one for one in self.client.cards["cards"] if one["name"] == name)
        note = await self.client.hold(card["id"], hold_s)
        self.stored_ms.append(self.client.stored_ms)
        saved, skipped = re.findall(r"(\d+) (?:saved|skipped)", note)
        self.saved, self.skipped = self.saved + int(saved), self.skipped + int(skipped)

    async def see_new_model(self, name: str) -> float:
        """Wait for an answer that only the new model gives; when it came."""
        await self.client.wait_for(lambda: self._is_answered(name), WITHIN_S)
        return time.monotonic()

    def _is_answered(self, name: str) -> bool:
        answer = self.client.state.get("answer") or {"hands": ()}
        return any(hand["name"] == name for hand in answer["hands"])


async def teach(address: str, guests: int, hold_s: float) -> dict[str, Any]:
    """Let the guests join, record and see the answer; the figures."""
    hands = {gesture: read_hands(KEYPOINTS, gesture) for gesture in SHOWN}
    owner = ProtocolClient(address, query={"project": PROJECT})
    await owner.open()
    link = await invite(owner)
    names = [f"guest {number + 1}" for number in range(guests)]
    cookies = [join(address, link) for _ in names]
    opening = zip(cookies, names, strict=True)
    clients = await asyncio.gather(*(open_guest(address, *one) for one in opening))
    members = [Member(one, number, hands) for number, one in enumerate(clients)]
    for gesture, name in SHOWN.items():
        await asyncio.gather(*(one.record(gesture, name, hold_s) for one in members))
    start = time.monotonic()
    await owner.run()
    await owner.press("Train")
    seen = await asyncio.gather(*(one.see_new_model(SHOWN["open_palm"]) for one in members))
    for one in members:
        one.showing.cancel()
    for client in (owner, *clients):
        await client.close()
    took_ms = [ms for one in members for ms in one.stored_ms]
    middle_late = np.percentile(took_ms, [50, 95])
    return {
        "joined": len(clients),
        "samples_saved": sum(one.saved for one in members),
        "frames_skipped": sum(one.skipped for one in members),
        "stored_ms": round(float(middle_late[0])),
        "stored_p95_ms": round(float(middle_late[1])),
        "saw_new_model": len(seen),
        "answer_first_s": round(min(seen) - start, 1),
        "answer_s": round(max(seen) - start, 1),
    }


def count_stored(store: Store) -> dict[str, int]:
    """The samples of the project and its persons, as they are stored."""
    project = store.project(PROJECT)
    stored = sum(count_samples(store, project.id).values())
    return {"samples_stored": stored, "persons_stored": len(store.persons(project.id))}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--guests", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="mudra-class-") as name,
        closing(Store(Paths.find(Path(name)).database)) as store,
    ):
        project = store.create_project(PROJECT)
        for gesture in store.gestures(project.id):
            if gesture.name in SHOWN:
                store.update_gesture(gesture.id, name=SHOWN[gesture.name])
        with studio(Path(name)) as (address, _):
            found = asyncio.run(teach(address, asked.guests, asked.seconds))
        found |= count_stored(store)
    report(found, as_json=asked.json)


if __name__ == "__main__":
    main()
