"""A class in a real studio, and what attackers try: guests are protocol clients."""

import asyncio
import itertools
import re
from contextlib import asynccontextmanager, closing

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from websockets.exceptions import InvalidStatus

from core.admin.lan import find_addresses
from core.classroom.invitations import REVOKED, UNKNOWN
from core.classroom.watch import DELETED
from core.errors import AccessError
from core.live.channel import CLOSE_NO_CHANNEL, CLOSE_OVER
from core.modelfiles.browser_files import has_browser_files
from core.paths import Paths
from core.store import Store
from core.store.index import count_samples
from tests.conftest import lacking
from tests.support.classroom import invite, join, open_guest, request
from tests.support.protocol_client import KEYPOINTS, ProtocolClient, read_hands
from tests.support.studio import LOG, studio

UUID = "01234567-89ab-4cde-8f01-23456789abcd"
ANNA = {"X-Mudra-User": "anna", "X-Mudra-Secret": "a-secret-of-the-proxy"}
WAYS = {  # of a studio: environment, program, scheme, headers of the owner's requests
    "plain": ({}, ("-m", "core", "studio"), "http", {}),
    "login": (
        {"MUDRA_LOGIN_HEADER": "X-Mudra-User", "MUDRA_LOGIN_SECRET": ANNA["X-Mudra-Secret"]},
        ("-m", "core", "studio"),
        "http",
        ANNA,
    ),
    "lan": ({}, ("-m", "core", "studio", "--lan"), "https", {}),
}


@pytest.fixture(scope="module", params=WAYS)
def place(request, tmp_path_factory, shared_data):
    """The address of a studio for its guests, the owner's headers, the store, and the address for
    the owner."""
    if not has_browser_files(Paths.find().weights):
        lacking("no files for a browser", "run `make setup`")
    environment, program, scheme, headers = WAYS[request.param]
    if request.param == "lan":
        try:
            find_addresses()
        except AccessError as error:
            lacking(str(error), "connect this machine")
    workspace = tmp_path_factory.mktemp("class")
    with studio(workspace, environment, program=program, scheme=scheme) as (address, _):
        owner = "anna" if headers else ""
        with closing(Store(Paths.find(workspace).database, owner=owner)) as store:
            for_guests = address
            if request.param == "lan":  # a connection to it comes as if from another machine
                for_guests = address.replace("127.0.0.1", find_addresses()[0])
            yield for_guests, headers, store, address
    assert "Traceback" not in (log := (workspace / LOG).read_text()), log


@pytest.fixture
def hands():
    return itertools.cycle(read_hands(KEYPOINTS))


@asynccontextmanager
async def lesson(place, name="Class"):
    """The owner with a project of this name and its link; everybody leaves at the end."""
    _, headers, store, address = place
    if name not in {one.name for one in store.projects()}:
        store.create_project(name)
    clients = []
    owner = ProtocolClient(address, query={"project": name}, headers=headers)
    clients.append(owner)
    tasks = []
    try:
        await owner.open()
        yield owner, await invite(owner), clients, tasks
    finally:
        if "Revoke" in owner.ids:
            await owner.press("Revoke")
        for task in tasks:
            task.cancel()
        for client in clients:
            await client.close()


def gesture_of(client, name="fist"):
    return next(card["id"] for card in client.cards["cards"] if card["name"] == name)


def test_two_guests_record_and_the_rows_are_theirs(place, hands):
    address, _, store, _ = place

    async def record():
        async with lesson(place) as (owner, link, clients, tasks):
            for name in ("Ada", "Ben"):
                guest = await open_guest(address, join(address, link), name)
                clients.append(guest)
                tasks.append(asyncio.create_task(guest.show_hands(hands)))
                await guest.wait_for(lambda guest=guest: not guest.cards["off"])
            notes = await asyncio.gather(
                *(guest.hold(gesture_of(guest), 2.0) for guest in clients[1:])
            )
            await owner.run()
            return [int(re.search(r"(\d+) saved", note)[1]) for note in notes], owner.texts.copy()

    saved, texts = asyncio.run(record())
    assert min(saved) >= 5
    project = store.project("Class")
    assert sum(count_samples(store, project.id).values()) == sum(saved)
    assert {person.name for person in store.persons(project.id)} >= {"Ada", "Ben"}
    [table] = [text for text in texts if "<table>" in text]
    for name, count in zip(("Ada", "Ben"), saved, strict=True):
        assert f'<td>{name}</td><td class="number">{count}</td>' in table


