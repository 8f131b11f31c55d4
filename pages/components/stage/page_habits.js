// What a page does by itself in the browser: Ctrl+Z undoes, Back leaves a page at once, and the menu of
// a phone closes after a choice.
const NARROW = "(max-width: 768px)"  // where Streamlit's menu lies over the page
const UNDO = "[class*='st-key-act_undo_'] button, [class*='st-key-act_past_'] button"
const FIELD = "input:not([type=checkbox]):not([type=radio]):not([type=range]), textarea, [contenteditable]"

/** @param {EventTarget | undefined} target may be no element */
const isField = (target) => /** @type {Element | undefined} */ (target)?.matches?.(FIELD)

/**
 * Presses Undo of the last act, which may be out of sight by now; fields undo their own text.
 * @param {KeyboardEvent} event
 */
const undo = (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) return
  if (event.key.toLowerCase() !== "z" || isField(event.composedPath()[0])) return
  const button = /** @type {HTMLElement | undefined} */ ([...document.querySelectorAll(UNDO)].at(-1))
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
  const target = /** @type {Element} */ (event.target)
  if (!matchMedia(NARROW).matches || !target.closest?.(".stSidebar nav a")) return
  setTimeout(() => {
    /** @type {HTMLElement | null} */
    const close = document.querySelector(".stSidebar button[aria-controls=stSidebar]")
    close?.click()
  })
}

/** Does this once in a window. */
export function learnHabits() {
  if (window.mudraHabits) return
  window.mudraHabits = true
  keepOneEntryPerPage()
  document.addEventListener("keydown", undo)
  document.addEventListener("click", closeMenu)
}
