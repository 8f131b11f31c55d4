// A sample of a card, enlarged: it is looked at, deleted, and so are the older and newer ones.
import { made } from "../elements.js"
import { play } from "../loop.js"
import { t } from "../words.js"

export class SampleDialog {
  /**
   * @param {HTMLElement} root where it is placed
   * @param {{ids: () => number[], title: (id: number) => string, ask: (id: number | null) => void,
   *   remove: (id: number) => void, closed: (id: number) => void}} acts `ids` of the gesture's
   *   samples, newest first; `ask` for a sample's picture, or no longer; `closed` at a sample
   */
  constructor(root, acts) {
    this.acts = acts
    this.id = this.place = 0  // of the sample that is shown, and where it is among `ids`
    this.box = made("dialog", "sample")
    this.text = made("p", "title")
    this.image = made("img", "", "", { alt: "", onload: () => play(this.image) })
    /** @param {string} look @param {string} text @param {() => void} act */
    const button = (look, text, act) => made("button", look, text, { type: "button", onclick: act })
    this.newer = button("", t("‹ Newer"), () => this.step(-1))
    this.older = button("", t("Older ›"), () => this.step(1))
    this.delete = button("delete", t("Delete"), () => this.remove())
    const close = button("", t("Close"), () => this.box.close())
    const row = made("div", "acts")
    row.append(this.newer, this.older, this.delete, close)
    this.box.append(this.text, this.image, row)
    this.box.onkeydown = (event) => this.pressKey(event)
    this.box.onclick = (event) => { if (event.target === this.box) this.box.close() }
    this.box.onclose = () => {
      this.acts.ask(null)
      this.acts.closed(this.id)
    }
    root.append(this.box)
    this.box.showModal()
  }

  /** @param {number} id of the sample to show */
  show(id) {
    this.id = id
    this.image.removeAttribute("src")
    this.acts.ask(id)
    this.draw()
  }

  /** Draws what is known of the sample now; closes where it is gone. */
  draw() {
    const ids = this.acts.ids(), place = ids.indexOf(this.id)
    if (place < 0) {
      const next = ids[Math.min(this.place, ids.length - 1)]
      return next === undefined ? this.box.close() : this.show(next)
    }
    this.place = place
    this.text.textContent = this.acts.title(this.id)
    this.image.alt = this.text.textContent
    this.newer.disabled = place === 0
    this.older.disabled = place === ids.length - 1
  }

  /**
   * Shows the picture if it is of this sample.
   * @param {Record<string, string>} pictures by sample
   */
  receive(pictures) {
    const picture = pictures[this.id]
    if (picture && this.image.getAttribute("src") !== picture) this.image.src = picture
  }

  /** @param {number} by 1 for the next older one, -1 for the newer one */
  step(by) {
    const ids = this.acts.ids(), next = ids[ids.indexOf(this.id) + by]
    if (next !== undefined) this.show(next)
  }

  remove() {
    this.acts.remove(this.id)
    this.draw()
  }

  /** @param {KeyboardEvent} event */
  pressKey(event) {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
    event.stopPropagation()
    if (by) this.step(by)
    else if (event.key === "Delete") this.remove()
    else return
    event.preventDefault()
  }
}
