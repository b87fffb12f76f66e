import type { Answer, Call } from '#test/support/client.ts'

/** Path of an organization. */
export const pathOf = (name: string) => `/api/v1/organization/${name}`

/** Asks for an organization. */
export function create(call: Call, body: object): Promise<Answer> {
  return call('POST', '/api/v1/organization/', { body })
}

/** Signs people in beforehand, so that what they then ask at once comes at once. */
export async function signInFirst(...people: { call: Call }[]): Promise<void> {
  await Promise.all(people.map(({ call }) => call('GET', '/api/v1/user/')))
}

/** An address that nothing else has. */
export const emailOf = (name: string) => `${name}@orgs.example.com`
