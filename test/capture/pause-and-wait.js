// Attaches to the process whose pid it is given, pauses it, says so, and waits to be killed.
import { findEndpoint } from '../../dist/inspector/endpoint.js'
import { InspectedProcess } from '../../dist/inspector/inspected-process.js'
import { listeningPorts } from '../../dist/process/sockets.js'

const pid = Number(process.argv[2])
process.kill(pid, 'SIGUSR1')
let ports = []
while (ports.length === 0) {
  await new Promise(resolve => setTimeout(resolve, 5))
  ports = listeningPorts(pid)
}
const { webSocketUrl } = await findEndpoint('127.0.0.1', ports[0].port, 1000)
const { main } = await InspectedProcess.connect(webSocketUrl, 1000)
await main.enable(2000)
if ((await main.requestPause(2000)) !== undefined) console.log('paused')
setInterval(() => {}, 1000)
