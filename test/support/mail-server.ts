import { SMTPServer } from 'smtp-server'
import { onTestFinished } from 'vitest'

import { certificate, privateKey } from './mail-certificate.ts'

/** A mail as it came in. */
export interface ReceivedMail {
  to: string[]
  /** By name in lower case, unfolded. */
  headers: Record<string, string>
  text: string
  html: string
  /** The first link of the text, without scheme and host. */
  path: string
  /** The connection was encrypted. */
  isEncrypted: boolean
  /** Who had signed in. */
  user: string | undefined
}

/** A mail server on a socket of its own; it takes every mail and sends none. */
export interface MailServer {
  port: number
  /** All that came in, oldest first. */
  mails: ReceivedMail[]
  /** Configuration of a registry that sends its mails here. */
  settings: Record<string, string>
  /** Answers the next `count` addresses with this reply. */
  refuse(code: number, count?: number): void
}

/** What a test may want otherwise. */
export interface MailServerOptions {
  /** Offers STARTTLS. */
  tls?: boolean
  /** Takes nothing before this user has signed in. */
  user?: { name: string; password: string }
  /** Takes what ends the server; without it the server ends with the test. */
  atEnd?: (end: () => Promise<void>) => void
}

/** Starts a mail server; it goes away with the test. */
export async function startMailServer(options: MailServerOptions = {}): Promise<MailServer> {
  const { tls = false, user } = options
  const mails: ReceivedMail[] = []
  let refusals: number[] = []
  const server = new SMTPServer({
    key: privateKey,
    cert: certificate,
    disabledCommands: [...(tls ? [] : ['STARTTLS']), ...(user ? [] : ['AUTH'])],
    authOptional: user === undefined,
    allowInsecureAuth: true,
    disableReverseLookup: true,
    onAuth(given, _session, callback) {
      if (given.username === user?.name && given.password === user?.password)
        callback(null, { user: given.username })
      else callback(new Error('these credentials are wrong'))
    },
    onRcptTo(_address, _session, callback) {
      const [code, ...others] = refusals
      refusals = others
      if (code === undefined) callback()
      else callback(Object.assign(new Error('not this one'), { responseCode: code }))
    },
    onData(stream, session, callback) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        mails.push({
          ...readMail(Buffer.concat(chunks).toString('utf8')),
          to: session.envelope.rcptTo.map(({ address }) => address),
          isEncrypted: Boolean(session.secure),
          user: session.user as string | undefined,
        })
        callback()
      })
    },
  })
  // A client that leaves in the middle is not the server's fault.
  server.on('error', () => {})
  const port = await new Promise<number>((resolve) => {
    const listener = server.listen(0, '127.0.0.1', () => {
      resolve((listener.address() as { port: number }).port)
    })
  })
  const atEnd = options.atEnd ?? onTestFinished
  atEnd(() => new Promise<void>((resolve) => server.close(() => resolve())))
  return {
    port,
    mails,
    settings: {
      MAIL_SERVER: '127.0.0.1',
      MAIL_PORT: String(port),
      MAIL_USE_TLS: String(tls),
      SERVER_HOSTNAME: 'registry.example.com',
      ...(user ? { MAIL_USERNAME: user.name, MAIL_PASSWORD: user.password } : {}),
    },
    refuse(code, count = 1) {
      refusals = Array.from({ length: count }, () => code)
    },
  }
}

/** Reads a message of two parts, text and HTML (RFC 5322, RFC 2046). */
function readMail(raw: string): Pick<ReceivedMail, 'headers' | 'text' | 'html' | 'path'> {
  const { headers, body } = cut(raw)
  const [, boundary = ''] = /boundary="([^"]+)"/.exec(headers['content-type'] ?? '') ?? []
  const parts = body
    .split(`--${boundary}`)
    .slice(1, -1)
    .map((part) => cut(part.slice(2)))
  const [text = '', html = ''] = ['text/plain', 'text/html'].map((type) =>
    decode(parts.find((part) => part.headers['content-type']?.startsWith(type))),
  )
  const [, path = ''] = /https?:\/\/[^/\s]+(\/\S+)/.exec(text) ?? []
  return { headers, text, html, path }
}

interface Part {
  headers: Record<string, string>
  body: string
}

function cut(raw: string): Part {
  const end = raw.indexOf('\r\n\r\n')
  const lines = raw
    .slice(0, end)
    .replaceAll(/\r\n[ \t]/g, ' ')
    .split('\r\n')
  const headers = lines.map((line) => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const
  })
  return { headers: Object.fromEntries(headers), body: raw.slice(end + 4) }
}

function decode(part: Part | undefined): string {
  if (!part) return ''
  const { headers, body } = part
  const encoding = headers['content-transfer-encoding']
  if (encoding === 'base64') return Buffer.from(body, 'base64').toString('utf8')
  if (encoding !== 'quoted-printable') return body
  const bytes = body
    .replaceAll('=\r\n', '')
    .replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    )
  return Buffer.from(bytes, 'latin1').toString('utf8')
}
