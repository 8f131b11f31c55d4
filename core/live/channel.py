"""The live channel: one WebSocket beside Streamlit's that brings to a page what changes by itself,
and to the server what is pressed there.

A visitor's `Channel` has named topics, each with a function that returns its state as JSON. The
server sends the topics that changed since the connection's last message; to a connection that has
not acknowledged `MAX_UNACKNOWLEDGED` messages it sends nothing, and then the newest state. The page
sends camera messages and commands. A command has the id of its page and a number: the page repeats
it until it is acknowledged, also after a reload, and it is applied once.

down: {"turn": 7, "applied": {page: 3}, "state": {topic: state or null}} or {"problem": text}
up:   7, a turn that arrived; or {"commands": [{"page": id, "n": 3, "to": name, …}], "camera": …};
      {} when nothing came for seconds: the answer shows that the connection works
"""

import asyncio
import json
import secrets
import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping
from contextlib import suppress
from ipaddress import ip_address
from typing import Any, TypedDict
from weakref import WeakSet, WeakValueDictionary

from starlette.concurrency import run_in_threadpool
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from core.errors import MediaError
from core.words import translate_all, words

PATH = "mudra/live"
CLOSE_NO_CHANNEL = 4404  # close code: no channel has this token
CLOSE_OVER = 4403  # close code: a guest's right to record has ended
CLOSE_TRY_LATER = 1013  # close code: too many connections
GUEST = "mudra.guest"  # key of a connection's scope: the guest of a class, if it is one
OWNER = "mudra.owner"  # key of a connection's scope: the logged-in user, "" without a login
MAX_MESSAGE_CHARS = 3_000_000  # a few crops
MAX_CONNECTIONS, MAX_PER_VISITOR = 256, 16
TOKEN_WITHIN_S = 3.0
MAX_UNACKNOWLEDGED = 2
TICK_S = 0.5  # state that depends on the clock or on other windows is compared this often
MAX_PAGES, MAX_PAGE_CHARS, MAX_COMMANDS = 4096, 40, 500

_TOKEN_BYTES, _MAX_TOKEN_CHARS = 24, 64

Message = Mapping[str, Any]
State = Callable[[], Any]
Receive = Callable[[Message], object]


class StateMessage(TypedDict):
    """What changed: the number of the last applied command by page, the state by topic."""

    turn: int
    applied: dict[str, int]
    state: dict[str, Any]


class ProblemMessage(TypedDict):
    """Why a message of the page was not applied."""

    problem: str


class _Inbox:
    """The number of the last applied command of one page."""

    def __init__(self) -> None:
        self.lock, self.applied = threading.Lock(), 0


_inboxes: OrderedDict[str, _Inbox] = OrderedDict()  # by page id; a reloaded tab has another channel
_inboxes_lock = threading.Lock()


def _inbox_of(page: str) -> _Inbox:
    """Return a page's inbox; the least recently used one is dropped if there are too many."""
    with _inboxes_lock:
        inbox = _inboxes.setdefault(page, _Inbox())
        _inboxes.move_to_end(page)
        if len(_inboxes) > MAX_PAGES:
            _inboxes.popitem(last=False)
        return inbox


