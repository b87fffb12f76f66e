import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { Server as NetServer, type Socket } from 'node:net'

/** The connections of a server. */
export interface Connections {
  /** Takes no new ones, closes each when its last answer has left, and what is left after `graceMs` by force. */
  drain(graceMs: number): Promise<void>
}

/**
 * Watches a server so that it can end without cutting anything off. `server.close()` of Node's http cannot: it destroys
 * connections whose answer is complete but not sent yet, and leaves those that fall idle later to their keep-alive time.
 */
export function watchConnections(server: Server): Connections {
  const underWay = new Map<Socket, Set<ServerResponse>>()
  let isDraining = false

  server.on('connection', (socket) => {
    underWay.set(socket, new Set())
    socket.once('close', () => underWay.delete(socket))
  })
  const begin = ({ socket }: IncomingMessage, response: ServerResponse) => {
    const answers = underWay.get(socket)
    answers?.add(response)
    if (isDraining) announceEnd(response)
    response.once('close', () => {
      answers?.delete(response)
      if (isDraining && answers?.size === 0) socket.destroySoon()
    })
  }
  server.prependListener('request', begin)
  server.prependListener('checkExpectation', begin)

  return {
    async drain(graceMs) {
      isDraining = true
      const closed = new Promise<void>((resolve) => {
        NetServer.prototype.close.call(server, () => resolve())
      })
      for (const [socket, answers] of underWay) {
        if (answers.size === 0) socket.destroySoon()
        for (const response of answers) announceEnd(response)
      }
      const timer = setTimeout(() => server.closeAllConnections(), graceMs)
      await closed
      clearTimeout(timer)
      // Nothing is left to cut off, and it stops Node's look at connections that are too slow.
      server.close()
    },
  }
}

/** Keeps the client from using the connection again, as long as that can be said. */
function announceEnd(response: ServerResponse) {
  if (!response.headersSent) response.setHeader('Connection', 'close')
}
