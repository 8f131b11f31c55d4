// Streamlit's own shortcuts take the space from a button that has the focus, and don't hear a key
// while a pill has it, nor one in the video's frame, which has it after START. Here a key is passed
// on as the click that it stands for.
export default function () {
  const types = (element) =>
    element.isContentEditable || /^(TEXTAREA|SELECT)$/.test(element.tagName) ||
    (element.tagName === "INPUT" && !/^(radio|checkbox|range|button|file)$/.test(element.type)) ||
    element.closest("[role=listbox], [role=combobox], [role=dialog], [role=menu]")
  const acts = (element) =>
    element.closest("button, a, summary, input, video, [role=slider], [role=tab], [role=switch]")
  const pressed = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return
    const from = event.composedPath()[0] || event.target
    if (!from.closest || types(from)) return
    let target = null
    if (event.code === "Space") {
      const itself = acts(from)  // a button that has the focus hears its own space
      if (itself && !itself.closest("[role=radiogroup]")) return
      const both = document.querySelectorAll(".st-key-take_stop button, .st-key-take_begin button")
      target = [...both].find((button) => !button.disabled)  // one of before may linger
    } else if (/^[1-9]$/.test(event.key)) {
      target = document.querySelectorAll("[class*=st-key-gesture_] [role=radio]")[event.key - 1]
    }
    if (!target || target.disabled) return
    event.preventDefault()
    event.stopImmediatePropagation()
    if (!event.repeat) target.click()
  }
  const heard = new Set()
  const listen = (place) => {
    if (!place || heard.has(place)) return
    heard.add(place)
    place.addEventListener("keydown", pressed, true)
  }
  // a click in the video's frame leaves the focus on its button: space would press it again
  const released = (event) => event.detail > 0 && event.currentTarget.activeElement?.blur()
  const look = () => {
    const frame = document.querySelector("iframe[title*=webrtc_streamer]")
    const inside = frame && frame.contentDocument
    if (!inside || heard.has(inside.defaultView)) return
    listen(inside.defaultView)
    inside.addEventListener("click", released)
  }
  listen(window)
  look()
  const watch = setInterval(look, 500)
  document.body.dataset.hearsKeys = "yes"  // from now on; the page stands before this is loaded
  return () => {
    delete document.body.dataset.hearsKeys
    clearInterval(watch)
    heard.forEach((place) => place.removeEventListener("keydown", pressed, true))
  }
}
