#!/usr/bin/env node
import module from 'node:module'

// Compiled code is kept between runs where Node can do so (22.8 and later): start-up is most of an attach.
module.enableCompileCache?.()
await import('../dist/cli/main.js')
