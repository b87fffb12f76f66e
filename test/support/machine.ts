import { makeAppToken } from '#credentials/app-tokens.ts'
import { hashToken, randomToken } from '#credentials/secrets.ts'
import { findNamespace } from '#store/namespace.ts'
import { transact } from '#store/db.ts'
import { findUserByName } from '#store/user.ts'
import type { TestServer } from './server.ts'

/** Makes a robot of a user or an organization; gives its token, the password of `owner+short`. */
export async function makeRobot(
  server: TestServer,
  owner: string,
  short: string,
): Promise<{ id: number; name: string; token: string }> {
  const { db, sealer, clock } = server.deps
  const name = `${owner}+${short}`
  const token = randomToken(64).toUpperCase()
  const ownerId = (await findNamespace(db, owner))!.id
  const id = await transact(db, async (tx) => {
    const made = await tx
      .insertInto('namespace')
      .values({ name, kind: 'robot', tag_expiration_seconds: 0, created_at: clock.now() })
      .returning('id')
      .executeTakeFirstOrThrow()
    await tx
      .insertInto('user_account')
      .values({ namespace_id: made.id, is_verified: true })
      .execute()
    await tx
      .insertInto('robot')
      .values({
        account_id: made.id,
        owner_id: ownerId,
        short_name: short,
        sealed_token: sealer.seal(token),
        token_hash: hashToken(token),
        created_at: clock.now(),
      })
      .execute()
    return made.id
  })
  return { id, name, token }
}

/** Makes an app token of a user, the password of `$app`. */
export async function mintAppToken(server: TestServer, username: string): Promise<string> {
  const { db, sealer, clock } = server.deps
  const { token, namePart, secretHash } = makeAppToken()
  await db
    .insertInto('app_token')
    .values({
      user_id: (await findUserByName(db, username))!.id,
      title: 'laptop',
      name_part: namePart,
      secret_hash: secretHash,
      sealed_token: sealer.seal(token),
      created_at: clock.now(),
    })
    .execute()
  return token
}

/** The `Authorization` header of a name and a secret. */
export const basicAuth = (login: string, password: string) => ({
  authorization: `Basic ${Buffer.from(`${login}:${password}`).toString('base64')}`,
})
