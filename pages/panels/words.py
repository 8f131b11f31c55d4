"""The studio's words in one place: page names, marks, and what several pages say.

Convention: sentences are short, say "you", name the button to press in its own words, and end with
what to do next. A gesture is shown (a hand does it), a name is said (the model does it).
"""

STUDIO, RECORD, GESTURES, REVIEW, TRAIN = "Studio", "Record", "Gestures", "Review", "Train"
LIVE, FILES, EXPORT, HEATMAPS = "Live", "Files", "Export", "Heatmaps"
BODY, DEPTH = "Body", "Depth"
DEMO, PRIVACY = "Demo", "Privacy"

ICONS = {
    STUDIO: "🤙",
    RECORD: "🎥",
    GESTURES: "✋",
    REVIEW: "🔎",
    TRAIN: "📈",
    LIVE: "✨",
    FILES: "🖼",
    EXPORT: "📦",
    HEATMAPS: "🔥",
    BODY: "🧍",
    DEPTH: "🧊",
    DEMO: "👋",
    PRIVACY: "🔒",
}
SECTIONS = {
    "": (STUDIO,),
    "Teach": (RECORD, GESTURES, REVIEW, TRAIN),
    "Use": (LIVE, FILES, EXPORT),
    "Look inside": (HEATMAPS, BODY, DEPTH, DEMO, PRIVACY),
}
VIDEO_PAGES = (STUDIO, RECORD, LIVE, HEATMAPS, BODY, DEPTH)
MARKS = {
    "running": "⏳",
    "done": "✅",
    "stopped": "⏹",
    "failed": "❌",
    "dead": "💀",
    "replaced": "⏭",
}

NOTHING_RECORDED = "Nothing is recorded yet: open Record, or fill the demo project on Demo."
NOT_STARTED = "Press START under the video and allow the camera."
FROM_COLOURS = (
    "3-D without a depth camera: MediaPipe estimates these points from colours alone. It learned "
    "their shape from many hands; how far away yours is, is not measured."
)


def many(n: int, thing: str) -> str:
    """“1 sample”, “2,883 samples”."""
    return f"{n:,} {thing}" if n == 1 else f"{n:,} {thing}s"
