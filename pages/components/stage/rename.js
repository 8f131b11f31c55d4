// A gesture's name is changed where it stands: Enter and a press elsewhere keep it, Escape does not.
import { made } from "../elements.js"
import { t } from "../words.js"

/**
 * Puts a field in the place of a name until it is left.
 * @param {HTMLElement} label the name's element
 * @param {string} name as it is now
 * @param {(name: string) => void} keep called with another name
 */
export function renameInPlace(label, name, keep) {
  const field = made("input", "renaming", "", { value: name, maxLength: 40 })
  field.setAttribute("aria-label", t("Name of {gesture}", { gesture: name }))
  let isOver = false
  /** @param {boolean} isKept @param {boolean} focus */
  const end = (isKept, focus) => {
    if (isOver) return
    isOver = true
    const given = field.value.trim()
    field.remove()
    label.hidden = false
    if (focus) label.focus()
    if (isKept && given && given !== name) keep(given)
  }
  field.onkeydown = (event) => {
    if (event.key !== "Enter" && event.key !== "Escape") return
    event.preventDefault()
    end(event.key === "Enter", true)
  }
  field.onblur = () => end(true, false)
  label.hidden = true
  label.before(field)
  field.focus()
  field.select()
}