def test_the_second_of_two_with_one_name_is_told_so(place):
    address = place[0]

    async def meet():
        async with lesson(place) as (_, link, clients, _tasks):
            clients.append(await open_guest(address, join(address, link), "Grace"))
            second = await open_guest(address, join(address, link))
            clients.append(second)
            second.fill("Your name", "grace")
            await second.press("Join")
            return "cards" in second.ids, " ".join(second.texts)

    is_in, said = asyncio.run(meet())
    assert not is_in and "somebody else here is “grace” already" in said


def test_a_person_that_the_project_knows_is_asked_for(place):
    address, _, store, _ = place

    async def meet():
        async with lesson(place, "Known") as (_, link, clients, _tasks):
            store.ensure_person(store.project("Known").id, "Hedy")
            guest = await open_guest(address, join(address, link))
            clients.append(guest)
            guest.fill("Your name", "Hedy")
            await guest.press("Join")
            asked = "cards" in guest.ids, " ".join(guest.texts)
            await guest.press("Yes, I am Hedy")
            return asked, "cards" in guest.ids

    (is_in, said), is_in_then = asyncio.run(meet())
    assert not is_in and "Is that you?" in said and is_in_then


def test_a_guest_has_one_page_whatever_is_asked_for(place):
    """Pages, projects, fragments and messages of Streamlit that the page does not offer."""
    address, _, store, _ = place

    async def try_all():
        async with lesson(place) as (owner, link, clients, _tasks):
            store.ensure_person(store.project("Class").id, "Secret person")
            cookie = join(address, link)
            seen = []
            for page in ("", "record", "review", "train", "live", "privacy", "export", "studio"):
                guest = ProtocolClient(
                    address,
                    page,
                    path="/join",
                    query={"project": "Known", "keypoints_found": "the server"},
                    headers={"Cookie": cookie},
                )
                clients.append(guest)
                await guest.open(session=owner.session)  # the owner's, which is not its own
                seen.append((page, guest.session, set(guest.ids), " ".join(guest.texts)))
                message = BackMsg()
                message.file_urls_request.request_id = "1"
                message.file_urls_request.file_names.append("a.png")
                await guest.send(message)
                await guest.send(BackMsg(clear_cache=True))
                await guest.run()
            return owner.session, seen

    session, seen = asyncio.run(try_all())
    for page, own, ids, texts in seen:
        assert own != session, page
        assert ids == {"Settings", "camera", "connection", "Your name", "Join"}, page
        assert "Secret person" not in texts and "You are invited" in texts, page


def test_other_addresses_and_made_up_links_are_refused(place):
    address = place[0]
    paths = [
        *(f"/join/{page}" for page in ("record", "live", "_stcore/metrics", "auth/login")),
        "/join/media/0123456789abcdef0123456789abcdef.png",
        f"/join/_stcore/upload_file/{UUID}/{UUID}",
        "/join/component/../../_stcore/metrics",
        "/join/static/../../../etc/passwd",
        "/join//_stcore/stream",
    ]

    async def enter():
        async with lesson(place) as (_, link, _clients, _tasks):
            cookie = join(address, link)
            found = [
                (method, path, request(address, path, method, Cookie=cookie)[0])
                for path in paths
                for method in ("GET", "PUT", "POST", "DELETE")
            ]
            guesses = [request(address, f"{link[:-1]}{char}")[::2] for char in "AB_" * 5]
            return found, [one for one in guesses if one[0] != 200]

    found, guesses = asyncio.run(enter())
    assert [one for one in found if one[2] not in (400, 403, 404, 405)] == []
    assert len(guesses) >= 10 and all(UNKNOWN in text for _, text in guesses)


def test_the_cookie_opens_nothing_outside_of_join(place):
    address, headers, _, of_owner = place
    if not headers and address == of_owner:
        pytest.skip("without a login whoever reaches the port may use it")

    async def enter():
        async with lesson(place) as (_, link, clients, _tasks):
            cookie = join(address, link)
            guest = await open_guest(address, cookie, "Mallory")
            clients.append(guest)
            outside = ProtocolClient(address, headers={"Cookie": cookie})
            clients.append(outside)
            with pytest.raises(InvalidStatus):
                await outside.connect_live(guest.token)
            if headers:
                await outside.open()
                return set(outside.ids), " ".join(outside.texts)
            with pytest.raises(InvalidStatus):
                await outside.open()
            return set(), request(address, "/", Cookie=cookie)[2]

    ids, said = asyncio.run(enter())
    assert "camera" not in ids
    assert ("did not come through the login" if headers else "Scan the code to enter") in said


