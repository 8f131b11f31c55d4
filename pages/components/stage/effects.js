// Carries out the effects that the channel brings, each once; the emergency stop, also by Escape.
import { made } from "../elements.js"
import { channel } from "./channel.js"
import { EFFECTS, connectSerial, stopEffects } from "./effect_table.js"

// Which effects are new: none of what had happened before the page was opened.
export class Acting {
  constructor(/** @type {Record<string, (value: string) => unknown>} */ effects,
    /** @type {(problem: string) => void} */ fail) {
    Object.assign(this, { effects, fail, done: null, halted: false })
  }

  async act(/** @type {{n: number, effect: string, value: string}[]} */ fired) {
    const newest = Math.max(0, this.done ?? 0, ...fired.map(({ n }) => n))
    const due = this.done === null || this.halted ? [] : fired.filter(({ n }) => n > this.done)
    this.done = newest
    for (const { effect, value } of due) {
      try {
        await this.effects[effect]?.(value)
      } catch (error) {
        this.fail(error.message)
      }
    }
  }
}

export function effects({ data, parentElement }) {
  const box = (parentElement.effects ??= makeBox(parentElement))
  box.end?.()
  let stopped = false, on = false, said = 0
  const acting = (box.acting ??= new Acting(EFFECTS, (text) => { box.problem.textContent = text }))
  const say = (kind) => { said = channel().say(data.topic, kind) }
  const stop = () => {
    acting.halted = true
    stopEffects()
    say("stop")
  }
  const onKey = (event) => { if (event.key === "Escape" && on && !stopped) stop() }
  const draw = (news) => {
    on = news.on
    stopped = news.stopped
    if (channel().isApplied(said)) acting.halted = stopped
    if (stopped) stopEffects()
    box.root.hidden = !on
    box.stop.hidden = stopped
    box.go.hidden = !stopped
    box.serial.hidden = !news.uses.includes("serial")
    const text = stopped ? "All actions are stopped." : news.text
    if (box.text.textContent !== text) box.text.textContent = text
    if (news.problem || news.text !== box.last) box.problem.textContent = news.problem
    box.last = news.text
    const pictures = channel().topics.get(`${data.topic} pictures`) ?? {}
    acting.act(news.fired.map((one) => ({ ...one, value: pictures[one.value] ?? one.value })))
  }
  box.stop.onclick = stop
  box.go.onclick = () => say("go")
  box.serial.onclick = () => connectSerial().then(() => { box.problem.textContent = "" }, (error) => {
    box.problem.textContent = error.message
  })
  document.addEventListener("keydown", onKey, true)
  const leave = channel().listen(data.topic, (news) => news && draw(news))
  box.end = () => {
    leave()
    document.removeEventListener("keydown", onKey, true)
  }
  return () => {
    box.end()
    stopEffects()
  }
}

function makeBox(parent) {
  const button = (text) => made("button", "", text, { type: "button" })
  const box = { root: made("div", "effects", "", { hidden: true }),
    stop: button("■ Stop all actions (Esc)"), go: button("▶ Let actions go on"),
    serial: button("Connect a serial port"), text: made("p", "text"), problem: made("p", "error") }
  box.problem.setAttribute("role", "status")
  box.root.append(box.stop, box.go, box.serial, box.text, box.problem)
  parent.replaceChildren(box.root)
  return box
}
