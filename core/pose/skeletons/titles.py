"""Names of keypoints for people, which the pages can show in another language."""

from core.words import mark

TITLES = (
    *(mark("nose"), mark("neck"), mark("head top"), mark("wrist")),
    *(mark("left eye inner"), mark("right eye inner"), mark("left eye"), mark("right eye")),
    *(mark("left eye outer"), mark("right eye outer"), mark("left ear"), mark("right ear")),
    *(mark("left mouth"), mark("right mouth"), mark("left shoulder"), mark("right shoulder")),
    *(mark("left elbow"), mark("right elbow"), mark("left wrist"), mark("right wrist")),
    *(mark("left pinky"), mark("right pinky"), mark("left index"), mark("right index")),
    *(mark("left thumb"), mark("right thumb"), mark("left hip"), mark("right hip")),
    *(mark("left knee"), mark("right knee"), mark("left ankle"), mark("right ankle")),
    *(mark("left heel"), mark("right heel"), mark("left foot index"), mark("right foot index")),
    *(mark("thumb cmc"), mark("thumb mcp"), mark("thumb ip"), mark("thumb tip")),
    *(mark("index mcp"), mark("index pip"), mark("index dip"), mark("index tip")),
    *(mark("middle mcp"), mark("middle pip"), mark("middle dip"), mark("middle tip")),
    *(mark("ring mcp"), mark("ring pip"), mark("ring dip"), mark("ring tip")),
    *(mark("little mcp"), mark("little pip"), mark("little dip"), mark("little tip")),
)
_BY_NAME = {title.replace(" ", "_"): title for title in TITLES}


def joint_title(joint: str) -> str:
    """Return a keypoint's name for people: "left wrist" for left_wrist."""
    return _BY_NAME.get(joint) or joint.replace("_", " ")
