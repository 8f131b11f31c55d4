"""“When … then …”: a project's rules on Studio and Live, and what carries them out."""

from base64 import b64encode
from collections.abc import Sequence
from typing import Any

import streamlit as st

from core.actions.machine import MachineAccess, find_machine_access, list_machine_effects
from core.actions.rules import EFFECTS_TOPIC, PICTURES_TOPIC, RuleRunner
from core.gestures.labels import DEFAULT_GESTURES, NONE, GestureLabel, safe_label
from core.live.live import LiveProcessor
from core.media.pictures import shrink_to_webp
from core.store import Project
from core.store.rules import (
    EFFECTS,
    HELD,
    MAX_COOLDOWN_S,
    MAX_HOLD_S,
    MAX_PICTURE_BYTES,
    MOMENTS,
    PICTURE,
    NewRule,
    Rule,
    add_rules,
    delete_rule,
    list_rules,
    update_rule,
)
from core.words import mark
from pages.components.stage import draw_effects
from pages.panels.access import is_at_this_machine
from pages.panels.camera.session import live_session
from pages.panels.camera.stage import current_stage
from pages.panels.controls import upload_field
from pages.panels.language import t
from pages.panels.layout import apply_and_rerun, show_errors
from pages.panels.live.actions import stream_actions
from pages.panels.resources import studio

_SCALE = [f"{note}{octave}" for octave in (4, 5, 6) for note in "CDEGA"]  # sounds well in any order
_PICTURES = ["png", "jpg", "jpeg", "webp", "gif"]
_NO_RULES = mark(
    "Nothing happens yet when you show a gesture. Take a template, or press *Add an action*: "
    "choose a gesture and what it does."
)


def show_rules(live: LiveProcessor | None, project: Project) -> None:
    """Draw the project's rules and their stop button, and carry them out while the video runs.

    Args:
        live: None while the camera is off: rules can be tested.
    """
    runner: RuleRunner = st.session_state.setdefault("rule_runner", RuleRunner())
    access = _pick_machine_access()
    rules = list_rules(studio().store, project.id)
    runner.set_rules(rules, access)
    if live is not None and runner.rules:
        stream_actions(live).attach_rules(runner)
    live_session().show(PICTURES_TOPIC, runner.pictures)
    live_session().show(EFFECTS_TOPIC, runner.state, runner.receive)
    draw_effects("effects", EFFECTS_TOPIC)
    box = st.expander(t("When … then …"), icon="⚡", key="rules", on_change="rerun")
    if box.open:  # else each visit of the page would draw it all
        with box:
            _draw_rules(rules, runner, project)


def _draw_rules(rules: Sequence[Rule], runner: RuleRunner, project: Project) -> None:
    """Draw each rule, and how to add one."""
    gestures = [g.label for g in studio().store.gestures(project.id, enabled_only=True)]
    gestures = [gesture for gesture in gestures if not gesture.is_none]
    for rule in rules:
        with st.container(horizontal=True, vertical_alignment="center", key=f"rule_{rule.id}"):
            _draw_rule(rule, runner, gestures)
    if not rules:
        st.caption(t(_NO_RULES))
    _draw_additions(project, gestures, is_empty=not rules)


def _pick_machine_access() -> MachineAccess:
    """Draw the switch for effects of the machine in the settings; return what may be used."""
    is_local = is_at_this_machine()
    if not list_machine_effects(is_local=is_local):
        return MachineAccess()
    with current_stage().settings:
        is_on = st.toggle(
            t("Actions on this machine"),
            key="machine_actions",
            persist_state="session",
            help=t(
                "Gestures may press keys, click the mouse, and send MIDI, OSC and MQTT from the "
                "machine that runs Mudra. Only what you add under *When … then …* is done."
            ),
        )
    return find_machine_access(is_on=is_on, is_local=is_local)


def _draw_rule(rule: Rule, runner: RuleRunner, gestures: Sequence[GestureLabel]) -> None:
    """Draw a rule's sentence with its switch and buttons; one that came with an imported project
    has to be confirmed first."""
    store = studio().store
    titles = {gesture.name: gesture.title for gesture in gestures}
    sentence = safe_label(t(rule.describe(titles.get(rule.gesture, rule.gesture))))
    if rule.confirmed:
        key = f"rule_on_{rule.id}_{rule.enabled}"
        if st.toggle(sentence, rule.enabled, key=key, width="stretch") != rule.enabled:
            apply_and_rerun(update_rule, store, rule, enabled=not rule.enabled)
    else:
        st.markdown(f"🔒 {sentence}", width="stretch")
        note = t("It came with the project.")
        if st.button(t("Allow"), key=f"rule_allow_{rule.id}", help=note):
            apply_and_rerun(update_rule, store, rule, enabled=True, confirmed=True)
    if rule.confirmed and st.button(t("Test"), key=f"rule_test_{rule.id}"):
        runner.test(rule)
        live_session().channel.wake()
    edit = st.popover(t("Edit"), key=f"rule_edit_{rule.id}", on_change="rerun")
    if edit.open:
        with edit, show_errors():
            changed = _draw_form(f"rule_{rule.id}", rule, gestures)
            if st.button(t("Save"), key=f"rule_save_{rule.id}", type="primary"):
                apply_and_rerun(update_rule, store, rule, **changed)
    if st.button(t("Delete"), key=f"rule_delete_{rule.id}"):
        apply_and_rerun(delete_rule, store, rule)


