// Connects the page to its live channel, and says when the connection is lost.
import { made } from "../elements.js"
import { chooseLanguage, language, t } from "../words.js"
import { channel } from "./channel.js"
import { learnHabits } from "./page_habits.js"

const AFTER_MS = { lost: 2000, silent: 0, gone: 5000 }  // Streamlit may bring another token meanwhile
const LOST = t("No connection to Mudra: answers stand still. Trying again …")
const TEXTS = { lost: LOST, silent: LOST, gone: t("Mudra has closed this page’s connection. Reload the page.") }

/** @param {Component<ConnectionData, Stops & { notice: HTMLElement }>} component */
export function connection({ data, parentElement }) {
  if (data.language !== language) chooseLanguage(data.language)
  document.documentElement.lang = language
  const live = channel()
  learnHabits()
  parentElement.stop?.()
  const notice = parentElement.notice ??= parentElement.appendChild(made("p", "notice"))
  notice.setAttribute("role", "status")
  let timer = 0
  /** @param {string} text */
  const say = (text) => { if (notice.textContent !== text) notice.textContent = text }
  /** @param {ChannelStatus} status */
  const changed = (status) => {
    clearTimeout(timer)
    if (status === "open") say("")
    else timer = setTimeout(() => say(TEXTS[status]), AFTER_MS[status])
  }
  changed(live.status)
  const unwatch = live.watch({ changed })
  parentElement.stop = () => {
    clearTimeout(timer)
    unwatch()
  }
  live.connect(data.channel)
  return () => parentElement.stop?.()
}
