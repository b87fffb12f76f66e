import { mkdtemp, rm } from 'node:fs/promises'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { inject, onTestFinished } from 'vitest'

import { createDatabase, type TestDatabase } from './database.ts'

/** A database behind a door that a test can shut: a lost PostgreSQL, for one server alone. */
export interface DatabaseGate {
  database: TestDatabase
  /** Cuts every connection and takes no new one. */
  shut(): Promise<void>
  open(): Promise<void>
}

const socketName = '.s.PGSQL.5432'

/** Makes a database whose connections go through a socket of their own. It goes away with the test. */
export async function openGate(): Promise<DatabaseGate> {
  const { socketDirectory } = inject('postgres')
  const behind = await createDatabase()
  const folder = await mkdtemp(join(tmpdir(), 'gate-'))
  const pairs = new Set<Socket>()
  let server: Server | undefined

  const open = async () => {
    server = createServer((near) => {
      const far = connect(join(socketDirectory, socketName))
      for (const socket of [near, far]) {
        pairs.add(socket)
        socket.on('error', () => socket.destroy())
        socket.on('close', () => {
          pairs.delete(socket)
          near.destroy()
          far.destroy()
        })
      }
      near.pipe(far).pipe(near)
    })
    await new Promise<void>((resolve) => server!.listen(join(folder, socketName), resolve))
  }
  const shut = async () => {
    const closed = new Promise((resolve) => server!.close(resolve))
    for (const socket of pairs) socket.destroy()
    await closed
  }
  await open()
  onTestFinished(async () => {
    await shut()
    await behind.drop()
    await rm(folder, { recursive: true })
  })
  const connectionString = behind.connectionString.replace(
    encodeURIComponent(socketDirectory),
    encodeURIComponent(folder),
  )
  return { database: { connectionString, drop: async () => {} }, open, shut }
}
