// Lines about something that lives, their errors, and a tone for each change of `tone.changes`.
import { made } from "../elements.js"
import { channel } from "./channel.js"
import { playTone } from "./tone.js"

/** @param {Component<LinesData, Stops>} component */
export function lines({ data, parentElement }) {
  parentElement.stop?.()
  const texts = made("div", "texts")
  texts.setAttribute("role", "status")
  /** @type {number | null} */
  let changes = null
  /** @param {Partial<Lines>} news */
  const draw = ({ texts: said = [], errors = [], tone = null }) => {
    const now = JSON.stringify([said, errors])
    if (texts.dataset.now !== now) {
      texts.dataset.now = now
      texts.replaceChildren(
        ...said.map((text) => made("p", "text", text)),
        ...errors.map((text) => made("p", "error", text)),
      )
    }
    if (tone && changes !== null && tone.changes !== changes && tone.hz) playTone(tone.hz)
    changes = tone ? tone.changes : null
  }
  parentElement.replaceChildren(texts)
  parentElement.stop = channel().listen(data.topic, (/** @type {Lines | null} */ news) => draw(news ?? {}))
  return () => parentElement.stop?.()
}
