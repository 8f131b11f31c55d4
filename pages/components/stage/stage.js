// The stage: what lives on a page, placed in parts. Each part hears the page's one channel.
import { answer } from "./answer.js"
import { camera } from "./camera.js"
import { cards } from "./cards.js"
import { channel } from "./channel.js"
import { lines } from "./lines.js"
import { learnHabits } from "./page_habits.js"
import { people } from "./people.js"
import { tile } from "./tile.js"
import { training } from "./training.js"

const connection = ({ data }) => {
  learnHabits()
  channel().connect(data.channel)
}
const PARTS = { answer, camera, cards, connection, lines, people, tile, training }

export default function (component) {
  const { data, parentElement } = component
  let root = [...parentElement.children].find((one) => one.dataset.part)
  if (!root) {
    root = document.createElement("div")
    root.dataset.part = data.part
    parentElement.append(root)
  }
  return PARTS[data.part]({ ...component, parentElement: root })
}
