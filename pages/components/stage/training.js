// A running training: its progress, and the curve of its accuracy. The page is drawn anew at its end.
import { Asking } from "../asking.js"
import { made } from "../elements.js"
import { t } from "../words.js"
import { channel } from "./channel.js"

const WIDE = 320, HIGH = 90

// `curve`: the accuracy after each epoch, 0 to 1.
/** @param {number[]} curve */
const path = (curve) => curve.map((accuracy, i) => {
  const x = curve.length > 1 ? (i / (curve.length - 1)) * WIDE : 0
  return `${i ? "L" : "M"}${x.toFixed(1)},${((1 - accuracy) * HIGH).toFixed(1)}`
}).join("")

/** @param {Component<TrainingData, Stops>} component */
export function training({ data, parentElement, setTriggerValue }) {
  parentElement.stop?.()
  const text = made("p", "text"), bar = made("progress", "", "", { max: 1 })
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg")
  svg.setAttribute("viewBox", `-2 -2 ${WIDE + 4} ${HIGH + 4}`)
  svg.setAttribute("role", "img")
  svg.setAttribute("aria-label", t("Accuracy after each epoch"))
  const line = svg.appendChild(document.createElementNS(svg.namespaceURI, "path"))
  text.setAttribute("role", "status")
  parentElement.replaceChildren(text, bar, svg)
  const asking = new Asking(() => setTriggerValue("asked", Date.now()))
  let over = false
  /** @param {TrainingState | null} news */
  const draw = (news) => {
    if (!news || over) return
    over = news.over
    if (over) return asking.in(0)
    text.textContent = news.text
    bar.value = news.fraction
    line.setAttribute("d", path(news.curve))
    svg.style.display = news.curve.length > 1 ? "" : "none"
  }
  draw(data.state)
  const unlisten = channel().listen(data.topic, draw)
  parentElement.stop = () => {
    unlisten()
    asking.stop()
  }
  return () => parentElement.stop?.()
}
