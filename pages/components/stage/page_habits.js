// What a page does by itself in the browser: Ctrl+Z undoes, Back leaves a page at once, and the menu of
// a phone closes after a choice.
const NARROW = "(max-width: 768px)"  // where Streamlit's menu lies over the page
const UNDO = "[class*='st-key-act_undo_'] button, [class*='st-key-act_past_'] button"
const FIELD = "input:not([type=checkbox]):not([type=radio]):not([type=range]), textarea, [contenteditable]"

/**
 * Presses Undo of the last act, which may be out of sight by now; fields undo their own text.
 * @param {KeyboardEvent} event
 */
const undo = (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) return
  if (event.key.toLowerCase() !== "z" || event.composedPath()[0]?.matches?.(FIELD)) return
  const button = [...document.querySelectorAll(UNDO)].at(-1)
  if (!button) return
  event.preventDefault()
  button.click()
}

// A change of the address within a page is no page of its own: Streamlit pushes each.
const keepOneEntryPerPage = () => {
  const push = history.pushState.bind(history)
  history.pushState = (state, title, url) => {
    const isSamePage = url && new URL(url, location.href).pathname === location.pathname
    if (isSamePage) history.replaceState(state, title, url)
    else push(state, title, url)
  }
}

/** @param {MouseEvent} event */
const closeMenu = (event) => {
  if (!matchMedia(NARROW).matches || !event.target.closest?.(".stSidebar nav a")) return
  setTimeout(() => document.querySelector(".stSidebar button[aria-controls=stSidebar]")?.click())
}

/** Does this once in a window. */
export function learnHabits() {
  if (window.mudraHabits) return
  window.mudraHabits = true
  keepOneEntryPerPage()
  document.addEventListener("keydown", undo)
  document.addEventListener("click", closeMenu)
}
