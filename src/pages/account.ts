import { renderPage } from './layout.ts'
import { markup } from './markup.ts'

/**
 * The page at `/user/NAME`, where links of mails lead: who is signed in sets a new password. It is drawn by a script, which
 * asks the API; the page itself tells nothing of the name in its address.
 */
export function renderAccount(registry: string): string {
  return renderPage({
    registry,
    title: 'Your account',
    head: markup`<script defer src="/assets/account.js"></script>`,
    main: markup`<h1>Your account</h1>
<p role="status" id="account-status"></p>
<form id="password-form" class="fields" hidden>
<input id="account-name" autocomplete="username" hidden>
<p><label for="new-password">New password</label>
<input id="new-password" type="password" autocomplete="new-password" required minlength="8" maxlength="1024" aria-describedby="password-rule"></p>
<p id="password-rule">At least 8 characters, no spaces. Every other session of the account ends.</p>
<div class="buttons"><button type="submit" class="main">Set the new password</button></div>
</form>
<noscript><p>This page is drawn by a script. Without one, set the password with
<a href="/docs?urls.primaryName=v1#/user/changeUserDetails">changeUserDetails</a>.</p></noscript>`,
  })
}
