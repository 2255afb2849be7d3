// Loaded with `node --import`: changes one source as it is loaded, where `--mutation NAME` on the command line says so.
import { registerHooks } from 'node:module'
import { isMutationName, MUTATIONS } from './mutations.ts'

const name = process.argv[process.argv.indexOf('--mutation') + 1] ?? ''
const mutation = isMutationName(name) ? MUTATIONS[name] : null

if (mutation && 'file' in mutation) {
  const { file, find, replace } = mutation
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context)
      if (!url.endsWith(`/${file}`)) return loaded
      const parts = String(loaded.source).split(find)
      if (parts.length !== 2) throw new Error(`${file} does not hold exactly once: ${find}`)
      return { ...loaded, source: parts.join(replace) }
    },
  })
}
