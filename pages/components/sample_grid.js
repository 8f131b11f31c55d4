// Samples as tiles: a picture and a box to pick it by, and a button that asks for it large. Reports
// `picked` (the ids that are picked here, and the `turn` of the data they were picked in) and the
// trigger `look` (an id). What was picked in the page counts until `turn` says that it was changed
// elsewhere: an answer to the click before must not take back the one after it.
import { find, made } from "./elements.js"
import { play } from "./loop.js"
import { t } from "./words.js"

/** @param {Component<SampleGridData>} component */
export default function ({ data, parentElement, setStateValue, setTriggerValue }) {
  const list = /** @type {HTMLUListElement & { shown?: string, turn?: number }} */ (
    find(parentElement, "ul"))
  const boxes = () => [...list.querySelectorAll("input")]
  const tell = () => {
    const ids = boxes().filter((box) => box.checked).map((box) => Number(box.value))
    setStateValue("picked", { turn: list.turn, ids })
  }
  /** @param {Tile} tile */
  const tile = ({ id, title, jpeg, note }) => {
    const picture = made("img", "", "", { alt: "", src: `data:image/jpeg;base64,${jpeg}` })
    picture.onload = () => play(picture)
    const box = made("input", "", "", { type: "checkbox", value: String(id), onchange: tell })
    const look = made("button", "", "🔍", { type: "button", title: t("Show it large") })
    look.setAttribute("aria-label", t("Show {title} large", { title }))
    look.onclick = () => setTriggerValue("look", id)
    const name = made("span", "", title, { title })
    const line = made("label")
    line.append(box, name)
    picture.onclick = () => box.click()
    const more = note ? [made("small", "", note)] : [], item = made("li")
    item.append(picture, look, line, ...more)
    return item
  }
  const shown = JSON.stringify(data.tiles.map(({ id, title, note }) => [id, title, note]))
  if (list.shown !== shown) list.replaceChildren(...data.tiles.map(tile))
  if (list.shown !== shown || list.turn !== data.turn) {
    const picked = new Set(data.picked)
    for (const box of boxes()) box.checked = picked.has(Number(box.value))
  }
  Object.assign(list, { shown, turn: data.turn })
}
