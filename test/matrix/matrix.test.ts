import { beforeAll, expect, test } from 'vitest'

import { classes } from './classes.ts'
import { fingerprint } from './fingerprint.ts'
import { readGolden, render } from './golden.ts'
import {
  ask,
  demand,
  differences,
  inParallel,
  listQuestions,
  listRefused,
  tabulate,
  type Answered,
} from './matrix.ts'
import { listSurvivors } from './mutants.ts'
import { operations } from './operations.ts'
import { makeWorld, type World } from './world.ts'

const questions = listQuestions()
let world: World
let answers: Answered[]

beforeAll(async () => {
  const ends: (() => Promise<void>)[] = []
  world = await makeWorld((end) => ends.push(end))
  answers = await inParallel(questions, async (question) => ({
    ...question,
    seen: await ask(world, question),
  }))
  return async () => {
    for (const end of ends.toReversed()) await end()
  }
}, 120_000)

test('every operation of the documents has its class in classes.ts, and no other', () => {
  const known = operations.map(({ operationId }) => operationId)
  const missing = known.filter((operationId) => !classes[operationId])
  expect(
    missing,
    `test/matrix/classes.ts lacks a row for ${missing.join(', ')}: read permission, superusers, global read-only superusers, fresh login, flags and features off the operation in Quay's source (CONTRIBUTING.md, step 6)`,
  ).toEqual([])
  const gone = Object.keys(classes).filter((operationId) => !known.includes(operationId))
  expect(gone, 'these rows of test/matrix/classes.ts have no operation').toEqual([])
})

test('every identity gets from every operation what the tables of outcomes.ts say', () => {
  expect(differences(answers)).toEqual([])
})

test('the golden file shows the matrix as it is', () => {
  const fresh = render(tabulate(answers))
  expect(
    fresh,
    'renew it with UPDATE_GOLDEN=1 npx vitest run test/matrix; a cell that turned into + needs a reason in the commit',
  ).toBe(readGolden(fresh))
})

test('a refused call changes no row, whatever it asks for', async () => {
  const { db } = world.servers.usual.deps
  const changing = operations.filter(({ method }) => method !== 'GET')
  const faults: string[] = []
  for (const { operationId } of changing) {
    const refused = listRefused(questions, operationId)
    const before = await fingerprint(db)
    const seen = await inParallel(refused, async (question) => ({
      ...question,
      seen: await demand(world, question),
    }))
    const after = await fingerprint(db)
    faults.push(...differences(seen))
    for (const table of Object.keys(after))
      if (after[table] !== before[table])
        faults.push(`${operationId}: ${table} was ${before[table]}, is ${after[table]}`)
  }
  expect(faults).toEqual([])
})

test('what is not refused is seen as a change of rows', async () => {
  const { db } = world.servers.usual.deps
  const allowed = questions.find(
    ({ operation, target, identity }) =>
      operation.operationId === 'updateRepo' && target === 'private' && identity.name === 'owner',
  )!
  const before = await fingerprint(db)
  expect(await demand(world, allowed)).toBe('+')
  const after = await fingerprint(db)
  const changed = Object.keys(after).filter((table) => after[table] !== before[table])
  expect(changed).toEqual(['public.log_entry', 'public.repository'])
})

test('a wrong x-permission does not pass: every mutant of every operation is noticed', async () => {
  const { mutants, survivors } = await listSurvivors(world, questions)
  expect(survivors).toEqual([])
  expect(mutants).toBeGreaterThan(operations.length)
}, 120_000)
