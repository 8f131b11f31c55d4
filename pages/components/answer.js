// The answer: of each hand its emoji, its name, and a bar for every gesture. Text alone is set:
// names are the users'.
const HELD_MS = 1000

const part = (kind, className, text = "") => {
  const made = document.createElement(kind)
  made.className = className
  made.textContent = text
  return made
}

function bar({ emoji, name }) {
  const made = part("div", "bar")
  made.setAttribute("role", "meter")
  made.setAttribute("aria-valuemin", "0")
  made.setAttribute("aria-valuemax", "100")
  made.setAttribute("aria-label", name)
  made.title = name
  const rail = part("span", "rail")
  rail.append(part("span", "fill"))
  made.append(part("span", "sign", emoji || name.slice(0, 2)), rail, part("span", "share"))
  return made
}

function build(hand) {
  const made = part("section", "hand")
  const said = part("div", "said")
  said.append(part("div", "emoji"), part("h3", "name"), part("p", "note"))
  const bars = part("div", "bars")
  bars.append(...hand.bars.map(bar))
  made.append(said, bars)
  return made
}

function fill(made, hand) {
  const set = (name, text) => {
    const place = made.querySelector(name)
    if (place.textContent !== text) place.textContent = text
  }
  set(".emoji", hand.emoji)
  set(".name", hand.name)
  set(".note", hand.note)
  made.querySelectorAll(".bar").forEach((one, i) => {
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
