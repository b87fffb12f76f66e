import type { Fixture, Fixtures } from '../fixture.ts'
import type { World } from '../world.ts'
import { basic } from './signin.ts'

const email = 'ops@example.com'
const unknown: Fixture = () => ({ server: 'mailing', query: { code: 'unknown' } })
const withoutMail: Fixture = () => ({ query: { code: 'unknown' } })

/** The form of the page behind a link. */
const onPage =
  (server: 'mailing' | 'main', code: (world: World) => string = () => 'unknown'): Fixture =>
  async (world) => {
    const headers = {
      ...(await world.visitor(server)),
      'content-type': 'application/x-www-form-urlencoded',
    }
    return { server, headers, body: String(new URLSearchParams({ code: code(world) })) }
  }

/** The same without the CSRF token. */
const withoutCsrf: Fixture = async (world, wanted) => {
  const { headers, ...sent } = await onPage('mailing')(world, wanted)
  const { 'x-csrf-token': _, ...others } = { 'x-csrf-token': '', ...headers }
  const accept = wanted.responseType === 'text/html' ? 'text/html' : 'application/json'
  return { ...sent, headers: { ...others, accept } }
}

/** An address that has not been asked about a repository of the keeper. */
const unasked: Fixture = async (world) => {
  const { name: repository } = await world.repository()
  const headers = world.as(world.people.keeper)
  return { server: 'mailing', path: { repository, email }, headers }
}
const asked: Fixture = async (world, wanted) => {
  const sent = await unasked(world, wanted)
  const path = `/api/v1/repository/${sent.path!.repository}/authorizedemail/${email}`
  await world.mail('POST', path, { headers: sent.headers! })
  return sent
}

/** What people do by mail. */
export const mail: Fixtures = {
  'requestRecoveryEmail 200': async (world) => ({
    server: 'mailing',
    headers: await world.visitor('mailing'),
    body: { email: 'nobody@example.com' },
  }),
  'requestRecoveryEmail 401': () => ({ server: 'mailing', ...basic, body: { email } }),
  'requestRecoveryEmail 403': () => ({ server: 'mailing', body: { email } }),
  'requestRecoveryEmail 404': async (world) => ({
    headers: await world.visitor(),
    body: { email },
  }),
  'confirmEmail 200': unknown,
  'confirmEmail 302': ({ codes }) => ({ server: 'mailing', query: { code: codes.confirm } }),
  'confirmEmail 404': withoutMail,
  'confirmRecovery 200': unknown,
  'confirmRecovery 302': ({ codes }) => ({ server: 'mailing', query: { code: codes.recover } }),
  'confirmRecovery 404': withoutMail,
  'confirmRepoEmail 200': unknown,
  'confirmRepoEmail 404': withoutMail,
  'confirmEmailOnPage 200': onPage('mailing'),
  'confirmEmailOnPage 302': onPage('mailing', ({ codes }) => codes.confirmOnPage),
  'confirmEmailOnPage 403': withoutCsrf,
  'confirmEmailOnPage 404': onPage('main'),
  'confirmRecoveryOnPage 200': onPage('mailing'),
  'confirmRecoveryOnPage 302': onPage('mailing', ({ codes }) => codes.recoverOnPage),
  'confirmRecoveryOnPage 403': withoutCsrf,
  'confirmRecoveryOnPage 404': onPage('main'),
  'confirmRepoEmailOnPage 200': onPage('mailing'),
  'confirmRepoEmailOnPage 403': withoutCsrf,
  'confirmRepoEmailOnPage 404': onPage('main'),
  'checkRepoEmailAuthorized 200': asked,
  'sendAuthorizeRepoEmail 200': unasked,
}
