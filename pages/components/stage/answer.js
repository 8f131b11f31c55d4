// The answer: of each hand its emoji, its name, and a bar for every gesture. Text alone is set:
// names are the users'. On pages with video it comes by the channel, with what is wrong, and how fast.
import { find, made } from "../elements.js"
import { t } from "../words.js"
import { channel } from "./channel.js"

const HELD_MS = 1000

/** @param {Bar} bar */
function makeBar({ emoji, name }) {
  const meter = made("div", "bar")
  meter.setAttribute("role", "meter")
  meter.setAttribute("aria-valuemin", "0")
  meter.setAttribute("aria-valuemax", "100")
  meter.setAttribute("aria-label", name)
  meter.title = name
  const rail = made("span", "rail")
  rail.append(made("span", "fill"))
  meter.append(made("span", "sign", emoji || name.slice(0, 2)), rail, made("span", "share"))
  return meter
}

/** @param {HandAnswer} hand */
function makeHand(hand) {
  const section = made("section", "hand")
  const said = made("div", "said")
  said.append(made("div", "emoji"), made("h3", "name"), made("p", "note"))
  const bars = made("div", "bars")
  bars.append(...hand.bars.map(makeBar))
  section.append(said, bars)
  return section
}

/** @param {Element} section @param {HandAnswer} hand */
function fillHand(section, hand) {
  /** @param {string} name @param {string} text */
  const set = (name, text) => {
    const place = find(section, name)
    if (place.textContent !== text) place.textContent = text
  }
  set(".emoji", hand.emoji)
  set(".name", hand.name)
  set(".note", hand.note)
  section.querySelectorAll(".bar").forEach((one, i) => {
    const percent = Math.round(100 * hand.bars[i].share)
    one.setAttribute("aria-valuenow", String(percent))
    one.classList.toggle("most", hand.bars[i].most)
    find(one, ".fill").style.width = `${percent}%`
    find(one, ".share").textContent = `${percent} %`
  })
}

// For screen readers: what is held, not what flickers.
/** @param {Box} box @param {HandAnswer[]} hands */
function announce(box, hands) {
  const names = hands.map(hand => hand.name).filter(Boolean).join(", ")
  if (box.announced === names) return
  box.announced = names
  clearTimeout(box.timer)
  box.timer = setTimeout(() => { box.texts.held.textContent = names }, HELD_MS)
}

/** @param {Box} box @param {HandAnswer[]} hands */
function drawHands(box, hands) {
  const { place } = box.texts
  const shape = JSON.stringify(hands.map(hand => hand.bars.map(one => [one.emoji, one.name])))
  if (place.dataset.shape !== shape) {
    place.dataset.shape = shape
    place.replaceChildren(...hands.map(makeHand))
  }
  hands.forEach((hand, i) => fillHand(place.children[i], hand))
  announce(box, hands)
}

// `news`: of `core/live/session.py`; `details`: also what it is compared with, and the rates.
/** @param {Box} box @param {Answer} news @param {boolean} details */
function drawNews(box, news, details) {
  drawHands(box, news.hands)
  const shown = { problem: news.problem, drift: details && news.drift,
    motions: details && news.motions && t("Last movements: {motions}", { motions: news.motions }),
    rates: details && news.rates }
  for (const name of /** @type {(keyof typeof shown)[]} */ (Object.keys(shown))) {
    const place = box.texts[name], text = shown[name] || ""
    if (place.textContent !== text) place.textContent = text
  }
}

/** @param {Component<AnswerData, { answer: Box }>} component */
export function answer({ data, parentElement }) {
  const box = (parentElement.answer ??= makeBox(parentElement))
  box.stop?.()
  const page = { hands: data.hands, problem: "", drift: "", motions: "", rates: "" }
  /** @param {Answer | null} news */
  const hear = (news) => drawNews(box, news ?? page, data.details)
  hear(null)
  box.stop = data.topic ? channel().listen(data.topic, hear) : null
  return () => {
    box.stop?.()
    clearTimeout(box.timer)
    box.announced = undefined
  }
}

/** @typedef {ReturnType<typeof makeBox>} Box */
/** @param {HTMLElement} parent */
function makeBox(parent) {
  const texts = { problem: made("p", "problem"), drift: made("p", "drift"),
    place: made("div", "answer"), held: made("p", "held"), motions: made("p", "small"),
    rates: made("p", "small") }
  for (const one of [texts.problem, texts.drift, texts.held]) one.setAttribute("role", "status")
  parent.append(...Object.values(texts))
  return { texts, timer: 0, announced: /** @type {string | undefined} */ (undefined),
    stop: /** @type {(() => void) | null} */ (null) }
}
