// Shows the token of the fragment and takes it out of the address, so that it stays in no history.
const token = new URLSearchParams(location.hash.slice(1)).get('access_token')
if (token) {
  const shown = document.querySelector('#token')
  shown.textContent = token
  shown.hidden = false
  document.querySelector('#token-status').textContent = 'Send it as “Authorization: Bearer …”.'
  history.replaceState(null, '', location.pathname)
}
