import { randomUUID } from 'node:crypto'

import { expect, test } from 'vitest'

import { openMemoryDriver } from '#storage/memory.ts'
import { collect, readUpload, upload } from './bytes.ts'
import { describeDriver } from './contract.ts'

describeDriver('the memory driver', async () => openMemoryDriver())

test('a memory driver over its limit throws storage_full and keeps what was there', async () => {
  const driver = openMemoryDriver({ limitBytes: 10 })
  const id = randomUUID()
  await upload(driver, id, Buffer.from('012345'))
  await expect(upload(driver, id, Buffer.from('6789x'), 6)).rejects.toMatchObject({
    code: 'storage_full',
  })
  expect(await collect(driver.listUploads())).toMatchObject([{ id, sizeBytes: 6 }])
  expect((await readUpload(driver, id, 6)).toString()).toBe('012345')
})
