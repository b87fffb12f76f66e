import { lockDataDirectory } from '#postgres/lock.ts'
import { startPostgres } from '#postgres/start.ts'

import { inTemporaryFolder } from './run.ts'

/** Lends `work` the connection string of an empty database in a PostgreSQL of its own, which ends with it. */
export async function withEmptyDatabase<T>(
  work: (connectionString: string) => Promise<T>,
): Promise<T> {
  return inTemporaryFolder(async (dataDirectory) => {
    const lock = await lockDataDirectory(dataDirectory)
    const server = await startPostgres({ dataDirectory, durable: false })
    try {
      return await work(server.connectionString)
    } finally {
      await server.stop()
      await lock.release()
    }
  })
}
