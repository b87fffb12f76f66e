import { makeOrganization } from '#test/support/account.ts'
import type { Call } from '#test/support/client.ts'
import type { TestServer } from '#test/support/server.ts'

let counter = 0
/** A name that nothing else of the file has. */
export const fresh = (word: string) => `${word}${++counter}`

/** An organization with its administrator, in the team `owners`. */
export interface TestOrganization {
  name: string
  /** `/api/v1/organization/NAME/team`. */
  teams: string
  admin: { name: string; id: number; call: Call }
  /** Makes a user who is in no team. */
  user(): Promise<{ name: string; id: number; call: Call }>
  /** Makes a team; gives the path of its members. */
  team(name: string, role?: 'member' | 'creator' | 'admin'): Promise<string>
  /** Makes a user who is in a team, without an invitation. */
  member(team: string): Promise<{ name: string; id: number; call: Call }>
}

/** Makes an organization whose names are all its own. */
export async function newOrganization(server: TestServer): Promise<TestOrganization> {
  const { db } = server.deps
  const user = async () => {
    const name = fresh('person')
    return { name, ...(await server.user(name)) }
  }
  const admin = await user()
  const name = fresh('org')
  await makeOrganization(server, name, { admin: admin.name })
  const teams = `/api/v1/organization/${name}/team`
  return {
    name,
    teams,
    admin,
    user,
    async team(team, role = 'member') {
      const { status, text } = await admin.call('PUT', `${teams}/${team}`, { body: { role } })
      if (status !== 200) throw new Error(`no team: ${text}`)
      return `${teams}/${team}/members`
    },
    async member(team) {
      const made = await user()
      await db
        .insertInto('team_member')
        .columns(['team_id', 'user_id'])
        .expression((eb) =>
          eb
            .selectFrom('team as t')
            .innerJoin('namespace as n', 'n.id', 't.namespace_id')
            .select(['t.id', eb.val(made.id).as('user_id')])
            .where('n.name', '=', name)
            .where('t.name', '=', team),
        )
        .execute()
      return made
    },
  }
}

/** Names in a list of members: users and robots by name, invitations by address. */
export function namesIn({ json }: { json: { members: { name?: string; email?: string }[] } }) {
  return json.members.map(({ name, email }) => name ?? email)
}

/** Settings of a registry that sends mails, to where nobody looks at them. */
export const mailing = { MAIL_SERVER: '127.0.0.1', SERVER_HOSTNAME: 'registry.example.com' }
