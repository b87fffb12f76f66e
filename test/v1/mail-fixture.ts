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

/** Follows a link as a program does that takes pages. */
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

/** The page that a browser shows for a link, and its button. */
export interface LinkPage {
  page: Answer
  /** Presses the button; the changes are those of the form. */
  press(changes?: Record<string, string>): Promise<Answer>
}

/** Opens a link in a browser, which may have a session. */
export async function openLink({ server }: Mailing, path: string, cookie = ''): Promise<LinkPage> {
  const headers = {
    accept: 'text/html,application/xhtml+xml,*/*;q=0.8',
    'user-agent': 'Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/140.0',
  }
  const page = await server.call('GET', path, {
    headers: { ...headers, ...(cookie === '' ? {} : { cookie }) },
  })
  const field = (name: string) => page.text.match(`name="${name}" value="([^"]*)"`)?.[1] ?? ''
  const [, action = ''] = page.text.match(/<form method="post" action="([^"]*)"/) ?? []
  const held = page.headers.get('set-cookie') === null ? cookie : cookieOf(page.headers)
  return {
    page,
    press(changes = {}) {
      const form = { code: field('code'), _csrf_token: field('_csrf_token'), ...changes }
      return server.call('POST', action, {
        headers: {
          ...headers,
          'content-type': 'application/x-www-form-urlencoded',
          ...(held === '' ? {} : { cookie: held }),
        },
        body: String(new URLSearchParams(form)),
      })
    },
  }
}
