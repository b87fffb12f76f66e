import { createBufferPool } from './buffer-pool.ts'

/** Bytes that are gathered before one write: large enough that the round trip to the thread pool does not count. */
export const slotBytes = 1024 * 1024

const slotCount = 16
const wasmPageBytes = 65_536

/** WebAssembly is not among the types of Node; this is the part used here. */
interface WasmGlobal {
  WebAssembly: {
    Memory: new (limits: { initial: number; maximum: number }) => { buffer: ArrayBuffer }
  }
}

let memory: ArrayBuffer | undefined
let slotsMade = 0

/**
 * The slots of all uploads of this process, 16 MiB at most. They are cut from a WebAssembly memory because
 * that is the way of the public API to memory that begins on a page, as O_DIRECT asks for; a slot takes no
 * real memory before it is first written.
 */
export const uploadSlots = createBufferPool(slotCount, () => {
  const start = (slotsMade % slotCount) * slotBytes
  slotsMade += 1
  memory ??= allocateSlots()
  return Buffer.from(memory, start, slotBytes)
})

function allocateSlots(): ArrayBuffer {
  const pages = (slotCount * slotBytes) / wasmPageBytes
  const { WebAssembly } = globalThis as unknown as WasmGlobal
  return new WebAssembly.Memory({ initial: pages, maximum: pages }).buffer
}
