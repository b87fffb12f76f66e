import { cookieOf, startServer, type TestServer } from '#test/support/server.ts'
import { startMailServer, type MailServer, type ReceivedMail } from '#test/support/mail-server.ts'
import type { Answer } from '#test/support/client.ts'

/** A registry that sends mail, and where its mails arrive. */
export interface Mailing {
  server: TestServer
  post: MailServer
  /** Has everything sent that waits, and gives the mails that have come since the last call. */
  mails(): Promise<ReceivedMail[]>
}

export async function startMailing(settings: Record<string, string> = {}): Promise<Mailing> {
  const post = await startMailServer()
  const server = await startServer({ ...post.settings, ...settings })
  let seen = 0
  return {
    server,
    post,
    async mails() {
      await server.jobs()
      const fresh = post.mails.slice(seen)
      seen = post.mails.length
      return fresh
    },
  }
}

/** Follows a link as a browser without a session does. */
export function followLink({ server }: Mailing, path: string, method = 'GET'): Promise<Answer> {
  return server.call(method, path, { headers: { accept: 'text/html' } })
}

/** Asks for a mail as somebody who has forgotten the password. */
export async function forget({ server }: Mailing, email: string): Promise<Answer> {
  const { headers, json } = await server.call('GET', '/csrf_token')
  return server.call('POST', '/api/v1/recovery', {
    headers: { cookie: cookieOf(headers), 'x-csrf-token': json.csrf_token },
    body: { email },
  })
}
