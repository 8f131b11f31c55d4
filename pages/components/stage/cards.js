// All gestures of a project as cards, each with a button to hold while it records.
//
// Their state comes by the channel (core/live/cards.py says which), the first one by the page; what is
// pressed goes by the channel. Where the page shows what has changed, it is asked to be drawn anew:
// at once after an edit, and after recordings once a moment has passed without one.
import { Asking } from "../asking.js"
import { made } from "../elements.js"
import { t, tn } from "../words.js"
import { channel } from "./channel.js"
import { Different } from "./different.js"
import { Metronome } from "./metronome.js"
import { renameInPlace } from "./rename.js"
import { SampleDialog } from "./sample_dialog.js"
import { Strip } from "./strip.js"

const BEAT_MS = 250, CALM_MS = 600
const KEYS = "mudra-keys"  // in the browser's storage: "off" where the keys are switched off
const LEFT = "mudra-held"  // in the tab's storage while a button is held: a reload finds it

/** @param {string} look @param {string} text @param {string} label @param {(() => void) | null} act */
const button = (look, text, label, act = null) => {
  const element = made("button", look, text, { type: "button", onclick: act })
  if (label) name(element, label)
  return element
}
/** @param {HTMLElement} element @param {string} label */
const name = (element, label) => {
  element.setAttribute("aria-label", label)
  element.title = label
}
/** @param {Element} element @param {string} text */
const put = (element, text) => { if (element.textContent !== text) element.textContent = text }
/** @param {number} n */
const countSamples = (n) => tn(n, "{n} sample", "{n} samples")
/** @param {number} n */
const countClips = (n) => tn(n, "moves · {n} sample", "moves · {n} samples")

/** @type {CardsState} */
const UNKNOWN = { mode: "hold", off: "", alert: "", problem: "", refused: 0, note: "", chosen: null,
  recording: null, different: null, clicks: [], edits: 0, recorded: 0, can_edit: true, cards: [] }

/**
 * @typedef {ReturnType<Cards["row"]>} Row
 * @typedef {{ gesture: number, view: Window | null, key: string | null, n: number, at: number,
 *   beats: number }} Hold
 */
