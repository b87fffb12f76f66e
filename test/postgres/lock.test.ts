import { mkdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { lockDataDirectory } from '#postgres/lock.ts'
import { makeDataDirectory, runProgram } from './program.ts'

test('a data directory belongs to one process, and the refusal names it', async () => {
  const path = await makeDataDirectory()
  const lock = await lockDataDirectory(path)
  const refusal = await runProgram('locker', path).line(/./)
  expect(refusal).toBe(`refused: ${path} is in use by another registry, process ${process.pid}`)
  await lock.release()
  expect(await runProgram('locker', path).line(/./)).toBe('locked')
})

test('the lock belongs to the directory, whatever path leads there', async () => {
  const parent = await makeDataDirectory()
  await mkdir(join(parent, 'real'))
  await symlink(join(parent, 'real'), join(parent, 'other'))
  const lock = await lockDataDirectory(join(parent, 'real'))
  await expect(lockDataDirectory(join(parent, 'other'))).rejects.toThrow('in use')
  expect(await runProgram('locker', join(parent, 'other')).line(/./)).toMatch('refused')
  await lock.release()
})

test('a killed holder leaves no lock behind', async () => {
  const path = await makeDataDirectory()
  const holder = runProgram('locker', path)
  await holder.line(/locked/)
  await holder.end('SIGKILL')
  expect(await runProgram('locker', path).line(/./)).toBe('locked')
})

test('of many that start at once exactly one gets the directory', async () => {
  const path = await makeDataDirectory()
  const starters = Array.from({ length: 6 }, () => runProgram('locker', path))
  const words = await Promise.all(starters.map((starter) => starter.line(/./)))
  expect(words.filter((word) => word === 'locked')).toHaveLength(1)
  const winner = starters[words.indexOf('locked')]
  for (const word of words.filter((other) => other !== 'locked'))
    expect(word).toMatch(`process ${winner?.pid}`)
})
