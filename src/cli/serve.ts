import type { Config } from '#config.ts'
import { loadForCommand, type ConfigOption } from './configuration.ts'

/** `portolan serve`: runs the registry until SIGTERM or SIGINT; settles when the last request is answered and everything is closed. */
export async function serveCommand(options: ConfigOption): Promise<void> {
  const { config } = loadForCommand(options)
  await runRegistry(config)
}

/** Composes the parts, listens, waits for a signal and drains. */
async function runRegistry(_config: Config): Promise<void> {
  throw new Error('the registry cannot be served yet: its parts are not connected')
}
