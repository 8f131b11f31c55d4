// The components' texts in the visitor's language. The catalogues, by language and English text, are
// put in when a component is registered (__init__.py), with the texts that it has.
/** @type {Record<string, Record<string, string | string[]>>} */
const CATALOGUES = {}
const YEAR_S = 31_536_000

// As pages/locale does it: the chosen language, else the browser's.
/** @param {string} cookies @param {string} locale */
export const matchLanguage = (cookies, locale) => {
  const chosen = cookies.match(/(?:^|; )mudra_language=(\w+)/)?.[1]
  if (chosen === "en" || (chosen && chosen in CATALOGUES)) return chosen
  const [code, ...parts] = locale.toLowerCase().split("-")
  const traditional = code === "zh" && parts.some((part) => ["hant", "tw", "hk", "mo"].includes(part))
  return code in CATALOGUES && !traditional ? code : "en"
}

export const language = matchLanguage(globalThis.document?.cookie ?? "", globalThis.navigator?.language ?? "")

// Remembers the language in a cookie, which the server sees, too, and loads the page anew.
/** @param {string} code */
export const chooseLanguage = (code) => {
  const secure = location.protocol === "https:" ? "; Secure" : ""
  document.cookie = `mudra_language=${code}; path=/; max-age=${YEAR_S}; SameSite=Lax${secure}`
  location.reload()
}

/** @typedef {Record<string, string | number>} Values */

/** @param {string} template @param {Values} values */
const fill = (template, values) => template.replace(/\{(\w+)\}/g, (field, name) => {
  const value = values[name] ?? field
  return typeof value === "number" ? value.toLocaleString(language) : value
})

// A text with values for its fields; numbers as the language writes them.
/** @param {string} text an English literal @param {Values} values */
export const t = (text, values = {}) => {
  const found = CATALOGUES[language]?.[text]
  return fill(typeof found === "string" ? found : text, values)
}

// A text about a number n.
/** @param {number} n @param {string} one @param {string} many @param {Values} values */
export const tn = (n, one, many, values = {}) => {
  const found = CATALOGUES[language]?.[one]
  const forms = Array.isArray(found) ? found : [one, many]
  const isOne = forms.length === 1 || (language === "fr" ? n < 2 : n === 1)
  return fill(forms[isOne ? 0 : 1], { n, ...values })
}