def _draw_additions(project: Project, gestures: Sequence[GestureLabel], *, is_empty: bool) -> None:
    """Draw the form for a new rule and, if there are none yet, the templates."""
    store = studio().store
    with st.container(horizontal=True):
        turn = st.session_state.get("rules_added", 0)  # a new form, closed, after each
        form = st.popover(t("Add an action"), icon="➕", key=f"rule_add_{turn}", on_change="rerun")
        if form.open:
            with form, show_errors():
                first = gestures[0].name if gestures else DEFAULT_GESTURES[0].name
                new = _draw_form(f"rule_new_{turn}", NewRule(first, "confetti"), gestures)
                if st.button(t("Add"), key="rule_add_now", type="primary"):
                    add_rules(store, project.id, [NewRule(**new)])
                    st.session_state["rules_added"] = turn + 1
                    st.rerun()
        for title, rules in _make_templates(gestures).items() if is_empty else ():
            if st.button(t(title), key=f"rules_template_{title}"):
                apply_and_rerun(add_rules, store, project.id, rules)


def _make_templates(gestures: Sequence[GestureLabel]) -> dict[str, list[NewRule]]:
    """Return the templates that these gestures are enough for."""
    names = [gesture.name for gesture in gestures]
    templates = {
        mark("🎵 Music: a note for each gesture"): [
            NewRule(name, "note", note, cooldown_s=0)
            for name, note in zip(names, _SCALE, strict=False)
        ]
    }
    if {"point_right", "point_left"} <= {*names}:
        templates[mark("📽️ Slides: 👉 next, 👈 previous")] = [
            NewRule("point_right", "next_slide"),
            NewRule("point_left", "previous_slide"),
        ]
    return templates if names else {}


def _draw_form(key: str, rule: NewRule, gestures: Sequence[GestureLabel]) -> dict[str, Any]:
    """Draw the fields of a rule; return their values by the rule's attributes."""
    titles = {gesture.name: gesture.title for gesture in (*gestures, NONE)}
    titles.setdefault(rule.gesture, rule.gesture)
    titles.pop(NONE.name, None)
    names = list(titles)
    gesture = st.selectbox(
        t("When"),
        names,
        names.index(rule.gesture),
        key=f"{key}_gesture",
        format_func=lambda name: titles.get(name, name),
    )
    moments = list(MOMENTS)
    moment = st.segmented_control(
        t("Moment"),
        moments,
        default=rule.moment,
        key=f"{key}_moment",
        required=True,
        format_func=lambda moment: t(MOMENTS[moment]),
        label_visibility="collapsed",
    )
    seconds = rule.seconds
    if moment == HELD:
        seconds = st.number_input(t("Seconds"), 0.1, MAX_HOLD_S, rule.seconds, key=f"{key}_seconds")
    effect = _pick_effect(key, rule.effect)
    value = _draw_value(f"{key}_{effect}", effect, rule, gesture)
    cooldown_s = st.number_input(
        t("Pause afterwards, in seconds"),
        0.0,
        MAX_COOLDOWN_S,
        rule.cooldown_s,
        key=f"{key}_cooldown",
    )
    fields = {"gesture": gesture, "moment": moment, "seconds": seconds, "effect": effect}
    return fields | {"value": value, "cooldown_s": cooldown_s}


def _pick_effect(key: str, current: str) -> str:
    """Draw the choice of effects, without those of the machine where they can't be switched on."""
    on_machine = list_machine_effects(is_local=is_at_this_machine())
    names = [n for n, e in EFFECTS.items() if not e.on_server or n in on_machine or n == current]
    return st.selectbox(
        t("Then"),
        names,
        names.index(current),
        key=f"{key}_effect",
        format_func=lambda name: t(EFFECTS[name].title),
    )


def _draw_value(key: str, effect: str, rule: NewRule, gesture: str) -> str:
    """Draw the field of an effect's value, if it takes one; return the value."""
    about = EFFECTS[effect]
    if not about.pattern:
        return ""
    default = rule.value if effect == rule.effect else about.default
    if effect == "speak" and not default:
        default = gesture.replace("_", " ")
    uploaded = default if default.startswith(PICTURE) else ""
    typed = st.text_input(
        t("What"), "" if uploaded else default, key=key, max_chars=600, help=t(about.hint)
    ).strip()
    if effect != "picture":
        return typed
    file = upload_field(["pictures"], t("Or a picture or GIF"), _PICTURES, key=f"{key}_file")
    if file is None:
        return typed or uploaded
    return PICTURE + b64encode(shrink_to_webp(file.getvalue(), MAX_PICTURE_BYTES)).decode()
