// A button for each visible person; the one that is pressed is told by the channel.
import { made } from "../elements.js"
import { t } from "../words.js"
import { channel } from "./channel.js"

/** @param {Component<PeopleData, Stops>} component */
export function people({ data, parentElement }) {
  parentElement.stop?.()
  const box = made("div", "people")
  box.setAttribute("role", "radiogroup")
  box.setAttribute("aria-label", t("Person"))
  /** @param {number} number @param {number} chosen */
  const button = (number, chosen) => {
    const one = made("button", "", String(number), { type: "button",
      onclick: () => channel().say(data.topic, "choose", { number }) })
    one.setAttribute("role", "radio")
    one.setAttribute("aria-checked", String(number === chosen))
    one.style.setProperty("--person", data.colors[(number - 1) % data.colors.length])
    return one
  }
  /** @param {People} news */
  const draw = ({ numbers, chosen }) => {
    const shown = numbers.includes(chosen) ? chosen : numbers[0]
    const now = JSON.stringify([numbers, shown])
    if (box.dataset.now === now) return
    box.dataset.now = now
    box.replaceChildren(...(numbers.length
      ? numbers.map((number) => button(number, shown)) : [made("p", "", t("No one is visible."))]))
  }
  parentElement.replaceChildren(box)
  parentElement.stop = channel().listen(data.topic, (/** @type {People | null} */ news) => news && draw(news))
  return () => parentElement.stop?.()
}
