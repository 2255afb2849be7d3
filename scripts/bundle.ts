// Bundles one app, by default the one in whose folder it runs: node ../../scripts/bundle.ts
import { resolve } from 'node:path'
import { bundleApp } from './build/bundle-app.ts'

await bundleApp(resolve(process.argv[2] ?? '.'))
