"""How long a change takes from Live to a receiver on this machine, and what a frame costs in which
nothing changes: `python -m benchmarks.actions`."""

import socket
import time
from functools import partial

import numpy as np
from websockets.sync.client import connect as connect_by_proxy

from core.actions.actions import Actions, Settings
from core.actions.websocket import new_token
from core.gestures.labels import DEFAULT_GESTURES
from core.pose.types import Pose
from core.recognition.reading import Reading

# a proxy may be set: MediaPipe's reports are sent to none
connect = partial(connect_by_proxy, proxy=None)

CHANGES, FRAMES, EVERY_S = 500, 50_000, 0.05
POSE = Pose(np.zeros((21, 2), np.float32), np.ones(21, np.float32))
ROW = tuple((gesture, 1 / len(DEFAULT_GESTURES)) for gesture in DEFAULT_GESTURES)


def measure() -> dict[str, float]:
    """Milliseconds to each receiver, median and 95th percentile; microseconds a quiet frame."""
    actions, arrived = Actions(), {"osc": list[float](), "websocket": list[float]()}
    hands = [(Reading(POSE, gesture, ROW, "Right"),) for gesture in DEFAULT_GESTURES[:2]]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        actions.configure(
            Settings(
                osc=True,
                osc_port=receiver.getsockname()[1],
                websocket=True,
                websocket_port=0,
                token=new_token(),
                per_second=30,
            )
        )
        with connect(actions.status().address) as client:
            time.sleep(0.2)
            for i in range(CHANGES):
                begun = time.perf_counter()
                actions.offer(hands[i % 2], i * EVERY_S)
                receiver.recv(2000)
                arrived["osc"].append(time.perf_counter() - begun)
                client.recv(5)
                arrived["websocket"].append(time.perf_counter() - begun)
                receiver.recv(2000)
        begun = time.process_time()
        for i in range(FRAMES):
            actions.offer(hands[1], (CHANGES + i) * EVERY_S)
        quiet = (time.process_time() - begun) / FRAMES
    actions.close()
    found = {
        f"{name}_{q}": 1e3 * float(np.percentile(times, q))
        for name, times in arrived.items()
        for q in (50, 95)
    }
    return found | {"quiet_frame_us": 1e6 * quiet}


if __name__ == "__main__":
    for name, value in measure().items():
        print(f"{name}: {value:.2f}")