export class Cards {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root
    this.channel = channel()
    this.released = 0
    /** @type {Map<number, Row>} */
    this.rows = new Map()
    /** @type {Map<number, string>} */
    this.pictures = new Map()
    /** @type {Map<number, number>} */
    this.gone = new Map()  // samples deleted here, and the number of the command about it
    this.requested = ""
    /** @type {SampleDialog | null} */
    this.dialog = null
    this.topic = this.missed = ""
    /** @type {Omit<CardsData, "topic" | "state">} */
    this.page = { signs: [], drawn: { edits: 0, recorded: 0 } }
    this.data = UNKNOWN
    /** @type {Hold | null} */
    this.hold = null
    /** @type {{ chosen: number, n: number } | null} */
    this.mine = null
    /** @type {(HTMLFormElement & { n?: number }) | null} */
    this.form = null
    /** @type {(() => void) | undefined} */
    this.unlisten = undefined
    this.askPage = () => {}
    this.different = new Different((kind) => this.say(kind))
    this.asking = new Asking(() => this.askPage())
    this.metronome = new Metronome()
    this.note = this.wasLeft()
    this.list = made("div", "list")
    this.list.setAttribute("role", "group")
    name(this.list, t("Gestures"))
    this.list.title = ""
    this.foot = made("div", "foot")
    this.add = button("add", t("+ Add a gesture"), "", () => this.edit(null))
    this.status = made("p", "status")
    this.status.setAttribute("role", "status")
    this.keys = button("keys", "⌨", t("Keyboard shortcuts: 1–9 and Space"), () => this.switchKeys())
    this.foot.append(this.add, this.status, this.keys)
    const box = made("div", "cards")
    box.append(this.list, this.foot)
    root.append(box)
    this.sizes = new ResizeObserver(() => this.fit())
    this.sizes.observe(box)
    /** @type {Map<Document, () => void>} */
    this.places = new Map()
    this.listen(document)
    this.watch = setInterval(() => this.findVideo(), 500)
    this.findVideo()
    document.addEventListener("visibilitychange", this.hidden)
    window.addEventListener("pagehide", this.left)
  }

  close() {
    this.letGo()
    this.metronome.stop()
    clearInterval(this.watch)
    this.asking.stop()
    this.unlisten?.()
    this.sizes.disconnect()
    for (const stop of this.places.values()) stop()
    document.removeEventListener("visibilitychange", this.hidden)
    window.removeEventListener("pagehide", this.left)
  }

  // Shows another project's cards from now on.
  /** @param {CardsData} data */
  place({ topic, state, ...page }) {
    this.page = page
    if (topic !== this.topic) {
      this.unlisten?.()
      this.topic = topic
      this.data = UNKNOWN
      const stops = [
        this.channel.listen(topic, (/** @type {CardsState | null} */ news) => news && this.show(news)),
        this.channel.listen(`${topic} pictures`,
          (/** @type {Record<string, string> | null} */ news) => news && this.receivePictures(news)),
        this.channel.listen(`${topic} enlarged`,
          (/** @type {Record<string, string> | null} */ news) => news && this.dialog?.receive(news)),
      ]
      this.unlisten = () => stops.forEach((stop) => stop())
    }
    if (this.data === UNKNOWN || !this.channel.isOpen) this.show(state)
    else this.draw()
    this.askForPage()
  }

  /** @param {string} kind @param {CommandFields} more */
  say(kind, more = {}) {
    const n = this.channel.say(this.topic, kind, more)
    this.showBusy()
    return n
  }

  /** @param {number} n */
  isApplied(n) { return this.channel.isApplied(n) }

  /** @param {Record<string, string>} pictures */
  receivePictures(pictures) {
    for (const [id, picture] of Object.entries(pictures)) this.pictures.set(Number(id), picture)
    this.fit()
  }

  // ---------------------------------------------------------------------- holding and pressing

  /** @param {number | null} gesture @param {Window | null} view @param {string | null} key */
  press(gesture, view, key = null) {
    if (this.data.off || this.hold || gesture === null) return
    this.note = ""
    if (this.data.mode === "press") {
      const kind = this.recording() ? "stop" : "start"
      const n = this.say(kind, { gesture })
      const begins = kind === "start" && this.rows.get(gesture)?.data.moves
      this.metronome.stop()
      if (begins) this.metronome.begin(n, this.data.clicks)
      return
    }
    const n = this.say("begin", { gesture, held: 0 })
    const beat = () => this.say("beat", { held: this.held() })
    this.hold = { gesture, view, key, n, at: performance.now(), beats: setInterval(beat, BEAT_MS) }
    this.mine = { chosen: gesture, n }
    sessionStorage.setItem(LEFT, this.rows.get(gesture)?.data.name ?? "")
    this.draw()
  }

  held() { return Math.round(performance.now() - (this.hold?.at ?? performance.now())) }

  letGo = (leaving = false) => {
    if (!this.hold) return
    clearInterval(this.hold.beats)
    if (leaving !== true) sessionStorage.removeItem(LEFT)
    this.released = this.say("end", { held: this.held() })
    this.hold = null
    this.draw()
  }

  wasLeft() {
    const gesture = sessionStorage.getItem(LEFT)
    sessionStorage.removeItem(LEFT)
    if (gesture === null) return ""
    return t("The page was left while you held “{gesture}”: what was recorded until then is kept.", { gesture })
  }

  hidden = () => document.hidden && this.letGo()
  left = () => this.letGo(true)

  recording() {  // what records now, as far as is known here
    const { recording } = this.data
    if (this.hold) {
      const known = recording?.gesture === this.hold.gesture && this.isApplied(this.hold.n)
      return known ? recording : { gesture: this.hold.gesture, since: null, short: "● …", long: t("● Recording") }
    }
    return this.isApplied(this.released) ? recording : null
  }

  /** @param {number} gesture */
  choose(gesture) {
    this.mine = { chosen: gesture, n: this.say("choose", { gesture }) }
    this.draw()
  }

  chosen() {
    return this.mine && !this.isApplied(this.mine.n) ? this.mine.chosen : this.data.chosen
  }

  // ------------------------------------------------------------------------------------- keys

  get hearsKeys() { return localStorage.getItem(KEYS) !== "off" }

  switchKeys() {
    localStorage.setItem(KEYS, this.hearsKeys ? "off" : "on")
    this.draw()
  }

  // By document: a frame that has loaded has another one, in the same window.
  /** @param {Document} place */
  listen(place) {
    const view = place.defaultView
    if (!view) return
    /** @param {Event} event */
    const lost = (event) => event.target === view && this.hold?.view === view && this.letGo()
    const keyDown = /** @type {EventListener} */ (this.keyDown)
    const keyUp = /** @type {EventListener} */ (this.keyUp)
    const heard = { keydown: keyDown, keyup: keyUp, blur: lost }
    for (const [kind, act] of Object.entries(heard)) view.addEventListener(kind, act, true)
    place.body.dataset.hearsKeys = "yes"  // from now on; the page stands before this is loaded
    this.places.set(place, () => {
      for (const [kind, act] of Object.entries(heard)) view.removeEventListener(kind, act, true)
      delete place.body.dataset.hearsKeys
    })
  }

  // The video's frame has the focus after START; a key pressed there is heard nowhere else.
  findVideo() {
    if (!this.root.isConnected) return this.close()
    /** @type {HTMLIFrameElement | null} */
    const frame = document.querySelector("iframe[title*=webrtc_streamer]")
    const inside = frame?.contentDocument
    if (!inside?.defaultView || !inside.body || this.places.has(inside)) return
    this.listen(inside)
    // a click there leaves the focus on its button: space would press it again
    inside.addEventListener("click", ({ detail }) => {
      if (detail > 0) /** @type {HTMLElement | null} */ (inside.activeElement)?.blur()
    })
  }

  /** @param {KeyboardEvent} event */
  keyDown = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return
    const from = event.composedPath()[0] ?? event.target
    if (!isElement(from) || types(from)) return
    /** @type {HTMLElement | null} */
    const own = this.root.contains(from) ? from.closest(".hold, .choose") : null
    const onHold = own && own.matches(".hold")
    if (!this.hearsKeys && !onHold) return  // a button that has the focus hears its own keys
    if (event.code === "Space" || (event.code === "Enter" && onHold)) {
      const other = acts(from)  // another button that has the focus hears its own space
      if (other && !own && !other.closest("[role=radiogroup]")) return
      const gesture = onHold ? Number(own.dataset.gesture) : this.chosen()
      this.take(event, () => this.press(gesture, event.view, event.code))
    } else if (this.hearsKeys && /^[1-9]$/.test(event.key)) {
      const card = this.data.cards[Number(event.key) - 1]
      if (card) this.take(event, () => this.choose(card.id))
    }
  }

  /** @param {KeyboardEvent} event @param {() => void} act */
  take(event, act) {
    event.preventDefault()
    event.stopImmediatePropagation()
    if (!event.repeat) act()
  }

  /** @param {KeyboardEvent} event */
  keyUp = (event) => {
    if (this.hold?.key !== event.code) return
    event.preventDefault()
    event.stopImmediatePropagation()
    this.letGo()
  }

  // ------------------------------------------------------------------------------------ looks

  /** @param {CardsState} data */
  show(data) {
    this.data = data
    if (this.hold && this.isApplied(this.hold.n) && !data.recording) this.letGo()
    this.metronome.hear((n) => this.isApplied(n), data.recording, data.clicks)
    this.order()
    if (this.form?.n && this.isApplied(this.form.n) && data.refused !== this.form.n) this.closeForm()
    this.draw()
    this.askForPage()
  }

  // The page is drawn anew where it was drawn before what is known here.
  askForPage() {
    const { edits, recorded } = this.data, { drawn } = this.page
    const missed = `${edits - drawn.edits} ${recorded - drawn.recorded}`
    const known = missed === "0 0" || this.recording() || this.hold
    if (known) this.asking.stop()
    else if (missed !== this.missed) this.asking.in(edits !== drawn.edits ? 0 : CALM_MS)
    this.missed = known ? "" : missed
  }

  order() {  // one row a gesture, in the project's order; a row that stays is not touched
    const wanted = this.data.cards.map((card) => card.id)
    for (const [id, row] of this.rows) {
      if (!wanted.includes(id)) { row.box.remove(); this.rows.delete(id) }
    }
    this.data.cards.forEach((card, place) => {
      const row = this.rows.get(card.id) ?? this.row(card)
      row.data = card
      if (this.list.children[place] !== row.box) {
        this.list.insertBefore(row.box, this.list.children[place] ?? null)
      }
    })
  }

  /** @param {Card} card */
  row(card) {
    const { id } = card
    const samples = new Strip({
      open: (sample) => this.enlarge(row, sample),
      remove: (sample) => this.delete(sample),
      more: () => this.say("more", { gesture: id }),
      scrolled: () => this.requestPictures(),
    })
    const row = {
      box: made("div", "card"), choose: button("choose", "", "", () => this.choose(id)),
      emoji: made("span", "emoji"), digit: made("kbd", "digit"),
      name: button("name", "", "", () => this.data.can_edit ? this.rename(row) : this.choose(id)), count: made("span", "count"), samples,
      strip: samples.element, how: made("p", "how"), hold: this.holdButton(id),
      menu: button("menu", "⋯", "", () => this.edit(id)), data: card,
    }
    const text = made("span", "text", "", { onclick: ({ target }) => {
      if (!/** @type {Element} */ (target).closest("button, input")) this.choose(id)
    } })
    text.append(row.name, row.count)
    row.choose.append(row.digit, row.emoji)
    row.box.append(row.choose, text, row.how, row.strip, row.hold, row.menu)
    this.rows.set(id, row)
    return row
  }

  /** @param {number} id */
  holdButton(id) {
    const hold = button("hold", "", "")
    hold.dataset.gesture = String(id)
    hold.append(made("span", "long"), made("span", "short"))
    const release = () => {
      hold.onpointermove = null
      if (this.hold?.key === null) this.letGo()
    }
    hold.onpointerdown = (event) => {
      if (event.button !== 0 || !event.isPrimary) return
      // the pointer stays this button's, and leaves it only by its own way: the page may move below
      hold.setPointerCapture(event.pointerId)
      const { left, right, top, bottom } = hold.getBoundingClientRect()
      hold.onpointermove = ({ clientX: x, clientY: y }) => {
        if (x < left || x > right || y < top || y > bottom) release()
      }
      this.press(id, window)
    }
    for (const kind of ["pointerup", "pointercancel"]) hold.addEventListener(kind, release)
    hold.oncontextmenu = (event) => event.preventDefault()
    hold.onclick = (event) => {  // of a screen reader: neither finger nor key is held
      if (event.detail === 0) this.hold ? this.letGo() : this.press(id, window)
    }
    return hold
  }

  draw() {
    const recording = this.recording()
    this.data.cards.forEach((card, place) => this.drawRow(card, place, recording))
    const hint = !this.hearsKeys ? t("Keyboard shortcuts are off")
      : this.data.mode === "press" ? t("1–9 choose · Space starts and stops")
      : t("1–9 choose · hold Space to record")
    const wrong = this.note || this.data.problem || this.data.alert
    put(this.status, [wrong, this.data.note].filter(Boolean).join(" ") || hint)
    this.add.hidden = !this.data.can_edit
    this.keys.setAttribute("aria-pressed", String(this.hearsKeys))
    this.status.classList.toggle("wrong", Boolean(wrong))
    this.showBusy()
    this.fit()
  }

  showBusy() {
    const { edits } = this.data, waits = edits !== this.page.drawn.edits && !this.recording()
    this.list.setAttribute("aria-busy", String(waits || this.channel.applied < this.channel.n))
  }

  /** @param {Card} card @param {number} place @param {CardsRecording | null} recording */
  drawRow(card, place, recording) {
    const row = this.rows.get(card.id) ?? this.row(card), busy = recording?.gesture === card.id
    const about = { gesture: card.name }
    put(row.digit, place < 9 ? String(place + 1) : "")
    put(row.emoji, card.emoji || "·")
    put(row.name, card.name)
    const count = card.moves ? countClips : countSamples
    put(row.count, busy ? recording.short : count(card.samples))
    put(row.how, card.how)
    row.how.title = card.how
    row.how.hidden = !card.how
    row.strip.hidden = Boolean(card.how)
    name(row.choose, t("Select {gesture}", about))
    row.name.title = this.data.can_edit ? t("Rename {gesture}", about) : ""
    row.menu.hidden = !this.data.can_edit
    row.choose.setAttribute("aria-pressed", String(card.id === this.chosen()))
    row.box.classList.toggle("chosen", card.id === this.chosen())
    row.box.classList.toggle("busy", busy)
    row.strip.setAttribute("aria-label", t("Latest samples of {gesture}", about))
    name(row.menu, t("Change or remove {gesture}", about))
    const { long, short, label } = this.holdTexts(busy ? recording : null, about)
    put(row.hold.children[0], long)
    put(row.hold.children[1], short)
    row.hold.setAttribute("aria-label", label)
    row.hold.setAttribute("aria-disabled", String(Boolean(this.data.off)))
    row.hold.title = this.data.off
  }

  // What is written on a record button, in full and in short, and its label.
  /** @param {CardsRecording | null} recording of this gesture @param {{ gesture: string }} about */
  holdTexts(recording, about) {
    const press = this.data.mode === "press"
    if (recording && press) {
      return { long: t("■ Stop"), short: t("■ Stop"), label: t("Stop recording {gesture}", about) }
    }
    if (recording) return { long: recording.long, short: t("● Rec"), label: t("Recording {gesture}", about) }
    if (press) return { long: t("● Record"), short: t("● Record"), label: t("Record {gesture}", about) }
    return { long: t("● Hold to record"), short: t("● Hold"), label: t("Hold to record {gesture}", about) }
  }

  fit() {  // the strips, and pictures for what is seen of them
    for (const row of this.rows.values()) {
      row.samples.draw(row.data, this.there(row), this.pictures)
    }
    this.dialog?.draw()
    const { different } = this.data, card = different && this.rows.get(different.gesture)
    // no card moves under a held button
    if (!this.hold) this.different.draw(different, card?.box, this.pictures)
    this.requestPictures()
  }

  requestPictures() {
    const seen = [...this.rows.values()].flatMap(({ samples }) => samples.visible())
    const missing = [...(this.data.different?.ids ?? []), ...seen]
      .filter((id) => !this.pictures.has(id))
    if (String(missing) !== this.requested) this.say("pictures", { ids: missing })
    this.requested = String(missing)
  }

  /** @param {Row} row */
  there(row) { return row.data.crops.filter((id) => !this.isGone(id)) }

  /** @param {number} id */
  isGone(id) { return !this.isApplied(this.gone.get(id) ?? 0) }

  /** @param {number} id */
  delete(id) {
    this.gone.set(id, this.say("delete", { sample: id }))
    this.draw()
  }

  /** @param {Row} row @param {number} id */
  enlarge(row, id) {
    const ids = () => (row.box.isConnected ? this.there(row) : [])
    const dialog = this.dialog = new SampleDialog(this.root, {
      ids,
      title: (one) => row.samples.tiles.get(one)?.title ?? "",
      ask: (one) => {
        if (one !== null && ids().indexOf(one) > ids().length - 4) this.say("more", { gesture: row.data.id })
        this.say("enlarge", { sample: one ?? undefined })
      },
      remove: (one) => this.delete(one),
      closed: (one) => {
        this.dialog = null
        dialog.box.remove()
        ;(row.samples.tiles.get(one) ?? row.hold).focus()
      },
    })
    dialog.show(id)
  }

  // ------------------------------------------------------------------------- change and add

  /** @param {Row} row */
  rename(row) {
    const { id, name: before, emoji } = row.data
    this.choose(id)
    renameInPlace(row.name, before, (given) => this.say("rename", { gesture: id, name: given, emoji }))
  }

  /** @param {number | null} id */
  edit(id) {
    this.closeForm()
    const row = id === null ? undefined : this.rows.get(id), card = row?.data
    const form = (this.form = made("form", "form"))
    const emoji = made("input", "sign", "", { maxLength: 16, value: card?.emoji ?? this.freeSign() })
    const label = made("input", "called", "", { maxLength: 40, value: card?.name ?? "" })
    name(emoji, t("Emoji"))
    name(label, t("Name"))
    Object.assign(label, { required: true, placeholder: t("peace") })
    const save = made("button", "save", card ? t("Save") : t("Add"), { type: "submit" })
    const { cards } = this.data, checked = cards.length > 0 && cards.every((one) => one.moves)
    const moves = made("input", "", "", { type: "checkbox", checked })
    const kind = made("label", "kind")
    kind.append(moves, t("It moves: a swipe, a circle"))
    form.append(emoji, label, save)
    if (card) {
      const removes = t("Remove {gesture}", { gesture: card.name })
      form.append(button("", t("Remove"), removes, () => this.remove(card)))
    }
    form.append(button("", t("Cancel"), "", () => this.closeForm(row)))
    /** @param {string} sign */
    const pick = (sign) => {  // of a gesture that is there it is chosen at once
      emoji.value = sign
      if (card) form.requestSubmit()
    }
    form.append(...(card ? [] : [kind]), this.signs(pick))
    form.onsubmit = (event) => {
      event.preventDefault()
      const what = { name: label.value, emoji: emoji.value.trim() }
      form.n = card ? this.say("rename", { gesture: card.id, ...what }) : this.say("add", { ...what, moves: moves.checked })
    }
    form.onkeydown = (event) => { if (event.key === "Escape") this.closeForm(row) }
    if (row) row.box.append(form)
    else this.foot.before(form)
    ;(row?.box ?? this.foot).classList.add("editing")
    label.focus()
    label.select()
  }

  /** @param {(sign: string) => void} pick */
  signs(pick) {
    const signs = made("div", "signs")
    for (const sign of this.page.signs) {
      signs.append(button("", sign, t("Emoji {sign}", { sign }), () => pick(sign)))
    }
    return signs
  }

  freeSign() {  // that no gesture has yet
    const used = new Set(this.data.cards.map(({ emoji }) => emoji))
    return this.page.signs.find((sign) => !used.has(sign)) ?? ""
  }

  /** @param {Card} card */
  remove(card) {
    this.say("remove", { gesture: card.id })
    this.closeForm()
    this.add.focus()
  }

  focused() { return /** @type {ShadowRoot} */ (this.root.getRootNode()).activeElement }

  /** @param {Row} [row] */
  closeForm(row) {
    if (!this.form) return
    const inside = this.form.contains(this.focused())
    this.form.remove()
    this.form = null
    for (const box of this.root.querySelectorAll(".editing")) box.classList.remove("editing")
    if (inside) (row?.menu ?? this.add).focus()
  }
}

/** @param {EventTarget} target @returns {target is HTMLInputElement} */
const isElement = (target) => "closest" in target  // another frame's elements, too
/** @param {HTMLInputElement} element */
const types = (element) =>
  element.isContentEditable || /^(TEXTAREA|SELECT)$/.test(element.tagName) ||
  (element.tagName === "INPUT" && !/^(radio|checkbox|range|button|file)$/.test(element.type)) ||
  element.closest("[role=listbox], [role=combobox], [role=dialog], [role=menu], dialog")
/** @param {Element} element */
const acts = (element) =>
  element.closest("button, a, summary, input, video, [role=slider], [role=tab], [role=switch]")

/** @param {Component<CardsData, { cards: Cards }>} component */
export function cards({ data, parentElement, setTriggerValue }) {
  const cards = (parentElement.cards ??= new Cards(parentElement))
  cards.askPage = () => setTriggerValue("asked", Date.now())
  cards.place(data)
  return () => { if (!parentElement.isConnected) cards.close() }
}
