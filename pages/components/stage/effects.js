// Carries out the effects that the channel brings, each once; the emergency stop, also by Escape.
import { made } from "../elements.js"
import { t } from "../words.js"
import { channel } from "./channel.js"
import { EFFECTS, connectSerial, stopEffects } from "./effect_table.js"

// Which effects are new: none of what had happened before the page was opened.
export class Acting {
  halted = false
  /** @type {number | null} */
  done = null  // the newest effect's number

  /** @param {Record<string, (value: string) => unknown>} effects @param {(problem: string) => void} fail */
  constructor(effects, fail) {
    this.effects = effects
    this.fail = fail
  }

  /** @param {FiredEffect[]} fired */
  async act(fired) {
    const { done } = this
    const due = done === null || this.halted ? [] : fired.filter(({ n }) => n > done)
    this.done = Math.max(0, done ?? 0, ...fired.map(({ n }) => n))
    for (const { effect, value } of due) {
      try {
        await this.effects[effect]?.(value)
      } catch (error) {
        this.fail(/** @type {Error} */ (error).message)
      }
    }
  }
}

/** @param {Component<EffectsData, { effects: ReturnType<typeof makeBox> }>} component */
export function effects({ data, parentElement }) {
  const box = (parentElement.effects ??= makeBox(parentElement))
  box.end()
  let stopped = false, on = false, said = 0
  const { acting } = box
  /** @param {string} kind */
  const say = (kind) => { said = channel().say(data.topic, kind) }
  const stop = () => {
    acting.halted = true
    stopEffects()
    say("stop")
  }
  /** @param {KeyboardEvent} event */
  const onKey = (event) => { if (event.key === "Escape" && on && !stopped) stop() }
  /** @param {EffectsState} news */
  const draw = (news) => {
    on = news.on
    stopped = news.stopped
    if (channel().isApplied(said)) acting.halted = stopped
    if (stopped) stopEffects()
    box.root.hidden = !on
    box.stop.hidden = stopped
    box.go.hidden = !stopped
    box.serial.hidden = !news.uses.includes("serial")
    const text = stopped ? t("All actions are stopped.") : news.text
    if (box.text.textContent !== text) box.text.textContent = text
    if (news.problem || news.text !== box.last) box.problem.textContent = news.problem
    box.last = news.text
    const known = channel().topics.get(`${data.topic} pictures`) ?? {}
    const pictures = /** @type {Record<string, string>} */ (known)
    acting.act(news.fired.map((one) => ({ ...one, value: pictures[one.value] ?? one.value })))
  }
  box.stop.onclick = stop
  box.go.onclick = () => say("go")
  box.serial.onclick = () => connectSerial().then(() => box.fail(""),
    (/** @type {Error} */ error) => box.fail(error.message))
  document.addEventListener("keydown", onKey, true)
  const leave = channel().listen(data.topic, (/** @type {EffectsState | null} */ news) => news && draw(news))
  box.end = () => {
    leave()
    document.removeEventListener("keydown", onKey, true)
  }
  return () => {
    box.end()
    stopEffects()
  }
}

/** @param {HTMLElement} parent */
function makeBox(parent) {
  const problem = made("p", "error")
  /** @param {string} text */
  const fail = (text) => { problem.textContent = text }
  /** @param {string} text */
  const button = (text) => made("button", "", text, { type: "button" })
  const box = { root: made("div", "effects", "", { hidden: true }),
    stop: button(t("■ Stop all actions (Esc)")), go: button(t("▶ Let actions go on")),
    serial: button(t("Connect a serial port")), text: made("p", "text"), problem, fail,
    acting: new Acting(EFFECTS, fail), last: "", end: () => {} }
  box.problem.setAttribute("role", "status")
  box.root.append(box.stop, box.go, box.serial, box.text, box.problem)
  parent.replaceChildren(box.root)
  return box
}
