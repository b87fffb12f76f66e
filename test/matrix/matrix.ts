import type { OperationClass } from './class.ts'
import { classes } from './classes.ts'
import type { Section } from './golden.ts'
import { bearers, passwordHolders, people, registryCallers, type Identity } from './identities.ts'
import { observe } from './observe.ts'
import {
  attempt,
  kindOf,
  operations,
  probe,
  targetsOf,
  type Cell,
  type DocumentedOperation,
} from './operations.ts'
import {
  expectedGrant,
  expectedOfV1,
  expectedOfV2,
  expectedWithoutAnonymous,
  isAsked,
  type Outcome,
} from './outcomes.ts'
import { fullNameOf } from './repositories.ts'
import { featuresOff, type ServerName, type World } from './world.ts'

/** A cell of the matrix and what the tables expect of it. */
export interface Question extends Cell {
  section: string
  operation: DocumentedOperation
  /** The registry that is asked. */
  server: ServerName
  expected: string
}

/** A cell that was asked. */
export interface Answered extends Question {
  seen: string
}

interface Part {
  title: string
  identities: readonly Identity[]
  operations: (operation: DocumentedOperation, row: OperationClass) => boolean
  /** Targets that are asked; absent: all. */
  targets?: readonly string[]
  server?: ServerName
  expected?: (row: OperationClass, usual: Outcome) => Outcome
}

const nobody = (list: readonly Identity[]) => list.filter(({ person }) => person === undefined)
const handful = [...people, ...bearers, ...registryCallers].filter(({ name }) =>
  ['anonymous', 'owner', 'owner/all', 'nobody/no token'].includes(name),
)
const few = ['public', 'owner', 'org', '-']
const grants = 'what the token service grants (r pull, w push, d delete, *)'
const isGrant = ({ operationId }: DocumentedOperation) => operationId === 'issueToken'

const parts: readonly Part[] = [
  { title: 'v1: browser sessions', identities: people, operations: ({ face }) => face === 'v1' },
  { title: 'v1: OAuth tokens', identities: bearers, operations: ({ face }) => face === 'v1' },
  {
    title: 'v2: registry tokens',
    identities: registryCallers,
    operations: (operation) => operation.face === 'v2' && !isGrant(operation),
  },
  {
    title: `v2: ${grants}`,
    identities: passwordHolders,
    operations: isGrant,
  },
  {
    title: 'v1 without FEATURE_ANONYMOUS_ACCESS',
    identities: nobody([...people, ...bearers]),
    operations: ({ face }) => face === 'v1',
    targets: few,
    server: 'closed',
    expected: expectedWithoutAnonymous,
  },
  {
    title: 'v2 without FEATURE_ANONYMOUS_ACCESS',
    identities: nobody(registryCallers),
    operations: (operation) => operation.face === 'v2' && !isGrant(operation),
    targets: few,
    server: 'closed',
    expected: expectedWithoutAnonymous,
  },
  {
    title: `v2 without FEATURE_ANONYMOUS_ACCESS: ${grants}`,
    identities: nobody(passwordHolders),
    operations: isGrant,
    targets: few,
    server: 'closed',
  },
  withoutFeatures('bare', 'v1'),
  withoutFeatures('bare', 'v2'),
  withoutFeatures('unsigned', 'v1'),
]

function withoutFeatures(server: ServerName, face: 'v1' | 'v2'): Part {
  const off = featuresOff(server)
  return {
    title: `${face} without ${off.join(', ')}`,
    identities: handful.filter((identity) => identity.face === face),
    operations: (operation, { features }) => operation.face === face && features.length > 0,
    targets: few,
    server,
    expected: ({ features }, usual) =>
      features.some((feature) => off.includes(feature)) ? '404' : usual,
  }
}

/** Every cell of the matrix; operations without a class are left out. */
export function listQuestions(): Question[] {
  return parts.flatMap((part) =>
    operations.flatMap((operation) => {
      const row = classes[operation.operationId]
      if (!row || !part.operations(operation, row)) return []
      const targets = targetsOf(operation).filter(
        (target) => part.targets?.includes(target) ?? true,
      )
      return targets.flatMap((target) =>
        part.identities
          .filter((identity) => isAsked(identity, target, kindOf(operation)))
          .map((identity): Question => {
            const server = part.server ?? identity.server
            const expected = expectedIn(part, row, { operation, identity, target })
            return { section: part.title, operation, target, identity, server, expected }
          }),
      )
    }),
  )
}

