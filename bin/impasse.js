#!/usr/bin/env node
// Start-up is most of an attach. Where Node can (22.8, 22.15), compiled code is kept between runs, and the modules of
// Impasse itself are found without asking the file system about each of them again.
import module from 'node:module'

const own = new URL('../dist/', import.meta.url).href
module.enableCompileCache?.()
module.registerHooks?.({
  resolve(specifier, context, next) {
    if (!specifier.startsWith('.') || !context.parentURL?.startsWith(own)) return next(specifier, context)
    return { url: new URL(specifier, context.parentURL).href, format: 'module', shortCircuit: true }
  },
})
await import('../dist/cli/main.js')
