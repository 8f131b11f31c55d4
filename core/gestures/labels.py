"""Gesture names and emoji. Names are data: never paths, never markup."""

import re
import unicodedata
from dataclasses import dataclass

from core.errors import LabelError
from core.words import mark, words

MAX_NAME = 40
MAX_EMOJI = 16  # code points; families and flags are sequences of many

# Emoji that are drawn as text unless U+FE0F follows: Unicode's emoji-data, Emoji=Yes and
# Emoji_Presentation=No, as first and last code points (without digits, # and *)
_TEXT_SIGNS = (
    "©© ®® ‼‼ ⁉⁉ ™™ ℹℹ ↔↙ ↩↪ ⌨⌨ ⏏⏏ ⏭⏯ ⏱⏲ ⏸⏺ ⓂⓂ ▪▫ ▶▶ ◀◀ ◻◼ ☀☄ ☎☎ ☑☑ ☘☘ ☝☝ ☠☠ ☢☣ ☦☦ ☪☪ ☮☯ ☸☺ ♀♀ "
    "♂♂ ♟♠ ♣♣ ♥♦ ♨♨ ♻♻ ♾♾ ⚒⚒ ⚔⚗ ⚙⚙ ⚛⚜ ⚠⚠ ⚧⚧ ⚰⚱ ⛈⛈ ⛏⛏ ⛑⛑ ⛓⛓ ⛩⛩ ⛰⛱ ⛴⛴ ⛷⛹ ✂✂ ✈✉ ✌✍ ✏✏ ✒✒ ✔✔ ✖✖ "
    "✝✝ ✡✡ ✳✴ ❄❄ ❇❇ ❣❤ ➡➡ ⤴⤵ ⬅⬇ 〰〰 〽〽 ㊗㊗ ㊙㊙ 🅰🅱 🅾🅿 🈂🈂 🈷🈷 🌡🌡 🌤🌬 🌶🌶 🍽🍽 🎖🎗 🎙🎛 🎞🎟 "
    "🏋🏎 🏔🏟 🏳🏳 🏵🏵 🏷🏷 🐿🐿 👁👁 📽📽 🕉🕊 🕯🕰 🕳🕹 🖇🖇 🖊🖍 🖐🖐 🖥🖥 🖨🖨 🖱🖲 🖼🖼 🗂🗄 🗑🗓 🗜🗞 🗡🗡 "
    "🗣🗣 🗨🗨 🗯🗯 🗳🗳 🗺🗺 🛋🛋 🛍🛏 🛠🛥 🛩🛩 🛰🛰 🛳🛳"
)
_TEXT_RANGES = [(pair[0], pair[-1]) for pair in _TEXT_SIGNS.split()]


def to_colour_emoji(emoji: str) -> str:
    """Append U+FE0F to an emoji that would otherwise be drawn as black text."""
    plain = emoji.removesuffix("\ufe0f").removesuffix("\ufe0e")
    if len(plain) == 1 and any(low <= plain <= high for low, high in _TEXT_RANGES):
        return plain + "\ufe0f"
    return emoji


@dataclass(frozen=True)
class GestureLabel:
    """A gesture's name and its emoji ("" for none)."""

    name: str
    emoji: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "emoji", to_colour_emoji(self.emoji))

    @property
    def title(self) -> str:
        """Emoji and name, for people."""
        return f"{self.emoji} {self.name}".strip()

    @property
    def is_none(self) -> bool:
        """Whether it is “none”, with whatever emoji: no gesture."""
        return self.name == NONE.name


NONE = GestureLabel("none", "🚫")
DEFAULT_GESTURES = (
    GestureLabel("thumbs_up", "👍"),
    GestureLabel("thumbs_down", "👎"),
    GestureLabel("point_up", "☝️"),
    GestureLabel("ok", "👌"),
    GestureLabel("fist", "👊"),
    GestureLabel("point_right", "👉"),
    GestureLabel("point_left", "👈"),
    GestureLabel("open_palm", "✋"),
    NONE,
)

# for bodies; left and right as seen on the screen
ARM_POSES = (
    GestureLabel("t_pose", "🤸"),
    GestureLabel("y_pose", "🙌"),
    GestureLabel("hands_up", "🙆"),
    GestureLabel("arms_crossed", "🙅"),
    GestureLabel("left_arm_out", "⬅️"),
    GestureLabel("right_arm_out", "➡️"),
    GestureLabel("hands_on_hips", "🦸"),
    NONE,
)

# for both hands
TWO_HANDED = (
    GestureLabel("heart_hands", "🫶"),
    GestureLabel("folded_hands", "🙏"),
    GestureLabel("open_hands", "👐"),
    GestureLabel("time_out", "⏸️"),
    NONE,
)

