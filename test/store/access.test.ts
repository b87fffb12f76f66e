import fc from 'fast-check'
import { sql } from 'kysely'
import { expect, test } from 'vitest'

import { mayCreateRepository, namespaceRole, repositoryRole } from '#domain/access.ts'
import { issueToken } from '#services/issue-token.ts'
import { visibilityOf } from '#services/visibility.ts'
import { findTarget } from '#store/access.ts'
import type { Tx } from '#store/db.ts'
import { listRepositoryNames } from '#store/catalog.ts'
import { listRepositories } from '#store/repository.ts'
import { shareServer } from '#test/support/shared.ts'
import { modelList, modelNamespaceRole, modelRepositoryRole } from './access-model.ts'
import {
  accounts,
  anyCaller,
  anyWorld,
  inPassing,
  insertWorld,
  organizations,
  principalOf,
  repositoryNames,
  type Caller,
  type World,
  type WorldIds,
} from './access-world.ts'

const shared = shareServer()
const worlds = { numRuns: 30 }
const plain: Omit<Caller, 'account'> = {
  standing: { superuser: false, globalReadonlySuperuser: false, restricted: false },
  scopes: undefined,
  byRegistryToken: false,
}

/** Callers of every account with one credential, and nobody. */
const anyCallers = fc.tuple(...[null, ...accounts].map(() => anyCaller)).chain((callers) =>
  fc.constant(
    callers.flatMap((caller, index) => {
      const account = [null, ...accounts][index]!
      return account === caller.account ? [caller] : [caller, { ...plain, account }]
    }),
  ),
)

test('worlds hold all that rights are made of, so that the properties below can fail', () => {
  const all = fc.sample(anyWorld, { numRuns: 30, seed: 1 })
  const roles = (given: readonly { role: string }[]) => new Set(given.map(({ role }) => role)).size
  expect(roles(all.flatMap(({ grants }) => grants))).toBe(3)
  expect(roles(all.flatMap(({ teamGrants }) => teamGrants))).toBe(3)
  expect(roles(all.flatMap(({ teams }) => teams.filter(({ members }) => members.length > 0)))).toBe(
    3,
  )
  expect(all.some(({ disabled }) => disabled.length > 0)).toBe(true)
  expect(all.some(({ repositories }) => repositories.some(({ isPublic }) => isPublic))).toBe(true)
})

const askedOf = (fullName: string) => {
  const [namespace = '', name = ''] = fullName.split('/')
  return { namespace, name }
}

async function roleInSql(
  tx: Tx,
  ids: WorldIds,
  { caller, fullName, fullAccess }: { caller: Caller; fullName: string; fullAccess: boolean },
) {
  const principal = principalOf(caller, ids)
  const userId = principal.kind === 'anonymous' ? null : principal.id
  const rules = { FEATURE_SUPERUSERS_FULL_ACCESS: fullAccess }
  const found = (await findTarget(tx, { ...askedOf(fullName), userId }))!
  return {
    repository: repositoryRole(principal, found, rules),
    namespace: namespaceRole(principal, found, rules),
    creates: mayCreateRepository(principal, found, rules),
  }
}

test('what the database and the rules say of an account and a repository is what the model says', async () => {
  await fc.assert(
    fc.asyncProperty(anyWorld, anyCallers, fc.boolean(), (world, callers, fullAccess) =>
      inPassing(shared().deps.db, async (tx) => {
        const ids = await insertWorld(tx, world)
        for (const caller of callers)
          for (const fullName of repositoryNames) {
            const { namespace } = askedOf(fullName)
            const role = modelNamespaceRole(world, caller, { namespace, fullAccess })
            expect(await roleInSql(tx, ids, { caller, fullName, fullAccess })).toEqual({
              repository: modelRepositoryRole(world, caller, { fullName, fullAccess }),
              namespace: role,
              creates: role === 'creator' || role === 'admin',
            })
          }
      }),
    ),
    worlds,
  )
})

