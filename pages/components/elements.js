// A new element with its class and its text: names are the users', and never markup.
/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Partial<HTMLElementTagNameMap[Tag]>} more
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export const made = (tag, look = "", text = "", more = {}) => {
  const element = Object.assign(document.createElement(tag), more)
  if (look) element.className = look
  if (text) element.textContent = text
  return element
}

// What a component's HTML has; throws an error where it is not there.
/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @overload
 * @param {ParentNode} root
 * @param {Tag} selector
 * @returns {HTMLElementTagNameMap[Tag]}
 */
/**
 * @overload
 * @param {ParentNode} root
 * @param {string} selector
 * @returns {HTMLElement}
 */
/** @param {ParentNode} root @param {string} selector */
export const find = (root, selector) => {
  const found = root.querySelector(selector)
  if (!found) throw new Error(`no ${selector} here`)
  return found
}
