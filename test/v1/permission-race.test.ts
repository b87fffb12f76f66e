import { sql } from 'kysely'
import { expect, test } from 'vitest'

import { pushBlob, pushImage } from '#test/support/image.ts'
import { makeRobot } from '#test/support/machine.ts'
import { give, startWithOrganization } from './permission-fixture.ts'
import { create } from './repository-fixture.ts'

const prototypes = '/api/v1/organization/acme/prototypes'

test('a role that is taken while pushes run refuses what comes after, and breaks nothing before', async () => {
  const { server, ada, url } = await startWithOrganization()
  await give(ada, url, 'user/eve', 'write')
  const push = await server.registry('eve', 'repository:acme/nginx:pull,push')
  const path = `${url}/permissions/user/eve`
  const pushes = Array.from({ length: 12 }, (_, index) =>
    pushImage(push, 'acme/nginx', [`tag-${index}`]).then(
      () => 'pushed',
      (error: Error) => error.message,
    ),
  )
  const changes = [give(ada, url, 'user/eve', 'read'), give(ada, url, 'user/eve', 'write')]
  await Promise.all(changes)
  expect((await ada('DELETE', path)).status).toBe(204)
  const late = await pushBlob(push, 'acme/nginx', Buffer.from('late')).catch(String)
  expect(late).toContain('401')
  for (const outcome of await Promise.all(pushes)) expect(outcome).toMatch(/^pushed$|: 401 /)
  const { json } = await ada('GET', `${url}/tag/`)
  const pushed = (await Promise.all(pushes)).filter((outcome) => outcome === 'pushed')
  expect(json.tags).toHaveLength(pushed.length)
})

test('a default permission, its team or its robot goes while repositories are made: all of them are made', async () => {
  const { server, ada } = await startWithOrganization()
  for (let round = 0; round < 4; round++) {
    const robot = await makeRobot(server, 'acme', `ci-${round}`)
    const team = await ada('PUT', `/api/v1/organization/acme/team/team-${round}`, {
      body: { role: 'member' },
    })
    expect(team.status).toBe(200)
    const delegates = [
      { name: robot.name, kind: 'user' },
      { name: `team-${round}`, kind: 'team' },
      { name: 'eve', kind: 'user' },
    ]
    const ids: string[] = []
    for (const delegate of delegates)
      ids.push((await ada('POST', prototypes, { body: { role: 'write', delegate } })).json.id)
    const makeOne = (name: string) => create(ada, name, { namespace: 'acme' })
    const made = await Promise.all([
      makeOne(`a-${round}`),
      makeOne(`b-${round}`),
      sql`delete from namespace where id = ${robot.id}`.execute(server.deps.db),
      ada('DELETE', `/api/v1/organization/acme/team/team-${round}`),
      makeOne(`c-${round}`),
      ada('DELETE', `${prototypes}/${ids[2]}`),
      makeOne(`d-${round}`),
      makeOne(`e-${round}`),
    ])
    const statuses = made.map((answer) => ('status' in answer ? answer.status : 204))
    expect(statuses).toEqual([201, 201, 204, 204, 201, 204, 201, 201])
    expect((await ada('GET', prototypes)).json.prototypes).toEqual([])
  }
})
