"""Gesture names and emoji: what is known, what may be stored, what may be shown."""

import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import LabelError
from core.gestures.labels import (
    DEFAULT_GESTURES,
    GestureLabel,
    format_count,
    match_gesture,
    safe_emoji,
    safe_label,
    safe_name,
)


def test_a_title_is_emoji_and_name_or_the_name_alone():
    assert GestureLabel("ok", "👌").title == "👌 ok"
    assert GestureLabel("wave").title == "wave"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        *((text, g.name) for g in DEFAULT_GESTURES for text in (g.name, g.emoji)),
        *((text, "thumbs_up") for text in ("Thumbs Up", "THUMBS-UP", "  like ")),
        ("dislike", "thumbs_down"),
        ("palm", "open_palm"),
        ("Closed Fist", "fist"),
        ("pointing_right", "point_right"),
        ("👍🏽", "thumbs_up"),  # a skin tone
        ("☝🏿️", "point_up"),
    ],
)
def test_a_gesture_is_matched_by_name_alias_and_emoji_however_it_is_spelled(text, name):
    assert match_gesture(text) == name


@pytest.mark.parametrize("text", ["", "peace", "thumbs", "🖖", "../thumbs_up", "5"])
def test_an_unknown_text_matches_nothing(text):
    assert match_gesture(text) is None


DATA = (  # markup, paths, SQL: escaped where shown, not here; other scripts and a joined emoji
    *("a", "x" * 40, "<b>wave</b>", "../../etc/passwd", "נופף 波 👩‍👧"),
    *("'; DROP TABLE gestures; --", "CON"),
)


@pytest.mark.parametrize(
    ("text", "stored"),
    [("  wave  ", "wave"), ("cafe\u0301", "caf\u00e9"), *((one, one) for one in DATA)],
)
def test_a_name_is_kept_as_the_data_that_it_is(text, stored):
    assert safe_name(text) == stored


@pytest.mark.parametrize("text", ["", "   ", "\t\n", "x" * 41])
def test_a_name_of_the_wrong_length_is_refused_with_its_length(text):
    with pytest.raises(LabelError, match=rf"1 to 40 characters, .* {len(text.strip())}$"):
        safe_name(text)


@pytest.mark.parametrize(
    "mark",
    "\x00\n\x1b\x7f\x85"
    "\u202e\u202a\u2066\u2069\u200e\u200f\u061c"  # overrides, isolates and marks of direction
    "\u200b\ufeff\u2028\u2029"  # zero-width spaces, separators
    "\ud800\U000e0041",  # half a surrogate pair, a tag character
    ids=lambda mark: f"U+{ord(mark):04X}",
)
def test_an_invisible_character_is_refused_and_named(mark):
    with pytest.raises(LabelError, match=f"U\\+{ord(mark):04X}"):
        safe_name(f"wa{mark}ve")


@settings(max_examples=50)
@given(st.text(max_size=60))
def test_whatever_becomes_a_name_is_normal_short_and_visible(text):
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
def test_markup_in_a_label_is_shown_as_the_letters_it_is(text, shown):
    assert safe_label(text) == shown


@settings(max_examples=50)
@given(st.text(max_size=40))
def test_no_sign_of_markdown_is_left_bare_in_a_label(text):
    without_escapes = re.sub(r"\\[!-/:-@\[-`{-~]", "", safe_label(text))
    assert not set(without_escapes) & set("\\`*_{}[]()<>#+-.!|$:~^&\n")


@pytest.mark.parametrize("emoji", ["👍", "✋🏽", "👨‍👩‍👧‍👦", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "☝️", "5️⃣", "#⃣", "", "ok", "日"])
def test_an_emoji_stays_as_it_is(emoji):
    assert safe_emoji(emoji) == emoji


@pytest.mark.parametrize(
    "text",
    ["[x](http://x)", ":smile:", "<b>", "**", "$1$", "a\nb", "\u202eab", "👍" * 17, "##⃣", "#"],
)
def test_an_untrusted_emoji_that_is_markup_is_none(text):
    assert safe_emoji(text) == ""


def test_a_count_is_said_with_its_noun():
    told = [format_count(n, "sample") for n in (0, 1, 2883)]
    assert told == ["0 samples", "1 sample", "2,883 samples"]
