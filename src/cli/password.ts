import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'

import { UsageError } from './usage-error.ts'

/** Longer input is no password but a mistake, such as a file in the pipe. */
const limitBytes = 4096

/**
 * The password for an account: the first line of stdin with `fromStdin`, else asked for twice on the terminal
 * without showing it. Throws `UsageError` when there is neither.
 */
export async function readPassword({ fromStdin }: { fromStdin: boolean }): Promise<string> {
  if (fromStdin) return refuseEmpty(await readStdin())
  if (!process.stdin.isTTY)
    throw new UsageError('there is no terminal to ask for the password: use --password-stdin')
  const [password = '', again] = await ask(['Password: ', 'Once more: '])
  if (password !== again) throw new UsageError('the two passwords differ')
  return refuseEmpty(password)
}

function refuseEmpty(password: string): string {
  if (password === '') throw new UsageError('the password is empty')
  return password
}

async function readStdin(): Promise<string> {
  const chunks: Buffer[] = []
  let sizeBytes = 0
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length
    if (sizeBytes > limitBytes)
      throw new UsageError(`the password on stdin is longer than ${limitBytes} bytes`)
    chunks.push(chunk)
  }
  const text = Buffer.concat(chunks).toString('utf8')
  return text.split(/\r?\n/, 1)[0] ?? ''
}

/** Asks on the terminal, one answer a prompt, and shows none of them. */
async function ask(prompts: readonly string[]): Promise<string[]> {
  // Readline echoes into its output; this one swallows it.
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input: process.stdin, output: silent, terminal: true })
  const answers: string[] = []
  const show = () => process.stderr.write(prompts[answers.length] ?? '')
  show()
  try {
    return await new Promise((resolve, reject) => {
      lines.on('line', (line) => {
        answers.push(line)
        process.stderr.write('\n')
        if (answers.length === prompts.length) resolve(answers)
        else show()
      })
      const stop = (reason: string) => {
        lines.removeAllListeners('close')
        process.stderr.write('\n')
        reject(new UsageError(reason))
      }
      lines.once('SIGINT', () => stop('stopped: nothing was changed'))
      lines.once('close', () => {
        if (answers.length < prompts.length) stop('no password was given')
      })
    })
  } finally {
    lines.close()
  }
}
