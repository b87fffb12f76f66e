import { exchangeGrant } from '#services/exchange-grant.ts'
import { issueToken, type IssuedToken } from '#services/issue-token.ts'
import type { Handlers } from '#operation.ts'

/** The token service. */
export const token: Handlers<'issueToken' | 'exchangeToken'> = {
  async issueToken({ actor, query, request }, deps) {
    const issued = await issueToken(deps, {
      principal: actor,
      service: query.service,
      scopes: query.scope ?? [],
      host: request.host,
    })
    return {
      status: 200,
      headers: { 'Cache-Control': 'no-store' },
      body: { token: issued.token, ...describe(issued) },
    }
  },
  async exchangeToken({ body, request }, deps) {
    const issued = await exchangeGrant(deps, body, request.host)
    const scope = issued.access
      .filter(({ actions }) => actions.length > 0)
      .map(({ type, name, actions }) => `${type}:${name}:${actions.join(',')}`)
      .join(' ')
    return {
      status: 200,
      headers: { 'Cache-Control': 'no-store' },
      body: {
        token: issued.token,
        scope,
        ...describe(issued),
        ...(issued.refreshToken === undefined ? {} : { refresh_token: issued.refreshToken }),
      },
    }
  },
}

function describe(issued: IssuedToken) {
  return {
    access_token: issued.token,
    expires_in: issued.expiresInSeconds,
    issued_at: issued.issuedAt.toISOString(),
  }
}
