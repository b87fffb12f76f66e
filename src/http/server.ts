import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

import { refuseBrokenRequest, refuseTunnel } from './broken-request.ts'
import { watchConnections, type Connections } from './connections.ts'

/** A body from which nothing has come for so long is given up. */
const idleTimeoutMs = 60_000
/** Requests under way at a stop get this long. */
const drainMs = 25_000

/** The listening registry. */
export interface Listener {
  /** Addresses it listens on, for people: `http://127.0.0.1:8080`. */
  addresses: string[]
  port: number
  /** Stops listening, lets requests under way end, and closes what is left after `graceMs` (25 seconds). */
  drain(graceMs?: number): Promise<void>
}

/** Where to listen, and how patiently. */
export interface ListenOptions {
  bind: readonly string[]
  port: number
  /** Longest time to the end of a request's head; bodies may take as long as they keep coming. 20 seconds when it is left out. */
  headTimeoutMs?: number | undefined
}

type RequestListener = (incoming: IncomingMessage, response: ServerResponse) => void

/**
 * Listens on each address. An address that the machine does not have (`::1` where IPv6 is off) is left out
 * as long as another one works.
 */
export async function listen(handle: RequestListener, options: ListenOptions): Promise<Listener> {
  const servers: Server[] = []
  const connections: Connections[] = []
  let { port } = options
  for (const address of options.bind) {
    const server = makeServer(handle, options)
    try {
      const watched = watchConnections(server)
      port = await bind(server, { address, port })
      servers.push(server)
      connections.push(watched)
    } catch (error) {
      const isMissing = ['EADDRNOTAVAIL', 'EAFNOSUPPORT'].includes((error as { code: string }).code)
      if (!isMissing || options.bind.length === 1) {
        for (const other of servers) other.close()
        throw explain(error, { address, port })
      }
    }
  }
  if (servers.length === 0) throw new Error(`none of ${options.bind.join(', ')} can be listened on`)
  return {
    port,
    addresses: servers.map((server) => describe(server.address() as AddressInfo)),
    async drain(graceMs = drainMs) {
      await Promise.all(connections.map((each) => each.drain(graceMs)))
    },
  }
}

/** Says what a person can do about an address that is refused. */
function explain(error: unknown, { address, port }: { address: string; port: number }): unknown {
  const { code } = error as NodeJS.ErrnoException
  const reason =
    code === 'EADDRINUSE'
      ? 'is taken by another program: set PORT to a free one'
      : code === 'EACCES'
        ? 'is closed to this user: set PORT to one above 1023'
        : undefined
  return reason ? new Error(`port ${port} of ${address} ${reason}`, { cause: error }) : error
}

function makeServer(handle: RequestListener, { headTimeoutMs = 20_000 }: ListenOptions): Server {
  const server = createServer(
    {
      headersTimeout: headTimeoutMs,
      connectionsCheckingInterval: Math.min(5_000, headTimeoutMs),
      requestTimeout: 0,
      keepAliveTimeout: 75_000,
      maxHeaderSize: 32_768,
      noDelay: true,
      // Refused with an envelope, where the facts of a request are read.
      requireHostHeader: false,
    },
    handle,
  )
  server.timeout = idleTimeoutMs
  server.on('clientError', refuseBrokenRequest)
  server.on('connect', refuseTunnel)
  // An expectation that is not known may be passed over (RFC 9110, 10.1.1).
  server.on('checkExpectation', handle)
  return server
}

function bind(
  server: Server,
  { address, port }: { address: string; port: number },
): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host: address, port, ipv6Only: address.includes(':') }, () => {
      server.off('error', reject)
      // A connection that cannot be taken is that client's loss, not the end of all others.
      server.on('error', (error) => process.emitWarning(error))
      resolve((server.address() as AddressInfo).port)
    })
  })
}

function describe({ address, port }: AddressInfo): string {
  return `http://${address.includes(':') ? `[${address}]` : address}:${port}`
}
