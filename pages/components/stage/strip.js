// The strip of a card: a thumbnail for each of its samples, the newest first. It is scrolled to the older
// ones, and asks for more of them where it ends. A press enlarges a sample; nothing is deleted by one.
import { find, made } from "../elements.js"
import { play } from "../loop.js"
import { t } from "../words.js"

const NEAR = 2  // thumbnails beside the visible ones that are asked for, too

export class Strip {
  /**
   * @param {{open: (id: number) => void, remove: (id: number) => void, more: () => void,
   *   scrolled: () => void}} acts `open` and `remove` of a sample; `more`: there are older ones to
   *   show; `scrolled`: others are visible now
   */
  constructor(acts) {
    this.acts = acts
    /** @type {Map<number, HTMLButtonElement>} */
    this.tiles = new Map()
    /** @type {number[]} */
    this.ids = []
    this.hasMore = false
    this.known = -1  // number of samples at which older ones were asked for last
    this.element = made("div", "strip", "", { onkeydown: (event) => this.pressKey(event) })
    this.element.setAttribute("role", "group")
    this.element.addEventListener("scroll", () => this.scroll(), { passive: true })
  }

  /**
   * Shows these samples.
   * @param {Card} card
   * @param {number[]} ids the newest samples of the card that are not deleted here
   * @param {Map<number, string>} pictures thumbnails by sample
   */
  draw(card, ids, pictures) {
    this.hasMore = card.samples > card.crops.length
    this.ids = ids
    const shown = new Set(ids)
    for (const [id, tile] of this.tiles) {
      if (!shown.has(id)) { tile.remove(); this.tiles.delete(id) }
    }
    ids.forEach((id, place) => {
      const tile = this.tiles.get(id) ?? this.makeTile(id)
      const image = find(tile, "img"), picture = pictures.get(id)
      if (picture && image.getAttribute("src") !== picture) image.src = picture
      tile.tabIndex = place ? -1 : 0
      const number = String(card.samples - place), samples = String(card.samples)
      tile.title = t("Sample {number} of {samples} of {gesture}", { number, samples, gesture: card.name })
      tile.setAttribute("aria-label", t("Enlarge sample {number} of {samples} of {gesture}",
        { number, samples, gesture: card.name.toLowerCase() }))
      const there = this.element.children[place]
      if (there !== tile) this.element.insertBefore(tile, there ?? null)
    })
  }

  get tileWidth() { return /** @type {HTMLElement | null} */ (this.element.firstChild)?.offsetWidth ?? 0 }

  /**
   * The samples that are seen, and a few beside them.
   * @returns {number[]}
   */
  visible() {
    const { clientWidth, scrollLeft } = this.element
    const wide = this.tileWidth
    if (!wide || !clientWidth) return []
    const first = Math.max(0, Math.floor(scrollLeft / wide) - NEAR)
    return this.ids.slice(first, Math.ceil((scrollLeft + clientWidth) / wide) + NEAR)
  }

  scroll() {
    const { scrollLeft, clientWidth, scrollWidth } = this.element
    const near = scrollLeft + clientWidth > scrollWidth - 4 * this.tileWidth
    if (near && this.hasMore && this.known !== this.ids.length) {
      this.known = this.ids.length
      this.acts.more()
    }
    this.acts.scrolled()
  }

  /** @param {number} id of the sample */
  makeTile(id) {
    const tile = made("button", "tile", "", { type: "button", onclick: () => this.acts.open(id) })
    const image = made("img", "", "", { alt: "", draggable: false, onload: () => play(image) })
    tile.append(image)
    this.tiles.set(id, tile)
    return tile
  }

  /**
   * The strip is one stop of the tab key, arrows go on from there.
   * @param {KeyboardEvent} event
   */
  pressKey(event) {
    const place = [...this.element.children].indexOf(/** @type {Element} */ (event.target))
    const newer = this.ids[place - 1], older = this.ids[place + 1]
    /** @type {Record<string, number>} */
    const next = { ArrowRight: older, ArrowLeft: newer, Delete: older ?? newer }
    if (place < 0 || !(event.key in next)) return
    event.preventDefault()
    this.tiles.get(next[event.key])?.focus()
    if (event.key === "Delete") this.acts.remove(this.ids[place])
  }
}
