// Asks Streamlit to draw the page anew. Not within a moment of a press on the page: a run that has not
// come to the pressed button yet would be replaced, and the press be lost with it. Once more, later,
// where the page was not drawn: it may pass over what it is asked.
const PRESSED_MS = 1500, AGAIN_MS = 3000

const presses = () => {
  if (!window.mudraPresses) {
    const known = window.mudraPresses = { last: -Infinity }
    /** @param {Event} event */
    const note = (event) => {
      const onStage = event.composedPath().some((one) => one instanceof HTMLElement && one.dataset.part)
      if (!onStage) known.last = performance.now()
    }
    for (const kind of ["pointerup", "keyup"]) document.addEventListener(kind, note, true)
  }
  return window.mudraPresses
}

export class Asking {
  /** @param {() => void} ask */
  constructor(ask, { now = () => performance.now(), pressed = presses() } = {}) {
    this.ask = ask
    this.now = now
    this.pressed = pressed
    /** @type {number | null} */
    this.timer = null
  }

  // Asks after `wait_ms`; what was asked before is forgotten.
  /** @param {number} wait_ms */
  in(wait_ms) {
    this.stop()
    this.timer = setTimeout(() => {
      const left = this.pressed.last + PRESSED_MS - this.now()
      this.in(left > 0 ? left : AGAIN_MS)
      if (left <= 0) this.ask()
    }, wait_ms)
  }

  get isWaiting() { return this.timer !== null }

  stop() {
    clearTimeout(this.timer ?? 0)
    this.timer = null
  }
}
