export interface JaasConfig {
  /** Class name without its package, for example ScramLoginModule. */
  module: string
  options: Map<string, string>
}

const TOKEN = /\s*(?:"((?:\\.|[^"\\])*)"|'((?:\\.|[^'\\])*)'|(=)|(;)|([^\s=;"']+))/gsy

/**
 * Reads the value of sasl.jaas.config: `<class> required name="value" ... ;`, values in single or double quotes or bare.
 * null when it is not of that form.
 */
export function parseJaasConfig(text: string): JaasConfig | null {
  const tokens: string[] = []
  TOKEN.lastIndex = 0
  for (let match = TOKEN.exec(text); match !== null; match = TOKEN.exec(text)) {
    const quoted = match[1] ?? match[2]
    // A mark before quoted text, so that a quoted "=" or ";" is never taken for the sign.
    tokens.push(quoted === undefined ? match[0].trim() : `"${quoted.replace(/\\(.)/gs, '$1')}`)
    if (TOKEN.lastIndex >= text.trimEnd().length) break
  }
  const [className, flag, ...rest] = tokens
  if (!className || !flag || !/^(required|requisite|sufficient|optional)$/i.test(flag)) return null
  if (rest.at(-1) !== ';') return null
  const options = new Map<string, string>()
  for (let index = 0; index < rest.length - 1; index += 3) {
    const [name, sign, value] = rest.slice(index, index + 3)
    if (!name || sign !== '=' || value === undefined || value === ';') return null
    options.set(name, value.startsWith('"') ? value.slice(1) : value)
  }
  return { module: className.slice(className.lastIndexOf('.') + 1), options }
}
