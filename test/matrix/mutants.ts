import { permissions } from '#generated/permissions.ts'
import type { OperationPermission, Permission, Right } from '#domain/permission.ts'
import { ask, inParallel, type Question } from './matrix.ts'
import type { World } from './world.ts'

/** An operation with one thing wrong in its `x-permission` or `x-feature`. */
interface Mutant {
  name: string
  change: Partial<Pick<OperationPermission, 'permission' | 'features'>>
}

/** The gate keeps the entries of the generated table: a change to one is a change to its document. */
const table = permissions as Record<string, OperationPermission>

/**
 * Breaks each operation in every way that matters for its class, one at a time, and asks its cells again until
 * one is not as expected. Gives the number of wrong documents, and those that nobody would have noticed.
 */
export async function listSurvivors(
  world: World,
  questions: readonly Question[],
): Promise<{ mutants: number; survivors: string[] }> {
  const survivors: string[] = []
  // The cell that gave away a mutant gives away its like in other operations, and a few cells give away most.
  const telltales = new Map<string, string>()
  let mutants = 0
  const breakEach = async ([operationId, entry]: [string, OperationPermission]) => {
    const asked = questions.filter(({ operation }) => operation.operationId === operationId)
    const original = { ...entry }
    for (const mutant of mutantsOf(original)) {
      mutants++
      const kind = `${entry.api} ${mutant.name}`
      const likely = new Set(telltales.values())
      const rank = (question: Question) => {
        const key = keyOf(question)
        return key === telltales.get(kind) ? 0 : likely.has(key) ? 1 : 2
      }
      Object.assign(entry, mutant.change)
      const found = await findDifference(
        world,
        asked.toSorted((a, b) => rank(a) - rank(b)),
      )
      Object.assign(entry, original)
      if (found) telltales.set(kind, keyOf(found))
      else survivors.push(`${operationId} with ${mutant.name}`)
    }
  }
  await inParallel(Object.entries(table), breakEach, 6)
  return { mutants, survivors }
}

const keyOf = ({ section, target, identity }: Question) => `${section} ${target} ${identity.name}`

/** One cell at first, because the telltale stands there; then many at once. */
async function findDifference(
  world: World,
  asked: readonly Question[],
): Promise<Question | undefined> {
  let size = 1
  for (let start = 0; start < asked.length; start += size, size = 8) {
    const batch = asked.slice(start, start + size)
    const seen = await Promise.all(batch.map((question) => ask(world, question)))
    const found = batch.find(({ expected }, index) => seen[index] !== expected)
    if (found) return found
  }
  return undefined
}

/** Rights that are mistaken for each other most easily: what is farther off shows in the same cells and more. */
const neighbours: Partial<Record<Right, Right[]>> = {
  anyone: ['signed-in'],
  // Who is nobody is refused by `security` already.
  'signed-in': ['user:read'],
  'repo:read': ['anyone', 'repo:write'],
  'repo:write': ['repo:read', 'repo:admin'],
  'repo:admin': ['repo:write', 'superuser'],
  'repo:create': ['signed-in', 'user:admin'],
  'org:view': ['org:member'],
  'org:member': ['org:view', 'org:admin', 'team:view'],
  'org:admin': ['org:member', 'repo:admin', 'user:admin', 'superuser'],
  'team:view': ['org:member', 'org:admin'],
  'user:read': ['signed-in', 'user:admin'],
  'user:admin': ['user:read', 'superuser'],
  superuser: ['user:admin'],
  // The scheme refuses everybody here; test/v1/service-key shows what the right does.
  'service-key': [],
}

function mutantsOf({ api, permission, features, security }: OperationPermission): Mutant[] {
  const { require } = permission
  const isRepository = require.startsWith('repo:') && require !== 'repo:create'
  const isAnybodys = require === 'anyone' || require === 'repo:read'
  // What a scheme of its own decides, its own tests show: nobody here holds such a credential.
  if (security.length > 0 && security.every((each) => 'robotFederation' in each)) return []
  const mutants: Mutant[] = features.map((feature) => ({
    name: `${feature} forgotten`,
    change: { features: features.filter((each) => each !== feature) },
  }))
  const withOther = <K extends keyof Permission>(
    key: K,
    others: readonly (Permission[K] | undefined)[],
  ) => {
    for (const other of others) {
      if (other === permission[key]) continue
      const { [key]: _, ...rest } = permission
      const changed = (other === undefined ? rest : { ...rest, [key]: other }) as Permission
      const name = `${key} ${permission[key]} written as ${other}`
      mutants.push({ name, change: { permission: changed } })
    }
  }
  const near = neighbours[require]
  if (!near) throw new Error(`test/matrix/mutants.ts knows no neighbours of ${require}`)
  // Where `security` lets in sessions alone, all that are let in are signed in, and hold everything on their account.
  const isSessions = security.every((each) => 'session' in each)
  withOther('require', require === 'signed-in' && isSessions ? [] : near)
  if (isRepository) {
    withOther('globalReadonlySuperuser', [undefined, true])
    withOther('repositoryState', [undefined, 'normal'])
    withOther('restrictedUsers', [undefined, 'refused', 'refused-in-own-namespace'])
    withOther('mayBeMissing', [undefined, true])
    if (api === 'v2') withOther('tokenAction', [undefined, 'pull', 'push'])
  }
  if (require.startsWith('org:') && require !== 'org:view') {
    withOther('globalReadonlySuperuser', [undefined, true])
    withOther('userNamespace', [undefined, true])
    if (permission.userNamespace)
      withOther('restrictedUsers', [undefined, 'refused-in-own-namespace'])
  }
  if (require === 'team:view' || require === 'superuser')
    withOther('globalReadonlySuperuser', [undefined, true])
  if (require === 'superuser') withOther('fullAccess', [undefined, true])
  if (require === 'user:admin') withOther('restrictedUsers', [undefined, 'refused'])
  if (['user:admin', 'org:admin', 'superuser'].includes(require))
    withOther('freshLogin', [undefined, true])
  if (isAnybodys || require === 'org:view')
    withOther('servedWithoutAnonymousAccess', [undefined, true])
  return mutants
}
