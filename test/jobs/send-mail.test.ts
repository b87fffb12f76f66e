import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'

import type { Mail } from '#domain/mail.ts'
import { sendMail } from '#jobs/send-mail.ts'
import { queueMail } from '#services/queue-mail.ts'
import { transact } from '#store/db.ts'
import type { JobPayloads } from '#store/job.ts'
import { certificate } from '#test/support/mail-certificate.ts'
import { startMailServer } from '#test/support/mail-server.ts'
import { startServer, type TestServer } from '#test/support/server.ts'

const mail: Mail = { kind: 'password-changed', username: 'ada', to: 'ada@example.com' }

function queue({ deps }: TestServer, wanted: Mail = mail, validUntil?: Date): Promise<boolean> {
  return transact(deps.db, (tx) => queueMail(deps, tx, wanted, { validUntil }))
}

async function listJobs({ deps }: TestServer) {
  const { rows } = await sql<{ attempts: number; last_error: string | null; payload: unknown }>`
    select attempts, last_error, payload from graphile_worker._private_jobs`.execute(deps.db)
  return rows
}

async function payloadOf(server: TestServer): Promise<JobPayloads['send-mail']> {
  const [job] = await listJobs(server)
  return job!.payload as JobPayloads['send-mail']
}

test('a mail is sent once its transaction holds, as text and as HTML', async () => {
  const post = await startMailServer()
  const server = await startServer(post.settings)
  await queue(server)
  expect(post.mails).toEqual([])
  await server.jobs()
  expect(post.mails).toMatchObject([
    {
      to: ['ada@example.com'],
      headers: {
        to: 'ada@example.com',
        from: 'registry@registry.example.com',
        subject: 'Your password for Portolan was changed',
        'auto-submitted': 'auto-generated',
        'message-id': expect.stringMatching(/^<[\da-f-]{36}@registry\.example\.com>$/),
      },
      path: '/signin',
      isEncrypted: false,
    },
  ])
  const [{ text, html } = { text: '', html: '' }] = post.mails
  expect(text).toContain('The password of your account ada was changed.')
  expect(html).toContain('<a href="http://registry.example.com/signin">')
  expect(await listJobs(server)).toEqual([])
})

test('no mail is sent of a transaction that was taken back, nor without FEATURE_MAILING', async () => {
  const post = await startMailServer()
  const server = await startServer(post.settings)
  const attempt = transact(server.deps.db, async (tx) => {
    await queueMail(server.deps, tx, mail)
    throw new Error('taken back')
  })
  await expect(attempt).rejects.toThrow('taken back')
  const silent = await startServer({ ...post.settings, FEATURE_MAILING: 'false' })
  await queue(silent)
  expect([await listJobs(server), await listJobs(silent)]).toEqual([[], []])
})

test('a mail that waits holds neither address nor code where the database can be read', async () => {
  const server = await startServer((await startMailServer()).settings)
  await queue(server, { kind: 'recover-account', username: 'ada', code: 'c0de', to: mail.to })
  const text = JSON.stringify(await listJobs(server))
  expect(text).toContain('recover-account')
  for (const secret of ['ada', 'c0de', 'example.com']) expect(text).not.toContain(secret)
})

test('values are text in HTML, and no value begins a header or adds an address', async () => {
  const post = await startMailServer()
  const server = await startServer({
    ...post.settings,
    REGISTRY_TITLE: 'Ours\r\nBcc: eve@example.com',
  })
  await queue(server, {
    kind: 'recover-organization',
    organizations: [
      { name: '<img src=x onerror=alert(1)>\r\nBcc: eve@example.com', admins: ['"><script>'] },
    ],
    to: mail.to,
  })
  await server.jobs()
  const [{ headers, html, to } = post.mails[0]!] = post.mails
  expect(to).toEqual(['ada@example.com'])
  expect(headers).not.toHaveProperty('bcc')
  expect(headers['subject']).toContain('Bcc: eve@example.com')
  expect(html).toContain('&lt;img src=x')
  expect(html).toContain('&quot;&gt;&lt;script&gt;')
  expect(html).not.toMatch(/<(?:img|script)/)
})

test('a mail that does not get through is tried again, ten times at most', async () => {
  const post = await startMailServer()
  const server = await startServer(post.settings)
  await queue(server)
  post.refuse(451)
  await server.jobs()
  expect(post.mails).toEqual([])
  const { rows } = await sql<object>`
    select attempts, max_attempts, last_error ~ 'not this one' as said, run_at > now() as waits
    from graphile_worker._private_jobs`.execute(server.deps.db)
  expect(rows).toEqual([{ attempts: 1, max_attempts: 10, said: true, waits: true }])
  await sql`update graphile_worker._private_jobs set run_at = now()`.execute(server.deps.db)
  await server.jobs()
  expect(post.mails).toHaveLength(1)
})

test('a mail whose address is refused for good, or that comes too late, is given up', async () => {
  const post = await startMailServer()
  const server = await startServer(post.settings)
  await queue(server)
  post.refuse(550)
  await server.jobs()
  expect(await listJobs(server)).toEqual([])
  await queue(server, mail, new Date(Date.now() - 1))
  await server.jobs()
  expect([post.mails, await listJobs(server)]).toEqual([[], []])
})

test('an address gets five mails of a kind within an hour, and then again', async () => {
  const server = await startServer((await startMailServer()).settings)
  const outcomes = []
  for (let count = 1; count <= 6; count++) outcomes.push(await queue(server))
  expect(outcomes).toEqual([true, true, true, true, true, false])
  expect(await queue(server, { ...mail, to: 'ADA@example.com' })).toBe(false)
  expect(await queue(server, { ...mail, to: 'bob@example.com' })).toBe(true)
  server.clock.advance(3601)
  expect(await queue(server)).toBe(true)
})

describe('with MAIL_USE_TLS', () => {
  const user = { name: 'registry', password: 'post horn' }

  test('the registry signs in and sends over STARTTLS', async () => {
    const post = await startMailServer({ tls: true, user })
    const server = await startServer(post.settings)
    await queue(server)
    await sendMail(server.deps, await payloadOf(server), { trusted: certificate })
    expect(post.mails).toMatchObject([{ isEncrypted: true, user: 'registry' }])
  })

  test('nothing is sent to a server whose certificate nobody trusts', async () => {
    const post = await startMailServer({ tls: true, user })
    const server = await startServer(post.settings)
    await queue(server)
    await expect(sendMail(server.deps, await payloadOf(server))).rejects.toThrow('self-signed')
    expect(post.mails).toEqual([])
  })

  test('nothing is sent to a server that cannot encrypt', async () => {
    const post = await startMailServer({ user })
    const server = await startServer({ ...post.settings, MAIL_USE_TLS: 'true' })
    await queue(server)
    await expect(sendMail(server.deps, await payloadOf(server))).rejects.toThrow(/STARTTLS/)
    expect(post.mails).toEqual([])
  })

  test('a wrong password is tried again: who runs the registry may mend it', async () => {
    const post = await startMailServer({ tls: true, user })
    const server = await startServer({ ...post.settings, MAIL_PASSWORD: 'wrong' })
    await queue(server)
    const attempt = sendMail(server.deps, await payloadOf(server), { trusted: certificate })
    await expect(attempt).rejects.toThrow('535')
  })
})
