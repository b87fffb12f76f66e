import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { must } from '../command.ts'
import { makeFolder } from '../npm-server.ts'

/** A cluster of the PostgreSQL that Debian brings, run as its user `postgres`. */
export interface OutsidePostgres {
  /** For DATABASE_URL: with a password, over TCP. */
  url: string
  version: string
  start(): Promise<void>
  stop(): Promise<void>
  /** Stops it and removes its data. */
  remove(): Promise<void>
}

const port = 18_104
const owner = 'portolan'
const secret = 'a:password/with@signs'
const packages = '/usr/lib/postgresql'

/** Makes and starts a cluster with a database whose locale is not the one that the registry sorts by. */
export async function startOutsidePostgres(): Promise<OutsidePostgres> {
  const [release] = (await readdir(packages)).toSorted((one, other) => Number(one) - Number(other))
  const programs = join(packages, release ?? '', 'bin')
  const folder = await makeFolder('postgres')
  const data = join(folder, 'data')
  const as = ['setpriv', '--reuid=postgres', '--regid=postgres', '--init-groups']
  const run = (program: string, ...args: string[]) =>
    must([...as, join(programs, program), ...args], { folder })
  const control = (...words: string[]) => run('pg_ctl', '-D', data, '-w', ...words)
  const options = `-p ${port} -k ${folder} -c listen_addresses=127.0.0.1`
  const start = async () => {
    await control('-l', join(folder, 'log'), '-o', options, 'start')
  }
  const stop = async () => {
    await control('-m', 'fast', 'stop')
  }

  await writeFile(join(folder, 'secret'), secret)
  await must(['chown', '-R', 'postgres', folder])
  const login = ['-U', owner, '--auth=scram-sha-256', `--pwfile=${join(folder, 'secret')}`]
  await run('initdb', '-D', data, '-E', 'UTF8', '--locale=C.UTF-8', ...login)
  await start()
  const credentials = `${owner}:${encodeURIComponent(secret)}`
  const url = `postgresql://${credentials}@127.0.0.1:${port}/registry`
  await run(
    'psql',
    '-q',
    '-d',
    url.replace(/registry$/, 'postgres'),
    '-c',
    'CREATE DATABASE registry',
  )
  return {
    url,
    version: (await run('postgres', '--version')).trim(),
    start,
    stop,
    async remove() {
      await stop().catch(() => undefined)
      await rm(folder, { recursive: true, force: true })
    },
  }
}
