import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

/** Passes connections on to a registry, and ends one of them in the middle of a large answer. */
export interface CuttingProxy {
  host: string
  /** How many connections were ended. */
  cuts: number
  /** First bytes of the ranges that clients have asked for. */
  offsets: number[]
  stop(): Promise<void>
}

/** Starts a proxy that ends the first connection on which so many bytes have come back. */
export async function startCuttingProxy(host: string, cutAfter: number): Promise<CuttingProxy> {
  const target = new URL(`http://${host}`)
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const registry = connect(Number(target.port), target.hostname)
    let received = 0
    client.on('data', (chunk: Buffer) => {
      for (const [, offset] of chunk.toString('latin1').matchAll(/^range: bytes=(\d+)-/gim))
        proxy.offsets.push(Number(offset))
    })
    registry.on('data', (chunk: Buffer) => {
      received += chunk.length
      if (proxy.cuts > 0 || received < cutAfter) return
      proxy.cuts += 1
      registry.destroy()
    })
    for (const [socket, other] of [
      [client, registry],
      [registry, client],
    ] as const) {
      sockets.add(socket)
      socket.on('error', () => undefined) // What breaks is closed below.
      socket.on('close', () => {
        sockets.delete(socket)
        other.destroy()
      })
      socket.pipe(other)
    }
  })
  server.listen(0, 'localhost')
  await once(server, 'listening')
  const proxy: CuttingProxy = {
    host: `localhost:${(server.address() as AddressInfo).port}`,
    cuts: 0,
    offsets: [],
    async stop() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
  return proxy
}
