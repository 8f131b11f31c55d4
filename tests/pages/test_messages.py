"""What Streamlit's server sends while a fragment runs beside a page that is not sent yet."""

from types import SimpleNamespace

import pytest
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue

from pages.panels import messages


def begin(*fragments):
    message = ForwardMsg()
    message.new_session.name = "app"
    message.metadata.run.fragment_ids.extend(fragments)
    return message


def end():
    message = ForwardMsg()
    message.script_finished = ForwardMsg.FINISHED_SUCCESSFULLY
    return message


def text(path, fragment=""):
    message = ForwardMsg()
    message.metadata.delta_path.extend(path)
    message.delta.new_element.markdown.body = "text"
    message.delta.fragment_id = fragment
    return message


def paths(queue):
    return [list(m.metadata.delta_path) for m in queue.flush() if m.HasField("delta")]


@pytest.mark.parametrize("sent", [0, 1], ids=["nothing is sent", "its begin is sent"])
def test_a_fragment_s_part_of_a_page_goes_before_what_stands_behind_it(sent):
    messages.install()
    queue = ForwardMsgQueue()
    page = begin(), text([0, 0], "part"), text([0, 1]), end()
    for message in page[sent:]:
        queue.enqueue(message)
    queue.clear(retain_lifecycle_msgs=True, fragment_ids_this_run=["part"])
    for message in (begin("part"), text([0, 0], "part")):
        queue.enqueue(message)
    assert paths(queue) == [[0, 0], [0, 1], [0, 0]]


def test_of_a_fragment_that_runs_often_only_the_newest_is_sent():
    messages.install()
    queue = ForwardMsgQueue()
    for _ in range(3):
        queue.clear(retain_lifecycle_msgs=True, fragment_ids_this_run=["part"])
        queue.enqueue(begin("part"))
        queue.enqueue(text([0, 0], "part"))
    assert paths(queue) == [[0, 0]]


def test_a_page_that_is_left_is_not_heard_until_the_browser_comes_back_to_it():
    session = SimpleNamespace()

    def unheard(page, fragment=""):
        told = ClientState(page_script_hash=page, fragment_id=fragment)
        return messages._is_of_a_page_left(session, told)

    assert not unheard("")  # opened by its address
    assert not unheard("record", "part")
    assert not unheard("live")  # a click in the menu
    assert unheard("record", "part")  # told before the browser had the other page
    assert unheard("record", "part")
    assert not unheard("live", "part")
    assert not unheard("record", "part")  # the server led back, as a link does
    assert not unheard("record")