class Channel:
    """One visitor's topics and receivers of commands.

    Attributes:
        token: by which the visitor's page finds the channel.
        translate: into the visitor's language, for each `Words` of the state and of errors.
    """

    def __init__(self) -> None:
        self.token = secrets.token_urlsafe(_TOKEN_BYTES)
        self.translate: Callable[[str], str] = str
        self._topics: dict[str, State] = {}
        self._receivers: dict[str, Receive] = {}
        self._lock = threading.Lock()
        self._connections: WeakSet[Connection] = WeakSet()
        _channels[self.token] = self

    def provide(self, topic: str, state: State | None) -> None:
        """Send the topic's state from now on; None: the topic is gone."""
        with self._lock:
            self._topics.pop(topic, None)
            if state is not None:
                self._topics[topic] = state
        self.wake()

    def receive_with(self, name: str, receive: Receive) -> None:
        """Pass the commands and messages to `name` to this function, in a thread of the server's
        pool. It must raise no error but MediaError."""
        self._receivers[name] = receive

    def wake(self) -> None:
        """Make every connection compare the state with what it sent; any thread may call this."""
        for connection in [*self._connections]:
            connection.wake()

    def receive(self, message: Message) -> set[str]:
        """Apply the new commands of a message in order, then pass the camera's message on; return
        the ids of the commands' pages. A command that nobody receives yet is left with those of its
        page that follow: the page sends them again."""
        pages: set[str] = set()
        waiting: set[str] = set()
        for command in message.get("commands", ())[:MAX_COMMANDS]:
            receive = self._receivers.get(str(command["to"]))
            page, number = str(command["page"])[:MAX_PAGE_CHARS], int(command["n"])
            pages.add(page)
            if receive is None:
                waiting.add(page)
            inbox = _inbox_of(page)
            with inbox.lock:
                if receive is not None and page not in waiting and number > inbox.applied:
                    try:
                        receive(command)
                    finally:
                        inbox.applied = number
        camera = self._receivers.get("camera")
        if camera is not None and "camera" in message:
            camera(message["camera"])
        return pages

    def state(self) -> dict[str, Any]:
        """Return the state of each topic, in English."""
        with self._lock:
            topics = dict(self._topics)
        return {name: state() for name, state in topics.items()}

    def attach(self, connection: "Connection") -> None:
        """Wake this connection, too, while it exists."""
        self._connections.add(connection)

    def close(self) -> None:
        """Withdraw the token, the topics and the receivers."""
        _channels.pop(self.token, None)
        with self._lock:
            self._topics.clear()
        self._receivers.clear()


_channels: WeakValueDictionary[str, Channel] = WeakValueDictionary()
_connections: Counter[str] = Counter()  # per visitor; "" for all that can't be identified


class Connection:
    """One WebSocket of a channel: what it has sent, and what has arrived."""

    def __init__(self, channel: Channel, wake: Callable[[], object]) -> None:
        self.channel, self.wake = channel, wake
        self._sent: dict[str, Any] = {}
        self._turn, self._arrived = 0, 0
        self._applied: dict[str, int] = {}  # by page: the last command that was acknowledged
        self._pages: set[str] = set()
        self._lock = threading.Lock()

    @property
    def is_behind(self) -> bool:
        """Whether too many messages are not acknowledged yet."""
        return self._turn - self._arrived >= MAX_UNACKNOWLEDGED

    def acknowledge(self, turn: int) -> None:
        """Note that a message has arrived."""
        self._arrived = max(self._arrived, min(turn, self._turn))

    def answer(self, text: str) -> str:
        """Receive a message; return the news or an error message as JSON, "" if the page is behind.
        A page that is answered knows that its connection works."""
        try:
            message = _parse_message(text)
            self._pages |= self.channel.receive(message)
        except MediaError as error:
            return self._describe_problem(error.text)
        except (KeyError, TypeError, ValueError) as error:
            return self._describe_problem(
                words(
                    "the page sent an invalid message ({error}): reload the page", error=repr(error)
                )
            )
        return self.news(even_if_same=True)

    def news(self, *, even_if_same: bool = False) -> str:
        """Return what changed since the last call as JSON; "" if nothing did, or if the page is
        behind."""
        with self._lock:
            if self.is_behind:
                return ""
            applied = {page: _inbox_of(page).applied for page in self._pages}  # before the state
            state = self.channel.state()
            gone = {topic: None for topic in self._sent if topic not in state}
            changed = {
                topic: one
                for topic, one in (state | gone).items()
                if topic not in self._sent or self._sent[topic] != one
            }
            if not changed and applied == self._applied and not even_if_same:
                return ""
            self._sent, self._applied = state, applied
            self._turn += 1
            said = translate_all(changed, self.channel.translate)
            news: StateMessage = {"turn": self._turn, "applied": applied, "state": said}
            return json.dumps(news)

    def _describe_problem(self, text: str) -> str:
        message: ProblemMessage = {"problem": self.channel.translate(text)}
        return json.dumps(message)