test('lists show what may be read, and nothing else', async () => {
  await fc.assert(
    fc.asyncProperty(
      anyWorld,
      anyCallers,
      fc.record({ includePublic: fc.boolean(), fullAccess: fc.boolean() }),
      (world, callers, wanted) =>
        inPassing(shared().deps.db, async (tx) => {
          const ids = await insertWorld(tx, world)
          const rules = { FEATURE_SUPERUSERS_FULL_ACCESS: wanted.fullAccess }
          for (const caller of callers) {
            const visibility = {
              ...visibilityOf(principalOf(caller, ids), rules),
              includePublic: wanted.includePublic,
            }
            const listed = await listRepositories(tx, { ...visibility, afterId: 0, limit: 100 })
            const shown = listed.map(({ namespace, name }) => `${namespace}/${name}`).toSorted()
            expect(shown).toEqual(modelList(world, caller, wanted))
            expect(await listRepositoryNames(tx, { ...visibility, last: '', limit: 100 })).toEqual(
              shown,
            )
          }
        }),
    ),
    worlds,
  )
})

test('a token of the token service holds what its subject and the credential behind it may do, and no more', async () => {
  const { deps, host } = shared()
  await fc.assert(
    fc.asyncProperty(anyWorld, anyCallers, (world, callers) =>
      inPassing(deps.db, async (tx) => {
        const ids = await insertWorld(tx, world)
        for (const caller of callers) {
          const scopes = repositoryNames.map((name) => `repository:${name}:pull,push,delete`)
          const principal = principalOf(caller, ids)
          const asked = { principal, service: host, scopes, host }
          const { access } = await issueToken({ ...deps, db: tx }, asked)
          expect(Object.fromEntries(access.map(({ name, actions }) => [name, actions]))).toEqual(
            Object.fromEntries(
              repositoryNames.map((name) => [name, modelActions(world, caller, name)]),
            ),
          )
        }
      }),
    ),
    { numRuns: 15 },
  )
})

function modelActions(world: World, caller: Caller, fullName: string): string[] {
  const { namespace } = askedOf(fullName)
  if (world.disabled.includes(namespace)) return []
  const wanted = { fullName, namespace, fullAccess: false }
  const role = modelRepositoryRole(world, caller, wanted)
  const there = world.repositories.find((one) => one.fullName === fullName)
  const isMissing = there === undefined || there.state === 'MARKED_FOR_DELETION'
  const inNamespace = modelNamespaceRole(world, caller, wanted)
  const creates = isMissing && (inNamespace === 'creator' || inNamespace === 'admin')
  const pushes = role === 'write' || role === 'admin' || creates
  const isPublic = !isMissing && there.isPublic
  const pulls = pushes || role === 'read' || isPublic || caller.standing.globalReadonlySuperuser
  return [...(pulls ? ['pull'] : []), ...(pushes ? ['push', 'delete'] : [])]
}

/** Ranks of everybody's roles on everything and everywhere. */
async function ranksInSql(tx: Tx, ids: WorldIds): Promise<number[]> {
  const ranks: number[] = []
  for (const account of accounts)
    for (const fullName of repositoryNames) {
      const caller = { ...plain, account }
      const held = await roleInSql(tx, ids, { caller, fullName, fullAccess: false })
      ranks.push(
        [undefined, 'read', 'write', 'admin'].indexOf(held.repository),
        [undefined, 'member', 'creator', 'admin'].indexOf(held.namespace),
        Number(held.creates),
      )
    }
  return ranks
}

test('a team, a membership or a grant more takes no right away from anybody', async () => {
  const anyMore = fc.record({
    account: fc.constantFrom(...accounts),
    organization: fc.constantFrom(...organizations),
    role: fc.constantFrom('member', 'creator', 'admin'),
    granted: fc.constantFrom('read', 'write', 'admin'),
  })
  await fc.assert(
    fc.asyncProperty(anyWorld, anyMore, (world, { account, organization, role, granted }) =>
      inPassing(shared().deps.db, async (tx) => {
        const ids = await insertWorld(tx, world)
        const before = await ranksInSql(tx, ids)
        await sql`with made as (
            insert into team (namespace_id, name, role)
            values (${ids.get(organization)}, 't3', ${role}) returning id, namespace_id),
          member as (
            insert into team_member select id, ${ids.get(account)}::bigint from made),
          given as (
            insert into repository_grant select r.id, ${ids.get(account)}::bigint, ${granted}
            from repository r on conflict do nothing)
          insert into repository_team_grant select r.id, made.id, ${granted}
          from made join repository r using (namespace_id)`.execute(tx)
        const after = await ranksInSql(tx, ids)
        const taken = after.filter((rank, index) => rank < before[index]!)
        expect(taken).toEqual([])
      }),
    ),
    { numRuns: 15 },
  )
})
