// After a hold that looks mixed: the samples that look different, with their pictures, to be deleted by
// one press.
import { made } from "../elements.js"
import { t, tn } from "../words.js"

export class Different {
  /** @param {(kind: string) => void} say sends what is chosen */
  constructor(say) {
    this.element = made("div", "different")
    this.element.setAttribute("role", "status")
    this.text = made("p")
    this.pictures = made("div", "row")
    /** @param {string} look @param {string} text @param {string} kind */
    const button = (look, text, kind) =>
      made("button", look, text, { type: "button", onclick: () => say(kind) })
    const acts = made("div", "acts")
    acts.append(button("delete", t("Delete them"), "delete_different"),
      button("", t("Keep them"), "keep_different"))
    this.element.append(this.text, this.pictures, acts)
  }

  /**
   * Draws the offer into its gesture's card, or takes it away.
   * @param {DifferentSamples | null} offer
   * @param {HTMLElement | undefined} card
   * @param {Map<number, string>} pictures by sample
   */
  draw(offer, card, pictures) {
    if (!offer || !card) return this.element.remove()
    const text = tn(offer.ids.length, "{n} of these {total} looks different. Delete it?",
      "{n} of these {total} look different. Delete them?", { total: offer.total })
    if (this.text.textContent !== text) this.text.textContent = text
    const known = offer.ids.flatMap((id) => pictures.get(id) ?? [])
    if (this.pictures.childElementCount !== known.length) {
      this.pictures.replaceChildren(...known.map((src) => made("img", "", "", { src, alt: "" })))
    }
    if (this.element.parentNode !== card) card.append(this.element)
  }
}
