import { expect, test } from 'vitest'

import { cleanUp } from '#services/clean-up.ts'
import { openMemoryDriver } from '#storage/memory.ts'
import { altered, octetStream, startUpload, startWithWriter } from '#test/faults/writer.ts'
import { signIn } from '#test/support/server.ts'
import { startMailing } from '#test/v1/mail-fixture.ts'
import { signUp } from '#test/v1/user-fixture.ts'

const threeDays = 3 * 86_400

test('one upload that cannot be removed keeps nothing else from being cleaned up, and is told of', async () => {
  const inner = openMemoryDriver()
  let bad = ''
  const { push, deps, call, clock } = await startWithWriter(
    altered(inner, {
      async removeUpload(id) {
        if (id === bad) throw new Error('this file is bad')
        await inner.removeUpload(id)
      },
    }),
  )
  const locations = [await startUpload(push), await startUpload(push), await startUpload(push)]
  for (const location of locations)
    await push('PATCH', location, { headers: octetStream, body: Buffer.from('bytes') })
  const ids = locations.map((location) => location.split('/').at(-1)!).toSorted()
  bad = `${ids[0]}-0`
  await signIn(call, 'ada')
  clock.advance(100 * 86_400)
  await expect(cleanUp(deps)).rejects.toThrow(/^the clean-up failed .* this file is bad$/)
  expect(await deps.db.selectFrom('session').selectAll().execute()).toEqual([])
  expect(await deps.db.selectFrom('upload').selectAll().execute()).toEqual([])
  const left = []
  for await (const { id } of inner.listUploads()) left.push(id)
  expect(left).toEqual([bad])
  bad = ''
  expect(await cleanUp(deps)).toMatchObject({ uploads: 0, orphanedUploads: 1 })
})

test('two clean-ups do not overlap', async () => {
  const inner = openMemoryDriver()
  const begun = Promise.withResolvers<void>()
  const goOn = Promise.withResolvers<void>()
  const { push, deps, clock } = await startWithWriter(
    altered(inner, {
      async removeUpload(id) {
        begun.resolve()
        await goOn.promise
        await inner.removeUpload(id)
      },
    }),
  )
  await startUpload(push)
  clock.advance(threeDays)
  const first = cleanUp(deps)
  await begun.promise
  expect(await cleanUp(deps)).toBeUndefined()
  goOn.resolve()
  expect(await first).toMatchObject({ uploads: 1 })
  expect(await cleanUp(deps)).toMatchObject({ uploads: 0 })
})

test('codes of mails go when their time is over, and counts of mails when the hour is', async () => {
  const { server } = await startMailing()
  await signUp(server, { username: 'bob', password: 'correct-horse', email: 'bob@example.com' })
  const { db } = server.deps
  const left = async () => [
    (await db.selectFrom('mail_code').selectAll().execute()).length,
    (await db.selectFrom('mail_budget').selectAll().execute()).length,
  ]
  await cleanUp(server.deps)
  expect(await left()).toEqual([1, 1])
  server.clock.advance(3601)
  await cleanUp(server.deps)
  expect(await left()).toEqual([1, 0])
  server.clock.advance(7 * 86_400)
  await cleanUp(server.deps)
  expect(await left()).toEqual([0, 0])
})
