import { hiddenFields } from './consent.ts'
import { renderPage } from './layout.ts'
import { markup } from './markup.ts'

/** The page behind the link of an invitation: one form, two buttons, no script. */
export function renderInvite(page: {
  /** Title of the registry (REGISTRY_TITLE). */
  registry: string
  username: string
  organization: string
  team: string
  /** Undefined when that account is gone. */
  inviter: string | undefined
  code: string
  csrfToken: string
}): string {
  const { registry, username, organization, team, inviter, code, csrfToken } = page
  const who =
    inviter === undefined ? 'You are invited' : markup`<strong>${inviter}</strong> invites you`
  return renderPage({
    registry,
    title: `Join ${organization}`,
    main: markup`<h1>Join ${organization}?</h1>
<p class="lead">${who} to the team <strong>${team}</strong> of the organization <strong>${organization}</strong>.</p>
<form method="post" action="/confirminvite" class="decide">
${hiddenFields({ code, _csrf_token: csrfToken })}
<p>You are signed in as <strong>${username}</strong>. Joining accepts every other invitation that you have from ${organization}, too.</p>
<div class="buttons">
<button type="submit" name="answer" value="accept" class="main">Join</button>
<button type="submit" name="answer" value="decline">Decline</button>
</div>
</form>`,
  })
}

/** The same for somebody who has not signed in; `signIn` is the path to do that, undefined where people cannot. */
export function renderInviteSignin(page: { registry: string; signIn: string | undefined }): string {
  const { registry, signIn } = page
  const link = signIn === undefined ? undefined : markup`<p><a href="${signIn}">Sign in</a></p>`
  return renderPage({
    registry,
    title: 'Sign in first',
    main: markup`<h1>Sign in first</h1>
<p>Sign in to the account that is invited. An invitation that came by e-mail is for the account which has this address.</p>
${link}`,
  })
}
