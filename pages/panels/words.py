"""The studio's words in one place: page names, marks, and what several pages say.

Convention: sentences are short, say "you", name the button to press in its own words, and end with
what to do next. A gesture is shown (a hand does it), a name is said (the model does it).
"""

HOME, RECORD, GESTURES, REVIEW, TRAIN = "Home", "Record", "Gestures", "Review", "Train"
LIVE, FILES, EXPORT, HEATMAPS, PRIVACY = "Live", "Files", "Export", "Heatmaps", "Privacy"

ICONS = {
    HOME: "🏠",
    RECORD: "🎥",
    GESTURES: "✋",
    REVIEW: "🔎",
    TRAIN: "📈",
    LIVE: "✨",
    FILES: "🖼",
    EXPORT: "📦",
    HEATMAPS: "🔥",
    PRIVACY: "🔒",
}
SECTIONS = {
    "": (HOME,),
    "Teach": (RECORD, GESTURES, REVIEW, TRAIN),
    "Use": (LIVE, FILES, EXPORT),
    "Look inside": (HEATMAPS,),
    "Your data": (PRIVACY,),
}
MARKS = {"running": "⏳", "done": "✅", "stopped": "⏹", "failed": "❌", "dead": "💀"}

NOTHING_RECORDED = "Nothing is recorded yet: open Record, or fill the demo project on Home."
NOT_STARTED = "Press START under the video."


def many(n: int, thing: str) -> str:
    """“1 sample”, “2,883 samples”."""
    return f"{n:,} {thing}" if n == 1 else f"{n:,} {thing}s"
