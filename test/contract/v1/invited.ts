import type { Person } from '../stage.ts'
import type { World } from '../world.ts'

/** Invites somebody new into an organization; gives the invitation's notification and its code. */
export async function inviteSomebody(
  world: World,
): Promise<{ person: Person; uuid: string; code: string }> {
  const person = await world.person()
  const { name } = await world.organization()
  await world.mail('PUT', `/api/v1/organization/${name}/team/owners/members/${person.name}`, {
    headers: world.as(world.people.keeper),
  })
  const { json } = await world.call('GET', '/api/v1/user/notifications', {
    headers: world.as(person),
  })
  const [{ id: uuid, metadata }] = json.notifications
  return { person, uuid, code: metadata.code }
}
