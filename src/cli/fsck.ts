import { checkStorage } from '#services/check-storage.ts'
import { countContent } from '#store/check.ts'
import type { ConfigOption } from './configuration.ts'
import { say } from './output.ts'
import { withStorage } from './storage.ts'

/** Options of `portolan fsck`. */
export interface FsckOptions extends ConfigOption {
  deep?: true
}

/** With no server, no lease is alive: they all ran out before this time. */
const endOfTime = new Date('9999-01-01')

/**
 * `portolan fsck`: a line on stdout for each thing that is wrong with what is stored, and then exit code 1; a summary
 * when nothing is. It changes nothing.
 */
export async function fsckCommand(options: FsckOptions): Promise<void> {
  const deep = options.deep === true
  const faults = await withStorage(options, async (deps, isAlone) => {
    const content = await countContent(deps.db)
    const progress = showProgress(content.blobBytes, deep && process.stderr.isTTY)
    let count = 0
    const at = () => (isAlone ? endOfTime : deps.clock.now())
    for await (const line of checkStorage(deps, { deep, isAlone, at, onRead: progress.add })) {
      progress.clear()
      say(line)
      count += 1
    }
    progress.clear()
    if (count === 0)
      say(
        `clean: ${content.blobs} blobs (${describeBytes(content.blobBytes)}), ${content.uploads} uploads, ${content.manifests} manifests, ${content.tags} tags${deep ? '; all bytes were read' : ''}`,
      )
    return count
  })
  if (faults > 0) throw new Error(`${faults} ${faults === 1 ? 'thing is' : 'things are'} wrong`)
}

/** How much was read, on one line of the terminal. */
function showProgress(totalBytes: number, isShown: boolean) {
  let readBytes = 0
  let shownAt = 0
  return {
    add(bytes: number) {
      readBytes += bytes
      if (!isShown || Date.now() - shownAt < 200) return
      shownAt = Date.now()
      const percent = Math.min(100, Math.floor((readBytes / Math.max(1, totalBytes)) * 100))
      process.stderr.write(
        `\r\u001B[Kread ${describeBytes(readBytes)} of ${describeBytes(totalBytes)} (${percent} %)`,
      )
    },
    clear() {
      if (isShown) process.stderr.write('\r\u001B[K')
    },
  }
}

function describeBytes(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB']
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10))
  const amount = bytes / 1024 ** power
  return `${power === 0 ? amount : amount.toFixed(1)} ${units[power]}`
}