def test_a_guest_can_use_neither_another_ones_token_nor_commands(place, hands):
    address, _, store, _ = place
    other = store.create_project(f"Other {len(store.projects())}")

    async def attack():
        async with lesson(place) as (_, link, clients, tasks):
            guest = await open_guest(address, join(address, link), "Eve")
            clients.append(guest)
            tasks.append(asyncio.create_task(guest.show_hands(hands)))
            await guest.wait_for(lambda: not guest.cards["off"])
            problems = []
            for kind, fields in (
                ("add", {"name": "x", "emoji": "", "moves": False}),
                ("remove", {"gesture": gesture_of(guest)}),
                ("rename", {"gesture": gesture_of(guest), "name": "x", "emoji": ""}),
                ("start", {"gesture": gesture_of(guest)}),
                ("begin", {"gesture": store.gestures(other.id)[0].id, "held": 0}),
                ("delete", {"sample": 1}),
            ):
                await guest.say(guest.cards_topic, kind, **fields)
                number = guest.last_command
                await guest.wait_for(lambda n=number: guest.cards["refused"] == n)
                problems.append(guest.cards["problem"])
            topics = set(guest.state)
            command = {"page": "p", "n": 1, "to": f"cards {other.id}", "kind": "remove"}
            await guest.send_live({"commands": [command | {"gesture": 1}]})
            with_guess = await open_guest(address, join(address, link))
            clients.append(with_guess)
            await with_guess.connect_live("guess" * 6)
            await with_guess.wait_for(lambda: with_guess.closed is not None)
            return problems, topics, guest.cards["cards"], with_guess.closed

    problems, topics, cards, closed = asyncio.run(attack())
    assert problems[:4] == ["You can record here, but not change the gestures."] * 4
    assert "That gesture is gone" in problems[4] and "isn't one of yours" in problems[5]
    assert {topic for topic in topics if topic.startswith("cards")} == {
        f"cards {store.project('Class').id}{part}" for part in ("", " pictures", " enlarged")
    }
    assert [card["name"] for card in cards][:2] == ["thumbs_up", "thumbs_down"]
    assert closed == CLOSE_NO_CHANNEL
    assert [g.name for g in store.gestures(other.id)] == [card["name"] for card in cards]


def test_revoking_ends_open_connections_and_the_old_token_and_keeps_the_samples(place, hands):
    address, _, store, _ = place

    async def revoke():
        async with lesson(place, "Revoked") as (owner, link, clients, tasks):
            cookie = join(address, link)
            guest = await open_guest(address, cookie, "Alan")
            clients.append(guest)
            tasks.append(asyncio.create_task(guest.show_hands(hands)))
            await guest.wait_for(lambda: not guest.cards["off"])
            holding = asyncio.create_task(guest.hold(gesture_of(guest), 60.0))
            tasks.append(holding)
            await guest.wait_for(lambda: guest.cards["cards"][4]["samples"] > 5)
            await owner.press("Revoke")
            await guest.wait_for(lambda: guest.closed is not None)
            holding.cancel()
            assert guest.stream is not None
            await guest.stream.wait_closed()
            codes = guest.closed, guest.stream.close_code
            again = ProtocolClient(address, path="/join", headers={"Cookie": cookie})
            clients.append(again)
            await again.connect_live(guest.token)
            await again.wait_for(lambda: again.closed is not None)
            await asyncio.sleep(3)  # what was confirmed is stored once the hold's lease is over
            reused = [request(address, path, Cookie=cookie)[::2] for path in ("/join/", link)]
            fresh = request(address, link)
            return codes, again.closed, reused, fresh, guest.cards["cards"][4]["samples"]

    codes, again, reused, fresh, seen = asyncio.run(revoke())
    assert codes == (CLOSE_OVER, CLOSE_OVER) and again == CLOSE_OVER
    for status, text in (*reused, fresh[::2]):
        assert status == 403 and REVOKED in text
    assert "Set-Cookie" not in fresh[1]
    stored = sum(count_samples(store, store.project("Revoked").id).values())
    assert stored >= seen > 5


def test_a_project_that_is_deleted_is_said_to_its_guests(place, hands):
    address, _, store, _ = place

    async def delete():
        async with lesson(place, "Gone") as (_, link, clients, tasks):
            guest = await open_guest(address, join(address, link), "Alan")
            clients.append(guest)
            tasks.append(asyncio.create_task(guest.show_hands(hands)))
            await guest.wait_for(lambda: not guest.cards["off"])
            store.delete_project(store.project("Gone").id)
            await guest.wait_for(lambda: guest.state["class"]["errors"])
            await guest.say(guest.cards_topic, "begin", gesture=gesture_of(guest), held=0)
            await guest.wait_for(lambda: guest.cards["problem"])
            late = await open_guest(address, join(address, link))
            clients.append(late)
            return guest.state["class"]["errors"], guest.cards["problem"], " ".join(late.texts)

    errors, problem, late = asyncio.run(delete())
    assert errors == [DELETED] and problem == DELETED and "deleted this project" in late
