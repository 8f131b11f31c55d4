// The strip of a card: a thumbnail for each of its samples, the newest first. It is scrolled to the older
// ones, and asks for more of them where it ends. A press enlarges a sample; nothing is deleted by one.
import { made } from "../elements.js"
import { play } from "../loop.js"

const NEAR = 2  // thumbnails beside the visible ones that are asked for, too

export class Strip {
  /**
   * @param {{open: (id: number) => void, remove: (id: number) => void, more: () => void,
   *   scrolled: () => void}} acts `open` and `remove` of a sample; `more`: there are older ones to
   *   show; `scrolled`: others are visible now
   */
  constructor(acts) {
    this.acts = acts
    this.tiles = new Map()
    this.ids = []
    this.known = -1  // number of samples at which older ones were asked for last
    this.element = made("div", "strip", "", { onkeydown: (event) => this.pressKey(event) })
    this.element.setAttribute("role", "group")
    this.element.addEventListener("scroll", () => this.scroll(), { passive: true })
  }

  /**
   * Shows these samples.
   * @param {{name: string, samples: number, crops: number[]}} card
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
      const image = tile.firstChild, picture = pictures.get(id)
      if (picture && image.getAttribute("src") !== picture) image.src = picture
      tile.tabIndex = place ? -1 : 0
      tile.title = `Sample ${card.samples - place} of ${card.samples} of ${card.name}`
      tile.setAttribute("aria-label", `Enlarge ${tile.title.toLowerCase()}`)
      const there = this.element.children[place]
      if (there !== tile) this.element.insertBefore(tile, there ?? null)
    })
  }

  /**
   * The samples that are seen, and a few beside them.
   * @returns {number[]}
   */
  visible() {
    const { clientWidth, scrollLeft } = this.element
    const wide = this.element.firstChild?.offsetWidth
    if (!wide || !clientWidth) return []
    const first = Math.max(0, Math.floor(scrollLeft / wide) - NEAR)
    return this.ids.slice(first, Math.ceil((scrollLeft + clientWidth) / wide) + NEAR)
  }

  scroll() {
    const { scrollLeft, clientWidth, scrollWidth, firstChild } = this.element
    const near = scrollLeft + clientWidth > scrollWidth - 4 * (firstChild?.offsetWidth ?? 0)
    if (near && this.hasMore && this.known !== this.ids.length) {
      this.known = this.ids.length
      this.acts.more()
    }
    this.acts.scrolled()
  }

  /**
   * @param {number} id of the sample
   * @returns {HTMLElement}
   */
  makeTile(id) {
    const tile = made("button", "tile", "", { type: "button", onclick: () => this.acts.open(id) })
    tile.sample = id
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
    const tile = event.target.closest(".tile")
    const step = { ArrowRight: "nextSibling", ArrowLeft: "previousSibling" }[event.key]
    const to = tile?.[step ?? "nextSibling"] ?? (step ? null : tile?.previousSibling)
    if (!tile || (!step && event.key !== "Delete")) return
    event.preventDefault()
    to?.focus()
    if (!step) this.acts.remove(tile.sample)
  }
}
