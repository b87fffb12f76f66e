import type { Writable } from 'node:stream'

/** Where a blob goes: a `ServerResponse`, or any other writable of Node. */
export type PumpTarget = Pick<Writable, 'write' | 'on' | 'once' | 'off' | 'destroyed' | 'closed'>

/** A writable that tells when it is gone. */
export interface Output {
  /**
   * Gives true when the chunk has left: its memory is free again. Gives false when the other side is gone, and
   * never throws; the chunk may then still be in use. Calls do not overlap.
   */
  write(chunk: Uint8Array): Promise<boolean>
  /** Takes the listeners off. */
  release(): void
}

/** Watches a writable. A writable that is gone may never call back, so `close` has to end the wait. */
export function openOutput(target: PumpTarget): Output {
  let gone = false
  let settle: ((left: boolean) => void) | undefined
  const leave = () => {
    gone = true
    settle?.(false)
  }
  target.once('close', leave)
  target.on('error', leave)
  return {
    write(chunk) {
      return new Promise((resolve) => {
        if (gone || target.destroyed || target.closed) return resolve(false)
        settle = resolve
        target.write(chunk, (error) => resolve(!error))
      })
    },
    release() {
      target.off('close', leave)
      target.off('error', leave)
    },
  }
}
