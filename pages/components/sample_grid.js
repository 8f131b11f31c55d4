// Samples as tiles: a picture and a box to pick it by, and a button that asks for it large. Reports
// `picked` (the ids that are picked here, and the `turn` of the data they were picked in) and the
// trigger `look` (an id). What was picked in the page counts until `turn` says that it was changed
// elsewhere: an answer to the click before must not take back the one after it.
import { play } from "./loop.js"

export default function ({ data, parentElement, setStateValue, setTriggerValue }) {
  const list = parentElement.querySelector("ul")
  const make = (tag, given, ...inside) => {
    const element = Object.assign(document.createElement(tag), given)
    element.append(...inside)
    return element
  }
  const boxes = () => [...list.querySelectorAll("input")]
  const tell = () => {
    const ids = boxes().filter((box) => box.checked).map((box) => Number(box.value))
    setStateValue("picked", { turn: list.turn, ids })
  }
  const tile = ({ id, title, jpeg, note }) => {
    const picture = make("img", { alt: "", src: `data:image/jpeg;base64,${jpeg}` })
    picture.onload = () => play(picture)
    const box = make("input", { type: "checkbox", value: id, onchange: tell })
    const look = make("button", { type: "button", textContent: "🔍", title: "Show it large" })
    look.setAttribute("aria-label", `Show ${title} large`)
    look.onclick = () => setTriggerValue("look", id)
    const name = make("span", { textContent: title, title })
    const line = make("label", {}, box, name)
    picture.onclick = () => box.click()
    const more = note ? [make("small", { textContent: note })] : []
    return make("li", {}, picture, look, line, ...more)
  }
  const shown = JSON.stringify(data.tiles.map(({ id, title, note }) => [id, title, note]))
  if (list.shown !== shown) list.replaceChildren(...data.tiles.map(tile))
  if (list.shown !== shown || list.turn !== data.turn) {
    const picked = new Set(data.picked)
    for (const box of boxes()) box.checked = picked.has(Number(box.value))
  }
  Object.assign(list, { shown, turn: data.turn })
}
