import { randomUUID } from 'node:crypto'

import type { Fixture, Fixtures } from '../fixture.ts'
import { inviteSomebody } from './invited.ts'

const told =
  (body?: object): Fixture =>
  async (world) => {
    const { person, uuid } = await inviteSomebody(world)
    return { path: { uuid }, headers: world.as(person), body }
  }
const missing =
  (body?: object): Fixture =>
  (world) => ({ path: { uuid: randomUUID() }, headers: world.as(world.people.keeper), body })

/** What users should know. */
export const userNotification: Fixtures = {
  'listUserNotifications 200': (world) => ({ headers: world.as(world.people.keeper) }),
  'getUserNotification 200': told(),
  'getUserNotification 404': missing(),
  'updateUserNotification 200': told({ dismissed: true }),
  'updateUserNotification 404': missing({ dismissed: true }),
}
