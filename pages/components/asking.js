// Asks Streamlit to draw the page anew. Not within a moment of a press on the page: a run that has not
// come to the pressed button yet would be replaced, and the press be lost with it. Once more, later,
// where the page was not drawn: it may pass over what it is asked.
const PRESSED_MS = 1500, AGAIN_MS = 3000

const presses = () => {
  if (!window.mudraPresses) {
    window.mudraPresses = { last: -Infinity }
    const note = (event) => {
      const onStage = event.composedPath().some((one) => one.dataset?.part)
      if (!onStage) window.mudraPresses.last = performance.now()
    }
    for (const kind of ["pointerup", "keyup"]) document.addEventListener(kind, note, true)
  }
  return window.mudraPresses
}

export class Asking {
  constructor(ask, { now = () => performance.now(), pressed = presses() } = {}) {
    Object.assign(this, { ask, now, pressed, timer: null })
  }

  // Asks after `wait_ms`; what was asked before is forgotten.
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
    clearTimeout(this.timer)
    this.timer = null
  }
}
