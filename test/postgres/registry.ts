// The part of a registry that owns a data directory, as a process that a test may kill.
import { lockDataDirectory } from '#postgres/lock.ts'
import { startPostgres } from '#postgres/start.ts'

const [dataDirectory = ''] = process.argv.slice(2)
const say = (line: string) => console.log(line)
const lock = await lockDataDirectory(dataDirectory)
const postgres = await startPostgres({ dataDirectory, say, durable: false })
console.log(`ready ${postgres.pid}`)
process.once('SIGTERM', async () => {
  await postgres.stop()
  await lock.release()
})
