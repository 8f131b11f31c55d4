// The answer: of each hand its emoji, its name, and a bar for every gesture. Text alone is set:
// names are the users'.
const HELD_MS = 1000

function bar({ emoji, name }) {
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

function build(hand) {
  const section = made("section", "hand")
  const said = made("div", "said")
  said.append(made("div", "emoji"), made("h3", "name"), made("p", "note"))
  const bars = made("div", "bars")
  bars.append(...hand.bars.map(bar))
  section.append(said, bars)
  return section
}

function fill(section, hand) {
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

function draw(place, hands) {
  const shape = JSON.stringify(hands.map(hand => hand.bars.map(one => [one.emoji, one.name])))
  if (place.dataset.shape !== shape) {
    place.dataset.shape = shape
    place.replaceChildren(...hands.map(build))
  }
  hands.forEach((hand, i) => fill(place.children[i], hand))
  announce(place.nextElementSibling, hands)
}

export default function ({ data, parentElement }) {
  const place = parentElement.querySelector(".answer")
  draw(place, data.hands)
  // a camera whose hands are found in this browser hears its answers itself, and sooner
  window.removeEventListener("mudra-answer", parentElement.hear)
  parentElement.hear = ({ detail }) => draw(place, detail)
  window.addEventListener("mudra-answer", parentElement.hear)
  return () => {
    window.removeEventListener("mudra-answer", parentElement.hear)
    clearTimeout(place.nextElementSibling.timer)
    delete place.nextElementSibling.dataset.names
  }
}
