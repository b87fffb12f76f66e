import { hiddenFields } from './consent.ts'
import { renderPage } from './layout.ts'
import { markup } from './markup.ts'

const reasons = {
  credentials: 'User name or password is wrong.',
  disabled: 'This account cannot sign in: it is disabled or not confirmed yet.',
  wait: 'There were too many wrong passwords. Wait a little before you try again.',
}

/** Why a sign-in did not work. */
export type SigninRefusal = keyof typeof reasons

/** The page on which people sign in, when a page that they have opened needs somebody. */
export function renderSignin(page: {
  /** Title of the registry (REGISTRY_TITLE). */
  registry: string
  /** Path to go on at. */
  next: string
  csrfToken: string
  refused: SigninRefusal | undefined
}): string {
  const { registry, next, csrfToken, refused } = page
  const refusal =
    refused && markup`<p class="notice" role="alert" id="refusal">${reasons[refused]}</p>`
  const described = refused && markup` aria-describedby="refusal"`
  return renderPage({
    registry,
    title: 'Sign in',
    main: markup`<h1>Sign in</h1>
${refusal}
<form method="post" action="/signin" class="fields">
${hiddenFields({ next, _csrf_token: csrfToken })}
<p><label for="username">User name or e-mail address</label>
<input id="username" name="username" autocomplete="username" autocapitalize="none" spellcheck="false" required maxlength="255" autofocus${described}></p>
<p><label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required maxlength="1024"${described}></p>
<div class="buttons"><button type="submit" class="main">Sign in</button></div>
</form>`,
  })
}