# moving gestures of hands with how to perform them; left and right as seen on the screen
_INSTRUCTIONS = {
    GestureLabel("swipe_left", "⬅️"): mark("Sweep an open hand to the left, once, and rest."),
    GestureLabel("swipe_right", "➡️"): mark("Sweep an open hand to the right, once, and rest."),
    GestureLabel("swipe_up", "⬆️"): mark("Sweep an open hand upwards, once, and rest."),
    GestureLabel("swipe_down", "⬇️"): mark("Sweep an open hand downwards, once, and rest."),
    GestureLabel("clockwise", "🔃"): mark("Draw one circle in the air, as a clock's hand goes."),
    GestureLabel("counter_clockwise", "🔄"): mark(
        "Draw one circle in the air, the other way round."
    ),
    GestureLabel("wave", "👋"): mark("Wave an open hand from side to side, two or three times."),
    GestureLabel("pinch", "🤏"): mark(
        "Bring thumb and index finger together, and open them again."
    ),
    NONE: mark("Any other movement: scratch, talk with your hands."),
}
MOTIONS = tuple(_INSTRUCTIONS)

_ALIASES = {
    "thumbs_up": "thumbup thumb_up thumbsup like yes up_thumb",
    "thumbs_down": "thumbdown thumb_down thumbsdown dislike no",
    "point_up": "pointup pointing_up one index_up",
    "ok": "okay ok_sign",
    "fist": "close closed closed_fist rock punch",
    "point_right": "pointright pointing_right right",
    "point_left": "pointleft pointing_left left",
    "open_palm": "palm open open_hand stop five openpalm hand_open",
    "none": "nothing no_gesture no_class background other unknown",
    "t_pose": "tpose",
    "y_pose": "ypose",
    "hands_up": "arms_up handsup",
    "arms_crossed": "crossed_arms folded_arms",
    "hands_on_hips": "hands_on_hip arms_akimbo akimbo",
    "heart_hands": "hand_heart heart",
    "folded_hands": "pray prayer namaste",
    "time_out": "timeout",
}
_ADDRESSES = re.compile(r"https?:(?=//)|www(?=\.)|@", re.IGNORECASE)
_EMOJI_VARIANTS = re.compile("[\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]")  # style and skin-tone marks

_INVISIBLE_IN_EMOJI = {"\u200d", *map(chr, range(0xE0020, 0xE0080))}  # joiner; region flags


def _normalise_text(text: str) -> str:
    """Return the text without skin tones, in lower case, words joined by underscores."""
    plain = _EMOJI_VARIANTS.sub("", unicodedata.normalize("NFC", text)).strip().casefold()
    return re.sub(r"[\s\-]+", "_", plain)


_NAMES = {
    _normalise_text(text): gesture.name
    for gesture in (*TWO_HANDED, *ARM_POSES, *DEFAULT_GESTURES)
    for text in (gesture.name, gesture.emoji)
} | {alias: name for name, aliases in _ALIASES.items() for alias in aliases.split()}


def match_gesture(text: str) -> str | None:
    """Find a built-in gesture's name by its name, an alias or its emoji; None if there is none."""
    return _NAMES.get(_normalise_text(text))


def explain_gesture(name: str) -> str:
    """Return how to perform a built-in moving gesture; "" for other gestures."""
    return next((text for label, text in _INSTRUCTIONS.items() if label.name == name), "")


def safe_name(text: str) -> str:
    """Check and normalise a gesture's name: NFC, without surrounding spaces. Raise LabelError if it
    isn't 1 to 40 characters long, or contains control or bidi characters."""
    name = unicodedata.normalize("NFC", text).strip()
    if not 1 <= len(name) <= MAX_NAME:
        raise LabelError(
            words("a name has 1 to {most} characters, this one has {n}", most=MAX_NAME, n=len(name))
        )
    for char in name:
        # Cf includes bidi overrides and the zero-width joiner; emoji sequences need the joiner
        if unicodedata.category(char) in ("Cc", "Cs", "Co", "Zl", "Zp") or (
            unicodedata.category(char) == "Cf" and char != "\u200d"
        ):
            raise LabelError(
                words(
                    "the name contains the invisible character U+{code:04X}: type it without",
                    code=ord(char),
                )
            )
    return name


def safe_emoji(text: str) -> str:
    """Return an untrusted emoji unchanged, or "" if it is too long, or contains invisible or
    Markdown characters."""
    plain = text.removesuffix("\u20e3")  # a keycap follows a digit, # or *
    keycap = plain != text and plain[:1] in "0123456789#*" and plain[1:] in ("", "\ufe0f")
    visible = all(unicodedata.category(c)[0] != "C" or c in _INVISIBLE_IN_EMOJI for c in text)
    allowed = visible and len(text) <= MAX_EMOJI and (keycap or safe_label(text) == text)
    return text if allowed else ""


def format_count(n: int, noun: str) -> str:
    """Format a count with its noun: “1 sample”, “2,883 samples”."""
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def safe_label(text: str) -> str:
    """Escape Markdown, web addresses and line breaks in untrusted text that is shown in a widget or
    chart.

    Backslashes don't stop a bare address from becoming a link, so a word joiner breaks it.
    """
    plain = _ADDRESSES.sub("\\g<0>\u2060", text.replace("\n", " "))
    return re.sub(r"([\\`*_{}\[\]()<>#+\-.!|$:~^&])", r"\\\1", plain)
