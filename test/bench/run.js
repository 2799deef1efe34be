// npm run bench: everything that is said about speed, pauses and memory, measured against peers in one run.
// Usage: node test/bench/run.js [attach|pauses|threads|scripts|graph|run-cost|native|heap|report …]
const known = ['attach', 'pauses', 'threads', 'scripts', 'graph', 'run-cost', 'native', 'heap', 'report']
const wanted = process.argv.length > 2 ? process.argv.slice(2) : known
for (const name of wanted) {
  if (!known.includes(name)) throw new Error(`no bench "${name}"; there are: ${known.join(', ')}`)
  console.log(`\n== ${name}`)
  const { run } = await import(`./${name}.js`)
  await run()
}
