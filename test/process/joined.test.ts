import { expect, test } from 'vitest'
import { parseLocks } from '../../src/process/file-locks.ts'
import { parseUnixPeers } from '../../src/process/unix-peers.ts'

test('joined Unix sockets are told by their inodes, those that listen or were not accepted are not', () => {
  const text = [
    'u_str LISTEN 0      4096             /run/dbus/system_bus_socket 1041 * 0   ',
    'u_str ESTAB  0      0                                       * 1589 * 1590 ',
    'u_str ESTAB  212992 0      /tmp/with space/a.sock 1590 * 1589 ',
    'u_dgr ESTAB  0      0                                       * 1600 * 1601 ',
    'u_str ESTAB  0      0                                       * 1700 * 0    ',
    'u_str ESTAB  0      768                                     * 1710 * 0    ',
  ].join('\n')
  const { peers, unread, queued } = parseUnixPeers(text)
  expect([...queued]).toEqual([1710])
  expect([...unread]).toEqual([[1590, 212992]])
  expect([...peers]).toEqual([
    [1589, 1590],
    [1590, 1589],
    [1600, 1601],
  ])
})

test('locks of files, of /proc/locks and of fdinfo', () => {
  const text = [
    '1: FLOCK  ADVISORY  WRITE 359 fe:00:11691 0 EOF',
    '1: -> FLOCK  ADVISORY  READ 360 fe:00:11691 0 EOF',
    '2: OFDLCK ADVISORY  READ  -1 00:13:4711 100 199',
    'lock:\t1: POSIX  ADVISORY  WRITE 12 00:13:5 0 0',
  ].join('\n')
  expect(parseLocks(text)).toEqual([
    {
      number: 1,
      waits: false,
      kind: 'FLOCK',
      mode: 'exclusive',
      pid: 359,
      file: 'fe:00:11691',
      range: '0 EOF',
    },
    { number: 1, waits: true, kind: 'FLOCK', mode: 'shared', pid: 360, file: 'fe:00:11691', range: '0 EOF' },
    {
      number: 2,
      waits: false,
      kind: 'OFDLCK',
      mode: 'shared',
      pid: -1,
      file: '00:13:4711',
      range: '100 199',
    },
    { number: 1, waits: false, kind: 'POSIX', mode: 'exclusive', pid: 12, file: '00:13:5', range: '0 0' },
  ])
})
