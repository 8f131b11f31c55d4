// The stage: what lives on a page, placed in parts. Each part hears the page's one channel.
import { answer } from "./answer.js"
import { camera } from "./camera.js"
import { cards } from "./cards.js"
import { connection } from "./connection.js"
import { effects } from "./effects.js"
import { lines } from "./lines.js"
import { people } from "./people.js"
import { tile } from "./tile.js"
import { training } from "./training.js"

/** @type {Record<string, (component: any) => (() => void) | void>} */
const PARTS = { answer, camera, cards, connection, effects, lines, people, tile, training }

/** @param {Component<{ part: keyof typeof PARTS }, object, ShadowRoot>} component */
export default function (component) {
  const { data, parentElement } = component
  const children = /** @type {HTMLElement[]} */ ([...parentElement.children])
  let root = children.find((one) => one.dataset.part)
  if (!root) {
    root = document.createElement("div")
    root.dataset.part = data.part
    parentElement.append(root)
  }
  return PARTS[data.part]({ ...component, parentElement: root })
}
