"""Gesture names and emoji: what is known, what may be stored, what may be shown."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import LabelError
from core.gestures.labels import (
    DEFAULT_GESTURES,
    NONE,
    GestureLabel,
    format_count,
    match_gesture,
    safe_emoji,
    safe_label,
    safe_name,
)


def test_a_new_project_has_the_eight_gestures_in_order_and_none_last() -> None:
    assert [(g.name, g.emoji) for g in DEFAULT_GESTURES[:8]] == [
        ("thumbs_up", "👍"),
        ("thumbs_down", "👎"),
        ("point_up", "☝️"),
        ("ok", "👌"),
        ("fist", "👊"),
        ("point_right", "👉"),
        ("point_left", "👈"),
        ("open_palm", "✋"),
    ]
    assert DEFAULT_GESTURES[8:] == (NONE,)
    assert NONE.name == "none"


def test_a_title_is_emoji_and_name_or_the_name_alone() -> None:
    assert GestureLabel("ok", "👌").title == "👌 ok"
    assert GestureLabel("wave").title == "wave"


@pytest.mark.parametrize("gesture", DEFAULT_GESTURES, ids=lambda g: g.name)
def test_a_gesture_is_matched_by_its_name_and_by_its_emoji(gesture: GestureLabel) -> None:
    assert match_gesture(gesture.name) == gesture.name
    assert match_gesture(gesture.emoji) == gesture.name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Thumbs Up", "thumbs_up"),
        ("THUMBS-UP", "thumbs_up"),
        ("  like ", "thumbs_up"),
        ("dislike", "thumbs_down"),
        ("palm", "open_palm"),
        ("Closed Fist", "fist"),
        ("👍🏽", "thumbs_up"),  # a skin tone
        ("☝️", "point_up"),  # the emoji style mark U+FE0F
        ("☝🏿️", "point_up"),
        ("pointing_right", "point_right"),
    ],
)
def test_spelling_aliases_and_skin_tones_do_not_hide_a_gesture(text: str, name: str) -> None:
    assert match_gesture(text) == name


@pytest.mark.parametrize("text", ["", "peace", "thumbs", "🖖", "../thumbs_up", "5"])
def test_an_unknown_text_matches_nothing(text: str) -> None:
    assert match_gesture(text) is None


@pytest.mark.parametrize(
    ("given_name", "stored"),
    [
        ("  wave  ", "wave"),
        ("cafe\u0301", "caf\u00e9"),  # NFD is stored as NFC
        ("a", "a"),
        ("x" * 40, "x" * 40),
        ("<b>wave</b>", "<b>wave</b>"),  # markup is data: escaped where shown, not here
        ("../../etc/passwd", "../../etc/passwd"),  # so is a path: ids name files, never names
        ("נופף 波 👩‍👧", "נופף 波 👩‍👧"),  # other scripts and a joined emoji
        ("'; DROP TABLE gestures; --", "'; DROP TABLE gestures; --"),
        ("CON", "CON"),
    ],
)
def test_a_name_is_kept_as_the_data_that_it_is(given_name: str, stored: str) -> None:
    assert safe_name(given_name) == stored


@pytest.mark.parametrize("text", ["", "   ", "\t\n", "x" * 41])
def test_a_name_of_the_wrong_length_is_refused_with_its_length(text: str) -> None:
    with pytest.raises(LabelError, match=rf"1 to 40 characters, .* {len(text.strip())}$"):
        safe_name(text)


@pytest.mark.parametrize(
    "mark",
    [
        "\x00",
        "\n",
        "\x1b",
        "\x7f",
        "\x85",
        "\u202e",  # right-to-left override
        "\u202a",
        "\u2066",  # isolates
        "\u2069",
        "\u200e",  # marks of direction
        "\u200f",
        "\u061c",
        "\u200b",  # zero-width space
        "\ufeff",
        "\u2028",
        "\u2029",
        "\ud800",  # half a surrogate pair
        "\U000e0041",  # a tag character
    ],
    ids=lambda mark: f"U+{ord(mark):04X}",
)
def test_an_invisible_character_is_refused_and_named(mark: str) -> None:
    with pytest.raises(LabelError, match=f"U\\+{ord(mark):04X}"):
        safe_name(f"wa{mark}ve")


@given(st.text(max_size=60))
def test_whatever_becomes_a_name_is_normal_short_and_visible(text: str) -> None:
    try:
        name = safe_name(text)
    except LabelError:
        return
    assert 1 <= len(name) <= 40
    assert unicodedata.is_normalized("NFC", name)
    assert safe_name(name) == name
    assert not [c for c in name if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp")]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("wave", "wave"),
        ("👍 thumbs up", "👍 thumbs up"),
        ("**bold**", r"\*\*bold\*\*"),
        ("[x](javascript:alert(1))", r"\[x\]\(javascript\:alert\(1\)\)"),
        ("<script>", r"\<script\>"),
        ("$x$", r"\$x\$"),
        (":smile:", r"\:smile\:"),
        ("a\nb", "a b"),
        ("&lt;", r"\&lt;"),
        ("http://a.b", "http\\:\u2060//a\\.b"),
        ("HTTPS://a", "HTTPS\\:\u2060//a"),
        ("www.a", "www\u2060\\.a"),
        ("a@b", "a@\u2060b"),
    ],
)
def test_markup_in_a_label_is_shown_as_the_letters_it_is(text: str, shown: str) -> None:
    assert safe_label(text) == shown


@given(st.text(max_size=40))
def test_no_sign_of_markdown_is_left_bare_in_a_label(text: str) -> None:
    without_escapes = re.sub(r"\\[!-/:-@\[-`{-~]", "", safe_label(text))
    assert not set(without_escapes) & set("\\`*_{}[]()<>#+-.!|$:~^&\n")


@pytest.mark.parametrize("emoji", ["👍", "✋🏽", "👨‍👩‍👧‍👦", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "☝️", "5️⃣", "#⃣", "", "ok", "日"])
def test_an_emoji_stays_as_it_is(emoji: str) -> None:
    assert safe_emoji(emoji) == emoji


@pytest.mark.parametrize(
    "text",
    ["[x](http://x)", ":smile:", "<b>", "**", "$1$", "a\nb", "\u202eab", "👍" * 17, "##⃣", "#"],
)
def test_an_untrusted_emoji_that_is_markup_is_none(text: str) -> None:
    assert safe_emoji(text) == ""


def test_a_count_is_said_with_its_noun():
    told = [format_count(n, "sample") for n in (0, 1, 2883)]
    assert told == ["0 samples", "1 sample", "2,883 samples"]
