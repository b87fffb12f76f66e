import { onTestFinished } from 'vitest'

import { transact } from '#store/db.ts'
import { insertApplication } from '#store/oauth.ts'
import { makeOrganization } from '#test/support/account.ts'
import { pushImage } from '#test/support/image.ts'
import { startIssuer } from '#test/support/issuer.ts'
import { basicAuth, makeRobot } from '#test/support/machine.ts'
import { everyOperation } from '#test/support/operation.ts'
import type { TestServer } from '#test/support/server.ts'
import { makeKey, signToken, type OwnKey } from '#test/v1/service-key-fixture.ts'

/** Headers of those who are no people. */
export interface Furniture {
  /** A token of an outside issuer that stands for `acme+ci`. */
  federated(): Record<string, string>
  /** A token that an approved key of the service in the examples has signed. */
  service(): Record<string, string>
}

/**
 * Makes what the examples of the documents name, so that their calls get past the gate: the organization `acme`,
 * administered by `ada`, with a repository, a team, a robot, an application, and a key of a service.
 */
export async function furnish(server: TestServer): Promise<Furniture> {
  await makeOrganization(server, 'acme', { admin: 'ada' })
  const pusher = await server.registry('ada', 'repository:acme/nginx:pull,push')
  await pushImage(pusher, 'acme/nginx', ['stable'])
  await addTeam(server, 'acme', exampleOf('teamname'))
  await addApplication(server, 'acme', exampleOf('client_id'))
  await makeRobot(server, 'ada', exampleOf('robot_shortname'))
  const federated = await addFederatedRobot(server, exampleOf('robot_shortname'))
  const key = await addServiceKey(server, exampleOf('service'))
  const audience = { ...server, url: `http://${server.host}` }
  const service = () => signToken(audience, key, { iss: exampleOf('service') })
  return { federated, service: () => ({ authorization: `Bearer ${service()}` }) }
}

/** The example of a path parameter, which is the same in all operations that have it. */
function exampleOf(name: string): string {
  const parameters = everyOperation().flatMap((operation) => operation.parameters)
  return parameters.find((each) => each.in === 'path' && each.name === name)!.example as string
}

async function idOf({ deps }: TestServer, name: string): Promise<number> {
  const rows = deps.db.selectFrom('namespace').select('id').where('name', '=', name)
  return (await rows.executeTakeFirstOrThrow()).id
}

async function addTeam(server: TestServer, organization: string, name: string): Promise<void> {
  const team = { namespace_id: await idOf(server, organization), name, role: 'creator' }
  await server.deps.db.insertInto('team').values(team).execute()
}

async function addApplication(
  server: TestServer,
  organization: string,
  clientId: string,
): Promise<void> {
  const namespaceId = await idOf(server, organization)
  const application = { namespaceId, clientId, name: 'board', at: server.clock.now() }
  await transact(server.deps.db, (tx) => insertApplication(tx, application))
}

/** Gives the headers of a robot of `acme` for which tokens of an issuer stand. */
async function addFederatedRobot(server: TestServer, shortName: string) {
  const issuer = await startIssuer()
  onTestFinished(() => issuer.close())
  const { id, name } = await makeRobot(server, 'acme', shortName)
  const subject = 'repo:acme/nginx'
  await server.deps.db
    .updateTable('robot')
    .set({ federation: JSON.stringify([{ issuer: issuer.url, subject }]) })
    .where('account_id', '=', id)
    .execute()
  return () => basicAuth(name, issuer.sign({ sub: subject, aud: server.host }))
}

async function addServiceKey({ deps, clock }: TestServer, service: string): Promise<OwnKey> {
  const key = makeKey('of-the-harbour')
  const { kid, algorithm: alg } = key
  const at = clock.now()
  await deps.db
    .insertInto('service_key')
    .values({
      kid,
      name: 'harbour',
      service,
      public_jwk: JSON.stringify({ ...key.jwk, kid, alg, use: 'sig' }),
      created_at: at,
      approved_at: at,
    })
    .execute()
  return key
}
