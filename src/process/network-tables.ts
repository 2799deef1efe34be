/** The tables of sockets of a network namespace: `/proc/<pid>/net/{tcp,tcp6,unix}` (proc_pid_net(5)). */

export interface Endpoint {
  readonly address: string
  readonly port: number
}

/** One line of `/proc/<pid>/net/tcp` or `tcp6`: a socket of any process in that network namespace. */
export interface TcpSocket {
  readonly local: Endpoint
  readonly peer: Endpoint
  readonly state: string
  /** What has come and was not read yet, bytes; of a listening socket, how many connections wait to be accepted. */
  readonly unread: number
  readonly inode: number
}

/** A Unix domain socket; `path` starts with `@` for an abstract name and is empty without a name (`socketpair`). */
export interface UnixSocket {
  readonly inode: number
  readonly path: string
  readonly listening: boolean
}

/** The states of include/net/tcp_states.h. */
const states = [
  '',
  'established',
  'syn-sent',
  'syn-received',
  'fin-wait-1',
  'fin-wait-2',
  'time-wait',
  'closed',
  'close-wait',
  'last-ack',
  'listening',
  'closing',
  'syn-received',
]

/** Parses a table, keeping only what `wanted` lets through (a busy machine has many thousands of lines). */
export function parseTcp(text: string, wanted: (line: string) => boolean = () => true): TcpSocket[] {
  return text.split('\n').flatMap(line => {
    if (!wanted(line)) return []
    const match = /^\s*\d+: (\w+):(\w{4}) (\w+):(\w{4}) (\w\w) \w+:(\w+) \S+ \S+\s+\d+\s+\d+ (\d+)/.exec(line)
    if (!match) return []
    const [, localAddress, localPort, peerAddress, peerPort, state, unread, inode] =
      match as unknown as string[]
    return {
      local: { address: parseAddress(localAddress!), port: Number.parseInt(localPort!, 16) },
      peer: { address: parseAddress(peerAddress!), port: Number.parseInt(peerPort!, 16) },
      state: states[Number.parseInt(state!, 16)] ?? 'unknown',
      unread: Number.parseInt(unread!, 16),
      inode: Number(inode),
    }
  })
}

/** Addresses are 32-bit words in the machine's byte order, which is little-endian wherever Node runs but s390x. */
export function parseAddress(hex: string): string {
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap(word =>
    [3, 2, 1, 0].map(i => Number.parseInt(word.slice(i * 2, i * 2 + 2), 16)),
  )
  if (bytes.length === 4) return bytes.join('.')
  if (bytes.length !== 16) return '?'
  if (bytes.slice(0, 10).every(byte => byte === 0) && bytes[10] === 255) return bytes.slice(12).join('.')
  const groups = Array.from({ length: 8 }, (_, i) => ((bytes[i * 2]! << 8) | bytes[i * 2 + 1]!).toString(16))
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1) // Shortens the zeros: `::1`.
}

/** `/proc/<pid>/net/unix`. */
export function parseUnix(text: string): UnixSocket[] {
  return text.split('\n').flatMap(line => {
    const match = /^\w+: \w+ \w+ (\w+) \w+ \w+\s+(\d+) ?(.*)$/.exec(line)
    // Flag 0x10000 is __SO_ACCEPTCON.
    return match
      ? {
          inode: Number(match[2]),
          path: match[3]!,
          listening: (Number.parseInt(match[1]!, 16) & 0x10000) !== 0,
        }
      : []
  })
}

/** `127.0.0.1:80`, `[::1]:80`. */
export function name({ address, port }: Endpoint): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}