function expectedIn(
  part: Part,
  row: OperationClass,
  { operation, identity, target }: Cell & { operation: DocumentedOperation },
): string {
  if (isGrant(operation))
    return part.server === 'closed' ? '-' : expectedGrant(identity, target as never)
  const expected = identity.face === 'v1' ? expectedOfV1 : expectedOfV2
  const usual = expected({ ...row, method: operation.method }, identity, target as never)
  return part.expected?.(row, usual) ?? usual
}

/** Asks without effects. */
export async function ask(world: World, question: Question): Promise<string> {
  const { operation, identity, server } = question
  if (isGrant(operation)) return askForGrant(world, question)
  const request = probe(operation, { ...question, content: world.content })
  return observe(world.send(identity, server, request), operation.face, {
    takesAnyParameter: isPage(operation),
  })
}

/** Makes the call in earnest; only for what has to be refused. */
export async function demand(world: World, question: Question): Promise<string> {
  const { operation, identity, server } = question
  const request = attempt(operation, { ...question, content: world.content })
  return observe(world.send(identity, server, request), operation.face, {
    takesAnyParameter: isPage(operation),
  })
}

/** What stands outside of `/api/v1` and `/v2`, keys of services aside. */
const isPage = ({ path }: DocumentedOperation) => !/^\/(?:api|v2|keys)\//.test(path)

const letters: Record<string, string> = { pull: 'r', push: 'w', delete: 'd', '*': '*' }

async function askForGrant(world: World, { identity, target, server }: Question): Promise<string> {
  const granted = await world.grantsOf(identity, server)
  if (!granted) return 'chal'
  const actions = granted.get(fullNameOf(target, identity.person)) ?? []
  return actions.map((action) => letters[action] ?? action).join('') || '-'
}

/**
 * Refused calls that would change something, if they were let in: for each operation, target and kind of
 * credential one of every refusal.
 */
export function listRefused(questions: readonly Question[], operationId: string): Question[] {
  const chosen = new Map<string, Question>()
  for (const question of questions) {
    const { operation, target, section, expected, server } = question
    if (operation.operationId !== operationId || expected === '+') continue
    const key = `${target} ${section} ${expected} ${server}`
    if (!chosen.has(key)) chosen.set(key, question)
  }
  return [...chosen.values()]
}

/** Works on many at once, but not on all. */
export async function inParallel<T, R>(
  items: readonly T[],
  work: (item: T) => Promise<R>,
  workers = 16,
): Promise<R[]> {
  const results: R[] = []
  let next = 0
  const worker = async () => {
    while (next < items.length) {
      const index = next++
      results[index] = await work(items[index]!)
    }
  }
  await Promise.all(Array.from({ length: workers }, worker))
  return results
}

/** Cells that are not as the tables say, one a line. */
export function differences(answers: readonly Answered[]): string[] {
  return answers
    .filter(({ seen, expected }) => seen !== expected)
    .map(
      ({ section, operation, target, identity, seen, expected }) =>
        `${operation.operationId} ${target} by ${identity.name} (${section}): expected ${expected}, got ${seen}`,
    )
}

/** The answers as tables. */
export function tabulate(answers: readonly Answered[]): Section[] {
  return parts.map(({ title, identities }) => {
    const mine = answers.filter(({ section }) => section === title)
    const rows = new Map<string, Section['rows'][number] & { cells: string[] }>()
    for (const { operation, target, identity, seen } of mine) {
      const key = `${operation.operationId} ${target}`
      if (!rows.has(key))
        rows.set(key, {
          operation: operation.operationId,
          target,
          cells: identities.map(() => '.'),
        })
      rows.get(key)!.cells[identities.indexOf(identity)] = seen
    }
    return { title, columns: identities.map(({ name }) => name), rows: [...rows.values()] }
  })
}
