// The controls of the small video on a page without video: it is moved from corner to corner, folded and
// closed, and this browser remembers it. Where it lies the page keeps free: see video_small.css.
import { made } from "../elements.js"
import { t } from "../words.js"

const KEPT = "mudra-tile"
const FIRST = { side: "right", edge: "bottom", look: "open" }  // or "left", "top", "folded", "closed"
const VIDEO = ".st-key-stage"
const WORDS = {
  move: ["✥", t("Move the camera: drag it, or press an arrow key")],
  fold: ["–", t("Fold the camera")],
  unfold: ["▢", t("Unfold the camera")],
  close: ["×", t("Close the camera's small video")],
  open: ["📷", t("Show the camera's small video")],
}

/** @typedef {typeof FIRST} Place */
/** @returns {Place} */
const remembered = () => {
  try {
    return { ...FIRST, ...JSON.parse(localStorage.getItem(KEPT) ?? "{}") }
  } catch {
    return FIRST
  }
}

/** @param {Place} place kept from now on, by this browser, too */
const show = (place) => {
  localStorage.setItem(KEPT, JSON.stringify(place))
  for (const [name, value] of Object.entries(place)) {
    document.documentElement.setAttribute(`data-tile-${name}`, value)
  }
}

/** @type {Record<string, Partial<Place>>} */
const ARROWS = {
  ArrowLeft: { side: "left" }, ArrowRight: { side: "right" },
  ArrowUp: { edge: "top" }, ArrowDown: { edge: "bottom" },
}

/**
 * Drags the video and its controls; they go to the corner that is nearest to where they are let go.
 * @param {HTMLElement} handle
 * @param {Element} host of the controls
 * @param {(change: Partial<Place>) => void} move
 */
const drag = (handle, host, move) => {
  /** @type {PointerEvent | null} */
  let from = null
  /** @param {string} text */
  const shift = (text) => {
    /** @type {(HTMLElement | null | undefined)[]} */
    const moved = [host.closest(".st-key-tile"), document.querySelector(VIDEO)?.parentElement]
    for (const one of moved) if (one) one.style.translate = text
  }
  handle.onpointerdown = (event) => {
    from = event
    handle.setPointerCapture(event.pointerId)
  }
  handle.onpointermove = (event) => {
    if (from) shift(`${event.clientX - from.clientX}px ${event.clientY - from.clientY}px`)
  }
  handle.onpointerup = (event) => {
    if (!from) return
    const far = Math.hypot(event.clientX - from.clientX, event.clientY - from.clientY) > 20
    from = null
    shift("")
    if (!far) return
    move({
      side: event.clientX < innerWidth / 2 ? "left" : "right",
      edge: event.clientY < innerHeight / 2 ? "top" : "bottom",
    })
  }
  handle.onpointercancel = () => {
    from = null
    shift("")
  }
}

/** @param {Component<object>} component */
export function tile({ parentElement }) {
  const box = made("div", "tile")
  box.setAttribute("role", "group")
  box.setAttribute("aria-label", t("Small camera video"))
  /** @param {Partial<Place>} change */
  const move = (change) => show({ ...remembered(), ...change })
  /** @param {keyof typeof WORDS} kind @param {Partial<Place>} [change] */
  const button = (kind, change) => {
    const [sign, label] = WORDS[kind]
    const one = made("button", kind, sign, { type: "button", title: label })
    one.setAttribute("aria-label", label)
    if (change) one.onclick = () => move(change)
    return one
  }
  const handle = button("move")
  handle.onkeydown = (event) => {
    if (!ARROWS[event.key]) return
    event.preventDefault()
    move(ARROWS[event.key])
  }
  const { host } = /** @type {ShadowRoot} */ (parentElement.getRootNode())
  drag(handle, host ?? parentElement, move)
  box.append(handle, button("fold", { look: "folded" }), button("unfold", { look: "open" }),
    button("close", { look: "closed" }), button("open", { look: "open" }))
  parentElement.replaceChildren(box)
  show(remembered())
}
