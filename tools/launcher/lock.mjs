import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { realpathSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * Waits until nobody else installs packages into this clone, and keeps others from it until `release`. The lock is the
 * address of a listening socket, which the kernel gives to one process and takes back when all that hold `fd` are
 * gone. Waiting is being connected to it.
 */
export async function takeLock(root) {
  const address = addressOf(root)
  for (;;) {
    const server = createServer()
    const waiting = new Set()
    server.on('connection', (socket) => waiting.add(socket.on('error', () => undefined)))
    try {
      server.listen(address)
      await once(server, 'listening')
    } catch (failure) {
      if (failure.code !== 'EADDRINUSE') throw failure
      await waitForHolder(address)
      continue
    }
    return {
      fd: server._handle.fd,
      release() {
        server.close()
        for (const socket of waiting) socket.destroy()
      },
    }
  }
}

/** Linux has addresses without files, which cannot be left behind by a process that was killed. */
function addressOf(root) {
  const id = createHash('sha256').update(realpathSync(root)).digest('hex').slice(0, 16)
  const name = `portolan-install-${id}`
  return process.platform === 'linux' ? `\0${name}` : join(tmpdir(), name)
}

function waitForHolder(address) {
  return new Promise((resolve) => {
    const socket = connect(address)
    socket.once('error', (failure) => {
      if (failure.code === 'ECONNREFUSED' && !address.startsWith('\0'))
        rmSync(address, { force: true })
    })
    socket.once('close', () => setTimeout(resolve, 20))
    socket.resume()
  })
}
