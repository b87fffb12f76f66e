import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { SMTPServer } from 'smtp-server'

/** Where the mails of a registry arrive. */
export interface PostOffice {
  smtpPort: number
  /** `GET URL?to=ADDRESS&about=confirm` gives the newest link to `/confirm` that went there, once; 404 when none comes. */
  url: string
  /** The same, for callers in this process. */
  take(address: string, about: string): Promise<string>
  close(): void
}

const patienceMs = 3000

/** Opens a post office on loopback addresses. It keeps the link of each mail and nothing else. */
export async function openPostOffice(): Promise<PostOffice> {
  const links = new Map<string, string>()
  const waiting = new Map<string, () => void>()
  const smtp = new SMTPServer({
    disabledCommands: ['STARTTLS', 'AUTH'],
    authOptional: true,
    disableReverseLookup: true,
    onData(stream, session, callback) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        const { link, about } = linkIn(Buffer.concat(chunks).toString())
        for (const { address } of session.envelope.rcptTo) {
          if (link !== undefined) links.set(`${about} ${address}`, link)
          waiting.get(`${about} ${address}`)?.()
        }
        callback()
      })
    },
  })
  smtp.on('error', () => {})
  const listener = smtp.listen(0, '127.0.0.1')
  await once(listener, 'listening')

  const take = async (address: string, about: string) => {
    const key = `${about} ${address}`
    if (!links.has(key))
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, patienceMs)
        waiting.set(key, () => resolve(clearTimeout(timer)))
      })
    waiting.delete(key)
    const link = links.get(key)
    links.delete(key)
    if (link === undefined) throw new Error(`no mail came to ${key}`)
    return link
  }
  const counter = createServer((request, response) => {
    const { searchParams } = new URL(request.url!, 'http://localhost')
    take(searchParams.get('to') ?? '', searchParams.get('about') ?? '').then(
      (link) => response.end(link),
      () => response.writeHead(404).end(),
    )
  })
  counter.listen(0, '127.0.0.1')
  await once(counter, 'listening')
  return {
    smtpPort: (listener.address() as AddressInfo).port,
    url: `http://127.0.0.1:${(counter.address() as AddressInfo).port}`,
    take,
    close() {
      smtp.close()
      counter.closeAllConnections()
      counter.close()
    },
  }
}

/** Path and query of the first link with a code. Soft line breaks of quoted-printable are undone (RFC 2045, 6.7). */
function linkIn(mail: string): { link?: string | undefined; about?: string | undefined } {
  const text = mail.replaceAll(/=\r?\n/g, '').replaceAll('=3D', '=')
  const [, link, about] = /https?:\/\/[^/\s]+(\/([a-z]+)\?code=[\w-]+)/.exec(text) ?? []
  return { link, about }
}
