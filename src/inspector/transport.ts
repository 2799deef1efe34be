/** Moves protocol messages as strings; knows nothing of ids or sessions. */
export interface Transport {
  send(message: string): void
  /** Says that something is awaited (1) or no longer (-1): while it is, what arrives is acknowledged at once. */
  expect(change: 1 | -1): void
  /** Called for each message from the target. */
  onMessage: (message: string) => void
  /** Called once, when the other side is gone; `reason` is for a person. */
  onClose: (reason: string) => void
  close(): void
}
