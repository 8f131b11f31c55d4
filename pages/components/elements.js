// A new element with its class and its text: names are the users', and never markup.
export const made = (tag, look = "", text = "", more = {}) => {
  const element = Object.assign(document.createElement(tag), more)
  if (look) element.className = look
  if (text) element.textContent = text
  return element
}
