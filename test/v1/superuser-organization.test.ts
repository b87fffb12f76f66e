import { describe, expect, test } from 'vitest'

import { listAudit, makeOrganization } from '#test/support/account.ts'
import { outcome } from '#test/support/client.ts'
import { makeRobot } from '#test/support/machine.ts'
import { organizations, startWithRoot } from './superuser-fixture.ts'

describe('listAllOrganizations', () => {
  test('shows organizations, oldest first, in pages; none on their way out', async () => {
    const { server, root } = await startWithRoot()
    for (const name of ['acme', 'globex', 'gone'])
      await makeOrganization(server, name, { admin: 'root' })
    await server.deps.db
      .updateTable('namespace')
      .set({ deleted_at: new Date(), enabled: false })
      .where('name', '=', 'gone')
      .execute()
    const avatar = expect.objectContaining({ kind: 'org' })
    const { json } = await root('GET', organizations)
    expect(json).toEqual({
      organizations: [
        { name: 'acme', email: '', avatar },
        { name: 'globex', email: '', avatar },
      ],
    })
    const first = await root('GET', `${organizations}?limit=1`)
    expect(first.json.organizations).toMatchObject([{ name: 'acme' }])
    const second = await root('GET', `${organizations}?limit=1&next_page=${first.json.next_page}`)
    expect(second.json).toMatchObject({ organizations: [{ name: 'globex' }] })
    expect(second.json.next_page).toBeUndefined()
  })
})

describe('changeOrganization', () => {
  test('renames the organization and its robots, and is audited', async () => {
    const { server, root } = await startWithRoot()
    await makeOrganization(server, 'acme', { admin: 'root' })
    await makeRobot(server, 'acme', 'deploy')
    await makeRobot(server, 'root', 'deploy')
    const { status, json } = await root('PUT', `${organizations}acme`, {
      body: { name: 'acme-labs' },
    })
    expect([status, json]).toMatchObject([200, { name: 'acme-labs', email: '' }])
    const rows = await server.deps.db
      .selectFrom('namespace')
      .select('name')
      .where('kind', '=', 'robot')
      .orderBy('name')
      .execute()
    expect(rows.map(({ name }) => name)).toEqual(['acme-labs+deploy', 'root+deploy'])
    expect(await listAudit(server, 'acme-labs', 'org_change_name')).toMatchObject([
      {
        performer: 'root',
        metadata: { old_name: 'acme', new_name: 'acme-labs', superuser: 'root' },
      },
    ])
  })

  test('refuses names that are bad or taken, and an organization that is not there', async () => {
    const { server, root } = await startWithRoot()
    await server.user('ada')
    await makeOrganization(server, 'acme', { admin: 'root' })
    await makeOrganization(server, 'gone', { admin: 'root' })
    await server.deps.db
      .updateTable('namespace')
      .set({ deleted_at: new Date(), enabled: false })
      .where('name', '=', 'gone')
      .execute()
    const put = (from: string, name: string) =>
      outcome(root('PUT', `${organizations}${from}`, { body: { name } }))
    for (const name of ['ada', 'gone', 'A', 'acme+labs'])
      expect(await put('acme', name)).toEqual([400, 'invalid_request'])
    for (const from of ['nothing', 'ada', 'gone'])
      expect(await put(from, 'free')).toEqual([400, 'invalid_request'])
  })

  test('gives a name to one of those who want it at once', async () => {
    const { server, root } = await startWithRoot()
    const olds = ['acme', 'globex', 'initech']
    for (const name of olds) await makeOrganization(server, name, { admin: 'root' })
    const tries = olds.map((name) =>
      outcome(root('PUT', `${organizations}${name}`, { body: { name: 'wanted' } })),
    )
    const statuses = (await Promise.all(tries)).map(([status]) => status)
    expect(statuses.toSorted((a, b) => a - b)).toEqual([200, 400, 400])
  })

  test('changes nothing without a new name', async () => {
    const { server, root } = await startWithRoot()
    await makeOrganization(server, 'acme', { admin: 'root' })
    expect((await root('PUT', `${organizations}acme`, { body: {} })).json.name).toBe('acme')
    expect(await listAudit(server, 'acme', 'org_change_name')).toEqual([])
  })
})

describe('deleteOrganization', () => {
  test('takes an organization away at once, and is audited', async () => {
    const { server, root } = await startWithRoot()
    await server.user('ada')
    await makeOrganization(server, 'acme', { admin: 'ada' })
    expect(await outcome(root('DELETE', `${organizations}acme`))).toEqual([204])
    expect(await outcome(root('DELETE', `${organizations}acme`))).toEqual([404, 'not_found'])
    expect(await outcome(root('DELETE', `${organizations}ada`))).toEqual([404, 'not_found'])
    expect((await root('GET', organizations)).json).toEqual({ organizations: [] })
    expect(await listAudit(server, 'acme', 'org_delete')).toMatchObject([
      { performer: 'root', metadata: { namespace: 'acme' } },
    ])
  })
})
