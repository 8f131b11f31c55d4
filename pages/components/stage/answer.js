// The answer: of each hand its emoji, its name, and a bar for every gesture. Text alone is set:
// names are the users'. On pages with video it comes by the channel, with what is wrong, and how fast.
import { made } from "../elements.js"
import { channel } from "./channel.js"

const HELD_MS = 1000

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

function makeHand(hand) {
  const section = made("section", "hand")
  const said = made("div", "said")
  said.append(made("div", "emoji"), made("h3", "name"), made("p", "note"))
  const bars = made("div", "bars")
  bars.append(...hand.bars.map(makeBar))
  section.append(said, bars)
  return section
}

function fillHand(section, hand) {
  const set = (name, text) => {
    const place = section.querySelector(name)
    if (place.textContent !== text) place.textContent = text
  }
  set(".emoji", hand.emoji)
  set(".name", hand.name)
  set(".note", hand.note)
  section.querySelectorAll(".bar").forEach((one, i) => {
    const percent = Math.round(100 * hand.bars[i].share)
    one.setAttribute("aria-valuenow", percent)
    one.classList.toggle("most", hand.bars[i].most)
    one.querySelector(".fill").style.width = `${percent}%`
    one.querySelector(".share").textContent = `${percent} %`
  })
}

// For screen readers: what is held, not what flickers.
function announce(place, hands) {
  const names = hands.map(hand => hand.name).filter(Boolean).join(", ")
  if (place.dataset.names === names) return
  place.dataset.names = names
  clearTimeout(place.timer)
  place.timer = setTimeout(() => { place.textContent = names }, HELD_MS)
}

function drawHands(place, hands) {
  const shape = JSON.stringify(hands.map(hand => hand.bars.map(one => [one.emoji, one.name])))
  if (place.dataset.shape !== shape) {
    place.dataset.shape = shape
    place.replaceChildren(...hands.map(makeHand))
  }
  hands.forEach((hand, i) => fillHand(place.children[i], hand))
  announce(place.nextElementSibling, hands)
}

// `news`: of `core/live/session.py`; `details`: also what it is compared with, and the rates.
function drawNews(box, news, details) {
  drawHands(box.place, news.hands)
  const texts = { problem: news.problem, drift: details && news.drift,
    motions: details && news.motions && `Last movements: ${news.motions}`,
    rates: details && news.rates }
  for (const [name, text] of Object.entries(texts)) {
    if (box[name].textContent !== (text || "")) box[name].textContent = text || ""
  }
}

export function answer({ data, parentElement }) {
  const box = (parentElement.answer ??= makeBox(parentElement))
  box.stop?.()
  const page = { hands: data.hands, problem: "", drift: "", motions: "", rates: "" }
  const hear = (news) => drawNews(box, news ?? page, data.details)
  hear(null)
  box.stop = data.topic ? channel().listen(data.topic, hear) : null
  return () => {
    box.stop?.()
    clearTimeout(box.held.timer)
    delete box.held.dataset.names
  }
}

function makeBox(parent) {
  const box = { problem: made("p", "problem"), drift: made("p", "drift"),
    place: made("div", "answer"), held: made("p", "held"), motions: made("p", "small"),
    rates: made("p", "small") }
  for (const name of ["problem", "drift", "held"]) box[name].setAttribute("role", "status")
  parent.append(...Object.values(box))
  return box
}
