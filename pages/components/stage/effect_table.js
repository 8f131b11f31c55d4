// What a gesture can do in this browser: one function for each effect, of its value. A failure is thrown
// as an Error whose text is shown. Values were checked by the server; a web page's address is again.
import { made } from "../elements.js"
import { t } from "../words.js"
import { playTone } from "./tone.js"

const SHOWN_MS = 2000, PIECES = 60, NOTE_MS = 300, BAUD = 115200
const COLORS = ["#e6194b", "#3cb44b", "#ffe119", "#4363d8", "#f58231", "#911eb4", "#42d4f4"]
/** @type {Record<string, number>} */
const STEPS = { C: 0, D: 2, E: 4, F: 5, G: 7, A: 9, B: 11 }

// The frequency of “C4” or “F#3”; A4 has 440 Hz.
export function noteToHz(/** @type {string} */ note) {
  const [, letter, sharp, octave] = /** @type {string[]} */ (/^([A-G])(#?)(\d)$/.exec(note))
  return 440 * 2 ** ((STEPS[letter] + sharp.length + 12 * Number(octave) - 57) / 12)
}

// The MIDI messages of “note 60 100” or “cc 7 100”: at once, and after a while.
export function midiMessages(/** @type {string} */ value) {
  const [kind, number, amount = "100"] = value.split(" ")
  if (kind === "cc") return [[0xb0, Number(number), Number(amount)]]
  return [[0x90, Number(number), Number(amount)], [0x80, Number(number), 0]]
}

// An overlay over the whole window, which lets every press through to what is below it.
function overlay(/** @type {string} */ name, /** @type {HTMLElement[]} */ content) {
  document.querySelectorAll(`[data-effect="${name}"]`).forEach((one) => one.remove())
  const box = made("div", "", "", { ariaHidden: "true" })
  box.dataset.effect = name
  box.style.cssText = "position:fixed;inset:0;z-index:999999;pointer-events:none;overflow:hidden;"
    + "display:flex;align-items:center;justify-content:center"
  box.append(...content)
  document.body.append(box)
  setTimeout(() => box.remove(), SHOWN_MS)
  return box
}

function showPicture(/** @type {string} */ value) {
  const isPicture = value.startsWith("data:image/webp;base64,")
  const shown = isPicture ? made("img", "", "", { src: value, alt: "" }) : made("div", "", value)
  shown.style.cssText = isPicture ? "width:100%;height:100%;object-fit:contain"
    : `font-size:min(70vh,${90 / [...value].length}vw);line-height:1;white-space:nowrap`
  overlay("picture", [shown])
}

function throwConfetti() {
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return showPicture("🎊")
  const pieces = Array.from({ length: PIECES }, (_, i) => {
    const piece = made("i")
    piece.style.cssText = `position:absolute;top:-2rem;left:${100 * Math.random()}%;width:.6rem;`
      + `height:1rem;background:${COLORS[i % COLORS.length]}`
    return piece
  })
  overlay("confetti", pieces)
  for (const piece of pieces) {
    const end = `translate(${20 * Math.random() - 10}vw, 110vh) rotate(${1440 * Math.random()}deg)`
    piece.animate([{ transform: "none" }, { transform: end }],
      { duration: SHOWN_MS * (0.6 + 0.4 * Math.random()), easing: "ease-in", fill: "forwards" })
  }
}

// The new page never learns of this one; where the browser keeps it from opening, that is said.
function openPage(/** @type {string} */ value) {
  const url = new URL(value)
  if (!["http:", "https:"].includes(url.protocol)) throw new Error(t("Only web pages are opened."))
  const page = window.open("", "_blank")
  if (!page) throw new Error(t("Your browser kept {host} from opening: allow pop-ups here.", { host: url.host }))
  page.opener = null
  page.location.replace(url.href)
}

function speak(/** @type {string} */ value) {
  if (!window.speechSynthesis) throw new Error(t("This browser can't speak."))
  window.speechSynthesis.cancel()
  window.speechSynthesis.speak(new SpeechSynthesisUtterance(value))
}

async function sendMidi(/** @type {string} */ value) {
  if (!navigator.requestMIDIAccess) throw new Error(t("This browser sends no MIDI: use Chrome or Edge."))
  const outputs = [...(await navigator.requestMIDIAccess()).outputs.values()]
  if (!outputs.length) throw new Error(t("No MIDI output is connected."))
  const [first, second] = midiMessages(value)
  outputs.forEach((one) => one.send(first))
  if (second) setTimeout(() => outputs.forEach((one) => one.send(second)), NOTE_MS)
}

/** @type {SerialPort | null} */
let port = null  // the serial port that somebody has chosen

// Lets a person choose a port; browsers allow it only in a press.
export async function connectSerial() {
  if (!navigator.serial) throw new Error(t("This browser has no serial ports: use Chrome or Edge."))
  const chosen = await navigator.serial.requestPort()
  await chosen.open({ baudRate: BAUD })
  port = chosen
}

async function sendLine(/** @type {string} */ value) {
  if (!port) throw new Error(t("No serial port is connected: press “Connect a serial port”."))
  const writer = port.writable.getWriter()
  try {
    await writer.write(new TextEncoder().encode(`${value}\n`))
  } finally {
    writer.releaseLock()
  }
}

export const EFFECTS = {
  note: (/** @type {string} */ value) => playTone(noteToHz(value)),
  speak,
  picture: showPicture,
  confetti: throwConfetti,
  page: openPage,
  midi: sendMidi,
  serial: sendLine,
}

// Ends at once what lasts.
export function stopEffects() {
  window.speechSynthesis?.cancel()
  document.querySelectorAll("[data-effect]").forEach((one) => one.remove())
}
