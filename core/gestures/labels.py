"""Gesture names and emoji. Names are data: never paths, never markup."""

import re
import unicodedata
from dataclasses import dataclass

from core.errors import LabelError

MAX_NAME = 40
MAX_EMOJI = 16  # code points: families and flags are made of many


# Signs that are drawn as text unless U+FE0F follows: Unicode's emoji-data, Emoji=Yes and
# Emoji_Presentation=No, as first and last code points (digits, # and * left out)
_TEXT_SIGNS = (
    "©© ®® ‼‼ ⁉⁉ ™™ ℹℹ ↔↙ ↩↪ ⌨⌨ ⏏⏏ ⏭⏯ ⏱⏲ ⏸⏺ ⓂⓂ ▪▫ ▶▶ ◀◀ ◻◼ ☀☄ ☎☎ ☑☑ ☘☘ ☝☝ ☠☠ ☢☣ ☦☦ ☪☪ ☮☯ ☸☺ ♀♀ "
    "♂♂ ♟♠ ♣♣ ♥♦ ♨♨ ♻♻ ♾♾ ⚒⚒ ⚔⚗ ⚙⚙ ⚛⚜ ⚠⚠ ⚧⚧ ⚰⚱ ⛈⛈ ⛏⛏ ⛑⛑ ⛓⛓ ⛩⛩ ⛰⛱ ⛴⛴ ⛷⛹ ✂✂ ✈✉ ✌✍ ✏✏ ✒✒ ✔✔ ✖✖ "
    "✝✝ ✡✡ ✳✴ ❄❄ ❇❇ ❣❤ ➡➡ ⤴⤵ ⬅⬇ 〰〰 〽〽 ㊗㊗ ㊙㊙ 🅰🅱 🅾🅿 🈂🈂 🈷🈷 🌡🌡 🌤🌬 🌶🌶 🍽🍽 🎖🎗 🎙🎛 🎞🎟 "
    "🏋🏎 🏔🏟 🏳🏳 🏵🏵 🏷🏷 🐿🐿 👁👁 📽📽 🕉🕊 🕯🕰 🕳🕹 🖇🖇 🖊🖍 🖐🖐 🖥🖥 🖨🖨 🖱🖲 🖼🖼 🗂🗄 🗑🗓 🗜🗞 🗡🗡 "
    "🗣🗣 🗨🗨 🗯🗯 🗳🗳 🗺🗺 🛋🛋 🛍🛏 🛠🛥 🛩🛩 🛰🛰 🛳🛳"
)
_TEXT_RANGES = [(pair[0], pair[-1]) for pair in _TEXT_SIGNS.split()]


def in_colour(emoji: str) -> str:
    """The emoji with U+FE0F where a single sign would else be drawn as text, thin and black."""
    alone = emoji.removesuffix("\ufe0f").removesuffix("\ufe0e")
    if len(alone) == 1 and any(low <= alone <= high for low, high in _TEXT_RANGES):
        return alone + "\ufe0f"
    return emoji


@dataclass(frozen=True)
class GestureLabel:
    """A gesture's name and the emoji that stands for it ("" when it has none), in colour."""

    name: str
    emoji: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "emoji", in_colour(self.emoji))

    @property
    def title(self) -> str:
        """Emoji and name, for people."""
        return f"{self.emoji} {self.name}".strip()


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

# of bodies; left and right are the screen's, as the viewer sees them
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

# of both hands
TWO_HANDED = (
    GestureLabel("heart_hands", "🫶"),
    GestureLabel("folded_hands", "🙏"),
    GestureLabel("open_hands", "👐"),
    GestureLabel("time_out", "⏸️"),
    NONE,
)

# of hands, each that moves with how it is performed; left and right are the screen's
_PERFORMED = {
    GestureLabel("swipe_left", "⬅️"): "Sweep an open hand to the left, once, and rest.",
    GestureLabel("swipe_right", "➡️"): "Sweep an open hand to the right, once, and rest.",
    GestureLabel("swipe_up", "⬆️"): "Sweep an open hand upwards, once, and rest.",
    GestureLabel("swipe_down", "⬇️"): "Sweep an open hand downwards, once, and rest.",
    GestureLabel("clockwise", "🔃"): "Draw one circle in the air, as a clock's hand goes.",
    GestureLabel("counter_clockwise", "🔄"): "Draw one circle in the air, the other way round.",
    GestureLabel("wave", "👋"): "Wave an open hand from side to side, two or three times.",
    GestureLabel("pinch", "🤏"): "Bring thumb and index finger together, and open them again.",
    NONE: "Any other movement: scratch, talk with your hands.",
}
MOTIONS = tuple(_PERFORMED)

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

_IN_EMOJI = {"\u200d", *map(chr, range(0xE0020, 0xE0080))}  # joins; flags of regions


def _key(text: str) -> str:
    plain = _EMOJI_VARIANTS.sub("", unicodedata.normalize("NFC", text)).strip().casefold()
    return re.sub(r"[\s\-]+", "_", plain)


_BY_KEY = (
    {_key(g.name): g.name for g in (*TWO_HANDED, *ARM_POSES, *DEFAULT_GESTURES)}
    | {_key(g.emoji): g.name for g in (*TWO_HANDED, *ARM_POSES, *DEFAULT_GESTURES)}
    | {alias: name for name, aliases in _ALIASES.items() for alias in aliases.split()}
)


def match_gesture(text: str) -> str | None:
    """Name of the built-in gesture that a text means by name, alias or emoji; else None."""
    return _BY_KEY.get(_key(text))


def how_to_perform(name: str) -> str:
    """Of a built-in gesture that moves; "" of others."""
    return next((how for label, how in _PERFORMED.items() if label.name == name), "")


def safe_name(text: str) -> str:
    """A name as it may be stored: NFC, trimmed, 1-40 characters, none of them control or bidi.

    Raises:
        LabelError: the text can't be a name.
    """
    name = unicodedata.normalize("NFC", text).strip()
    if not 1 <= len(name) <= MAX_NAME:
        raise LabelError(f"a name has 1 to {MAX_NAME} characters, this one has {len(name)}")
    for char in name:
        # Cf holds the bidi overrides and the zero-width joiner; emoji sequences need the latter
        if unicodedata.category(char) in ("Cc", "Cs", "Co", "Zl", "Zp") or (
            unicodedata.category(char) == "Cf" and char != "\u200d"
        ):
            raise LabelError(
                f"the name holds the invisible character U+{ord(char):04X}: type it without"
            )
    return name


def safe_emoji(text: str) -> str:
    """An untrusted emoji as it may stand beside a name; "" where it is long or could be markup."""
    plain = text.removesuffix("\u20e3")  # a keycap stands on a digit, # or *
    keycap = plain != text and plain[:1] in "0123456789#*" and plain[1:] in ("", "\ufe0f")
    seen = all(unicodedata.category(c)[0] != "C" or c in _IN_EMOJI for c in text)
    short = len(text) <= MAX_EMOJI and seen
    return text if short and (keycap or safe_label(text) == text) else ""


def format_count(n: int, noun: str) -> str:
    """“1 sample”, “2,883 samples”."""
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def safe_label(text: str) -> str:
    """The text as a widget, chart or Markdown may show it: nothing in it acts as markup.

    A bare address would become a link in spite of every backslash, so an invisible word joiner
    breaks it.
    """
    plain = _ADDRESSES.sub("\\g<0>\u2060", text.replace("\n", " "))
    return re.sub(r"([\\`*_{}\[\]()<>#+\-.!|$:~^&])", r"\\\1", plain)
