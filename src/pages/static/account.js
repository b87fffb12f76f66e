// Lets who is signed in set a new password; the right to do so is the API's to check.
const status = document.querySelector('#account-status')
const form = document.querySelector('#password-form')
const password = document.querySelector('#new-password')

async function begin() {
  const answer = await fetch('/api/v1/user/')
  if (!answer.ok) return askToSignIn('Sign in to see your account.')
  const { username } = await answer.json()
  document.querySelector('#account-name').value = username
  say(`You are signed in as ${username}.`)
  form.hidden = false
}

async function setPassword(event) {
  event.preventDefault()
  const { csrf_token: token } = await (await fetch('/csrf_token')).json()
  const answer = await fetch('/api/v1/user/', {
    method: 'PUT',
    headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': token },
    body: JSON.stringify({ password: password.value }),
  })
  if (answer.ok) {
    form.hidden = true
    return say('The new password is set.')
  }
  const { detail } = await answer.json()
  if (answer.status === 401) return askToSignIn('Sign in once more, for that was a while ago.')
  say(detail)
  password.focus()
}

function say(text) {
  status.textContent = text
}

function askToSignIn(text) {
  form.hidden = true
  const link = document.createElement('a')
  link.href = `/signin?${new URLSearchParams({ next: location.pathname + location.search })}`
  link.textContent = 'Sign in'
  status.replaceChildren(`${text} `, link)
}

form.addEventListener('submit', (event) =>
  setPassword(event).catch(() => say('The registry could not be reached. Try again.')),
)
begin().catch(() => say('The registry could not be reached. Load the page again.'))
