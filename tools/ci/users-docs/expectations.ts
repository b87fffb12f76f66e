import assert from 'node:assert/strict'

import type { Expectations, Ran } from '../lines/run.ts'
import type { Shell } from '../lines/shell.ts'

/** What the expectations are given beside what a block of lines has left behind. */
export interface Around {
  /** The shell that the lines run in, with their variables. */
  shell: Shell
  host: string
}

type Expectation = (result: Ran & Around) => Promise<unknown>

const skopeo = (host: string, image: string) =>
  `skopeo inspect --tls-verify=false docker://${host}/${image}`
const refusal = /unauthorized|denied|authentication required|may not create it/i

/** What has to hold after the steps of `docs/users.md`: above all, who is let in and who no longer is. */
export const expectations: Expectations<Around> = {
  'Sign in session': [prints('{"success":true}'), prints('"ada"')],
  'Organization make': [prints('"owners"'), prints('"is_admin": true')],
  'Organization repository': [prints('"namespace":"acme"')],
  'Token for a script use': [prints('"can_write": true')],
  'Token for a script docker': [logsIn, pulls('acme/app:1.0'), refusesPush('acme/unknown:1.0')],
  'Token for a script list': [prints('"name": "build server"'), prints('"created_by": "ada"')],
  'Token for a script revoke': [
    refusesPush('acme/app:1.0'),
    refusesPull('acme/app:1.0'),
    refuses(
      () =>
        `curl --silent --fail-with-body --oauth2-bearer "$TOKEN" $API/organization/acme/applications`,
      /invalid_token/,
    ),
    refuses(dockerLogin('$oauthtoken', 'TOKEN'), /the OAuth token is unknown, expired or revoked/),
  ],
  'Robot push': [logsIn, pulls('acme/app:1.1'), refusesPush('acme/unknown:1.0'), skopeoAsRobot],
  'Robot default': [pulls('acme/web:1.0')],
  'Robot roles': [prints('"name":"app"'), prints('"name":"web"')],
  'Robot regenerate': [
    refusesPush('acme/app:1.1'),
    refusesPull('acme/web:1.0'),
    refuses(({ host }) => skopeo(host, 'acme/app:1.1')),
    runs(dockerLogin('acme+ci', 'ROBOT_TOKEN')),
    runs(({ host }) => `docker push ${host}/acme/app:1.1`),
  ],
  'Robot delete': [
    refusesPush('acme/app:1.1'),
    refuses(dockerLogin('acme+ci', 'ROBOT_TOKEN'), /no robot of this name has this token/),
  ],
  'Robot without a secret exchange': [logsIn, pulls('acme/app:1.0'), refusesPush('acme/app:1.0')],
  'Robot without a secret distrust': [
    refusesPull('acme/app:1.0'),
    refuses(
      ({ host }) =>
        `curl --silent --fail-with-body --user "acme+deploy:$ID_TOKEN" http://${host}/oauth2/federation/robot/token`,
      /invalid_token/,
    ),
  ],
  'Colleague push': [
    logsIn,
    pulls('acme/app:1.2'),
    refusesPush('acme/web:1.0'),
    refusesPull('acme/web:1.0'),
    refusesPush('acme/unknown:1.0'),
  ],
  'Colleague look': [
    prints('{"name":"grace","teams":["builders"]}'),
    prints('"builders": "write"'),
    prints('"role":"write"'),
  ],
  'Colleague remove': [
    refusesPush('acme/app:1.2'),
    refusesPull('acme/app:1.2'),
    runs(
      ({ host }) => `docker tag busybox ${host}/grace/own:1.0; docker push ${host}/grace/own:1.0`,
    ),
  ],
  'Your own docker logins make': [logsIn, pulls('ada/tools:1.0')],
  'Your own docker logins list': [prints('"title":"laptop"')],
  'Your own docker logins revoke': [
    refusesPush('ada/tools:1.0'),
    refusesPull('ada/tools:1.0'),
    refuses(
      ({ host }) =>
        `echo "$MADE" | jq --raw-output .token.token_code | docker login ${host} --username '$app' --password-stdin`,
      /the app token is unknown, expired or revoked/,
    ),
  ],
  'Superusers list': [prints('grace\tgrace@example.com\ttrue'), prints('lab')],
  'Superusers disable': [refuses(dockerLogin('grace', 'GRACE_PASSWORD'), /disabled/)],
  'Superusers take': [runs(() => `call $API/organization/lab | jq --exit-status .is_admin`)],
  'Refusals refusal': [prints('"status": 401'), prints('"error_type": "invalid_token"')],
  'Refusals fresh-login': [
    prints('{"success":true}'),
    runs(() => 'call --request POST $API/signout'),
  ],
}

function prints(text: string): Expectation {
  return async ({ output }) => assert.ok(output.includes(text), `no '${text}' in:\n${output}`)
}

type Lines = (around: Around) => string

/** More lines in the same shell succeed. */
function runs(lines: Lines): Expectation {
  return ({ shell, host }) => shell(lines({ shell, host }))
}

/** More lines in the same shell fail, and say why. */
function refuses(lines: Lines, reason = refusal): Expectation {
  return async ({ shell, host }) => {
    const output = await shell(`! { ${lines({ shell, host })}; }`)
    assert.match(output, reason)
  }
}

async function logsIn({ output }: Ran) {
  assert.match(output, /Login Succeeded/)
}

/** The image comes from the registry, not from the engine. */
function pulls(image: string): Expectation {
  return runs(({ host }) => `docker image rm ${host}/${image}; docker pull ${host}/${image}`)
}

function refusesPush(image: string): Expectation {
  return refuses(({ host }) => `docker tag busybox ${host}/${image}; docker push ${host}/${image}`)
}

function refusesPull(image: string): Expectation {
  return refuses(({ host }) => `docker pull ${host}/${image}`)
}

function dockerLogin(name: string, variable: string): Lines {
  return ({ host }) =>
    `echo "$${variable}" | docker login ${host} --username '${name}' --password-stdin`
}

/** skopeo, with a login of its own, copies within the registry. */
async function skopeoAsRobot({ shell, host }: Around) {
  const image = `docker://${host}/acme/app`
  await shell(`
    echo "$ROBOT_TOKEN" | skopeo login --tls-verify=false --username acme+ci --password-stdin ${host}
    skopeo copy --src-tls-verify=false --dest-tls-verify=false ${image}:1.1 ${image}:by-skopeo
    ${skopeo(host, 'acme/app:by-skopeo')}`)
}
