// The beat of a recording, to be heard. The page says when to click and, again and again, how long
// ago the countdown ended; the browser's own clock does the rest, so that a click is there once.
// A recording that was not begun here, or before a reload, is silent.
const LATE_CLICK_MS = 400, CLICK_S = 0.06

export class Metronome {
  timer = 0
  begun = Infinity  // the command that began it
  zero = Infinity  // when its countdown ended
  next = 0
  /** @type {[number, number][]} */
  clicks = []

  // Within the press of a button: a page that nobody has touched may not sound.
  /** @param {number} n @param {[number, number][]} clicks */
  begin(n, clicks) {
    this.begun = n
    this.clicks = clicks
    if (clicks.length) sounding()
  }

  stop() {
    clearTimeout(this.timer)
    this.begun = this.zero = Infinity
    this.clicks = []
    this.next = 0
  }

  // No `clicks`: the sound is off by now.
  /**
   * @param {(n: number) => boolean} isApplied
   * @param {CardsRecording | null} recording
   * @param {[number, number][]} clicks
   */
  hear(isApplied, recording, clicks) {
    if (!isApplied(this.begun)) return
    if (!recording || !clicks.length) return this.stop()
    if (recording.since === null) {  // not a frame yet: its countdown begins right now
      if (this.next === 0 && this.clicks.length) click(this.clicks[this.next++][1])
      return
    }
    // news is late, sometimes very, and never early
    this.zero = Math.min(this.zero, performance.now() - 1000 * recording.since)
    this.go()
  }

  go() {
    clearTimeout(this.timer)
    while (this.next < this.clicks.length) {
      const [at, hz] = this.clicks[this.next]
      const wait = this.zero + 1000 * at - performance.now()
      if (wait > 1) {
        this.timer = setTimeout(() => this.go(), wait)
        return
      }
      if (wait > -LATE_CLICK_MS) click(hz)
      this.next += 1
    }
  }
}

// The page's one audio, or null where there is none.
const sounding = () => {
  try {
    const audio = (window.mudraAudio ??= new AudioContext())
    audio.resume().catch(() => {})
    return audio
  } catch {
    return null
  }
}

/** @param {number} hz */
const click = (hz) => {
  const audio = sounding()
  if (audio?.state !== "running") return  // else it would be heard later, with all the others
  const tone = new OscillatorNode(audio, { frequency: hz })
  const volume = new GainNode(audio, { gain: 0.4 })
  const now = audio.currentTime
  volume.gain.setValueAtTime(0.4, now)
  volume.gain.exponentialRampToValueAtTime(0.001, now + CLICK_S)
  tone.connect(volume).connect(audio.destination)
  tone.start(now)
  tone.stop(now + CLICK_S)
}
