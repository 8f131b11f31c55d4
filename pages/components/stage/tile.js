// The controls of the small video on a page without video: it is moved from corner to corner, folded and
// closed, and this browser remembers it. Where it lies the page keeps free: see video_small.css.
import { made } from "../elements.js"

const KEPT = "mudra-tile"
const FIRST = { side: "right", edge: "bottom", look: "open" }  // or "left", "top", "folded", "closed"
const VIDEO = ".st-key-stage"
const WORDS = {
  move: ["✥", "Move the camera: drag it, or press an arrow key"],
  fold: ["–", "Fold the camera"],
  unfold: ["▢", "Unfold the camera"],
  close: ["×", "Close the camera's small video"],
  open: ["📷", "Show the camera's small video"],
}

const remembered = () => {
  try {
    return { ...FIRST, ...JSON.parse(localStorage.getItem(KEPT)) }
  } catch {
    return FIRST
  }
}

/**
 * @param {{side: string, edge: string, look: string}} place kept from now on, by this browser, too
 */
const show = (place) => {
  localStorage.setItem(KEPT, JSON.stringify(place))
  for (const [name, value] of Object.entries(place)) {
    document.documentElement.setAttribute(`data-tile-${name}`, value)
  }
}

const ARROWS = {
  ArrowLeft: { side: "left" }, ArrowRight: { side: "right" },
  ArrowUp: { edge: "top" }, ArrowDown: { edge: "bottom" },
}

/**
 * Drags the video and its controls; they go to the corner that is nearest to where they are let go.
 * @param {HTMLElement} handle
 * @param {HTMLElement} host of the controls
 * @param {(change: {side: string, edge: string}) => void} move
 */
const drag = (handle, host, move) => {
  let from = null
  const moved = () => [host.closest(".st-key-tile"), document.querySelector(VIDEO)?.parentElement]
  const shift = (text) => moved().forEach((one) => one && (one.style.translate = text))
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

/** @param {{parentElement: HTMLElement}} component */
export function tile({ parentElement }) {
  const box = made("div", "tile")
  box.setAttribute("role", "group")
  box.setAttribute("aria-label", "Small camera video")
  const button = (kind, change) => {
    const [sign, label] = WORDS[kind]
    const one = made("button", kind, sign, { type: "button", title: label })
    one.setAttribute("aria-label", label)
    if (change) one.onclick = () => show({ ...remembered(), ...change })
    return one
  }
  const handle = button("move")
  const move = (change) => show({ ...remembered(), ...change })
  handle.onkeydown = (event) => {
    if (!ARROWS[event.key]) return
    event.preventDefault()
    move(ARROWS[event.key])
  }
  drag(handle, parentElement.getRootNode().host ?? parentElement, move)
  box.append(handle, button("fold", { look: "folded" }), button("unfold", { look: "open" }),
    button("close", { look: "closed" }), button("open", { look: "open" }))
  parentElement.replaceChildren(box)
  show(remembered())
}
