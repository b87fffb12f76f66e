import pino from 'pino'

import type { Config } from '#config.ts'
import { isLoopback } from '#config-kinds.ts'
import { listen } from '#http/server.ts'
import { composeRegistry, type Registry } from '#registry.ts'
import { openFilesystemDriver } from '#storage/filesystem.ts'
import { releaseAll } from '#services/clean-up.ts'
import { migrateToLatest } from '#store/migrate.ts'
import { anyUserExists } from '#store/user.ts'
import { loadForCommand, type ConfigOption } from './configuration.ts'
import { openDatabase } from './database.ts'
import { say } from './output.ts'

/** `portolan serve`: runs the registry until SIGTERM, SIGINT or SIGHUP; settles when the last request is answered and everything is closed. */
export async function serveCommand(options: ConfigOption): Promise<void> {
  const { config } = loadForCommand(options)
  const stopped = waitForSignal()
  const log = pino({ level: config.LOG_LEVEL })
  const database = await openDatabase(config, {
    say,
    onTrouble: (line) => log.error({ part: 'postgres' }, line),
  })
  try {
    await serve(config, { log, database, stopped })
  } finally {
    await database.close()
  }
  say('stopped')
}

async function serve(
  config: Config,
  {
    log,
    database,
    stopped,
  }: {
    log: pino.Logger
    database: Awaited<ReturnType<typeof openDatabase>>
    stopped: Promise<string>
  },
): Promise<void> {
  const ran = await migrateToLatest(database.connectionString)
  if (ran.length > 0) say(`database: ${ran.length} migration${ran.length === 1 ? '' : 's'} applied`)
  const blobs = await openFilesystemDriver(`${config.DATA_DIR}/storage`)
  const registry = await composeRegistry({
    config,
    connectionString: database.connectionString,
    secretKey: database.secretKey,
    blobs,
    log,
  })
  try {
    // The database is ours alone: whoever held a lease died with the last process.
    if (database.isPrivate) await releaseAll(registry.deps.db)
    const jobs = await registry.startJobs()
    try {
      await answerRequests(config, registry, stopped)
    } finally {
      await jobs.stop()
    }
  } finally {
    await registry.close()
  }
}

/** Listens until `stopped` is fulfilled and the last request is answered. */
async function answerRequests(
  config: Config,
  { handle, deps }: Registry,
  stopped: Promise<string>,
): Promise<void> {
  const hasUsers = await anyUserExists(deps.db)
  // Made before the first token is asked for, so that verifiers elsewhere find a key from the start.
  await deps.keys.signer()
  const listener = await listen(handle, { bind: config.BIND, port: config.PORT })
  greet(config, listener, hasUsers)
  say(`${await stopped}: no new requests; those under way have 25 seconds`)
  await listener.drain()
}

/** Gives the name of the first signal that asks to stop. Whoever asks again does not want to wait: the process ends at once with 130. */
function waitForSignal(): Promise<string> {
  let asked = 0
  return new Promise((resolve) => {
    // A terminal that closes sends it once, and the launcher, whose npm is gone then, SIGTERM after it.
    process.on('SIGHUP', () => resolve('SIGHUP'))
    for (const signal of ['SIGTERM', 'SIGINT'] as const)
      process.on(signal, () => {
        asked += 1
        if (asked === 1) return resolve(signal)
        say(`${signal} again: ended at once`)
        process.exit(130)
      })
  })
}

const isAny = (address: string) => address === '0.0.0.0' || address === '::'

function greet(
  config: Config,
  listener: { addresses: string[]; port: number },
  hasUsers: boolean,
): void {
  const isLocal = config.BIND.some((address) => isLoopback(address) || isAny(address))
  const host = isLocal ? `localhost:${listener.port}` : new URL(listener.addresses[0]!).host
  const url = `${config.PREFERRED_URL_SCHEME}://${config.SERVER_HOSTNAME ?? host}`
  say(`listening on ${listener.addresses.join(' and ')}; data in ${config.DATA_DIR}`)
  say(`Portolan is ready: ${url}   (documentation: ${url}/docs)`)
  if (hasUsers) return
  say('There is no account yet. Make the first one, a superuser, with')
  say('  npm run portolan -- user create NAME --email ADDRESS --superuser')
  if (config.FEATURE_USER_INITIALIZE)
    say(
      `or:  curl -X POST ${url}/api/v1/user/initialize -H 'Content-Type: application/json' -d '{"username": "admin", "password": "…", "email": "…"}'`,
    )
}