def live_route(path: str) -> WebSocketRoute:
    """Create the server's WebSocket route of the channels."""
    return WebSocketRoute(path, _serve_connection)


async def _serve_connection(socket: WebSocket) -> None:
    """Receive a WebSocket's token, then exchange messages until its channel no longer exists."""
    visitor = _identify_visitor(socket)
    if _connections.total() >= MAX_CONNECTIONS or (
        visitor and _connections[visitor] >= MAX_PER_VISITOR
    ):
        await socket.close(CLOSE_TRY_LATER)
        return
    _connections[visitor] += 1
    try:
        await socket.accept()
        with suppress(WebSocketDisconnect):
            await _exchange_messages(socket, await _receive_token(socket))
            await socket.close(CLOSE_NO_CHANNEL)
    finally:
        _connections[visitor] -= 1
        if not _connections[visitor]:
            del _connections[visitor]


async def _exchange_messages(socket: WebSocket, token: str) -> None:
    """Answer messages and send news while the token's channel exists."""
    channel = _channels.get(token)
    if channel is None:
        return
    loop, woken = asyncio.get_running_loop(), asyncio.Event()
    connection = Connection(channel, lambda: loop.call_soon_threadsafe(woken.set))
    channel.attach(connection)
    del channel  # it ends with its visitor
    tasks = (
        asyncio.create_task(_send_news(socket, connection, woken)),
        asyncio.create_task(_answer_messages(socket, connection, woken)),
    )
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        ends = await asyncio.gather(*tasks, return_exceptions=True)
    for end in ends:
        if isinstance(end, Exception):
            raise end


async def _answer_messages(socket: WebSocket, connection: Connection, woken: asyncio.Event) -> None:
    """Receive messages and send their answers; a number acknowledges a message."""
    while connection.channel.token in _channels:
        text = await _receive_text(socket)
        if text.isdecimal() and len(text) < 16:
            connection.acknowledge(int(text))
            woken.set()
        elif answer := await run_in_threadpool(connection.answer, text):
            await socket.send_text(answer)


async def _send_news(socket: WebSocket, connection: Connection, woken: asyncio.Event) -> None:
    """Send what changed whenever the channel wakes the connection, or a tick has passed."""
    while connection.channel.token in _channels:
        with suppress(TimeoutError):  # `wait_for` of Python 3.11 may lose a cancellation
            async with asyncio.timeout(TICK_S):
                await woken.wait()
        woken.clear()
        if not connection.is_behind and (news := await run_in_threadpool(connection.news)):
            await socket.send_text(news)


def _identify_visitor(socket: WebSocket) -> str:
    """Return the owner or, if not logged in, the IP address; "" for a loopback address."""
    if owner := socket.scope.get(OWNER):
        return f"owner {owner}"
    address = socket.client.host if socket.client else ""
    with suppress(ValueError):
        return "" if ip_address(address).is_loopback else address
    return ""


async def _receive_token(socket: WebSocket) -> str:
    """Receive the token, which is the first message; "" if it takes over 3 s or is too long."""
    try:
        async with asyncio.timeout(TOKEN_WITHIN_S):
            token = await _receive_text(socket)
    except TimeoutError:
        return ""
    return token if len(token) <= _MAX_TOKEN_CHARS else ""


async def _receive_text(socket: WebSocket) -> str:
    """Receive a text message; "" for a binary one."""
    try:
        return await socket.receive_text()
    except KeyError:
        return ""


def _parse_message(text: str) -> Message:
    """Parse a JSON object; raise MediaError if it is too long or isn't an object."""
    if len(text) > MAX_MESSAGE_CHARS:
        raise MediaError(words("the page sent {n:,} characters: reload the page", n=len(text)))
    try:
        message = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise MediaError(
            words("the page sent no JSON ({error}): reload the page", error=str(error))
        ) from error
    if not isinstance(message, dict):
        raise MediaError(
            words("the page sent {kind}: reload the page", kind=type(message).__name__)
        )
    return message
