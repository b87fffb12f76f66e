// Locks a data directory and keeps it until it is killed.
import { lockDataDirectory } from '#postgres/lock.ts'

try {
  await lockDataDirectory(process.argv[2] ?? '')
  console.log('locked')
  setInterval(() => undefined, 60_000)
} catch (refusal) {
  console.log(`refused: ${(refusal as Error).message}`)
}
