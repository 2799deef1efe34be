/**
 * `node:http`, without what an `import` of it costs: from Node 22 on, listing its exports for an ES module evaluates
 * its lazy `WebSocket` getter, which loads undici (100 ms on Node 24, 225 ms on 26). The plain module takes 5 ms.
 */
export const http = process.getBuiltinModule('node:http')
