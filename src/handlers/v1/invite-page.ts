import { renderInvite, renderInviteSignin } from '#pages/invite.ts'
import { acceptInvite, declineInvite, lookAtInvite } from '#services/answer-team-invite.ts'
import type { Handlers } from '#operation.ts'
import { privateMessage, privatePage } from './private-page.ts'

/** The link of an invitation, for people. */
export const invitePage: Handlers<'showInvitePage' | 'answerInviteOnPage'> = {
  async showInvitePage({ query: { code }, actor, session }, deps) {
    const { REGISTRY_TITLE: registry, FEATURE_DIRECT_LOGIN } = deps.config
    if (actor.kind !== 'user') {
      const next = `/confirminvite?${new URLSearchParams({ code })}`
      const signIn = `/signin?${new URLSearchParams({ next })}`
      return privatePage(
        renderInviteSignin({ registry, signIn: FEATURE_DIRECT_LOGIN ? signIn : undefined }),
      )
    }
    const invite = await lookAtInvite(deps, { code, actor })
    if (!invite)
      return privateMessage(deps, { title: 'This invitation does not work', text: unusable })
    const { organization, team } = invite
    const inviter = invite.inviter ?? undefined
    const asked = { organization, team, inviter, code, csrfToken: session.csrfToken() }
    return privatePage(renderInvite({ registry, username: actor.username, ...asked }))
  },
  async answerInviteOnPage({ body: { code, answer }, actor }, deps) {
    if (answer === 'decline') {
      await declineInvite(deps, { code, actor })
      return privateMessage(deps, { title: 'Declined', text: 'The invitation is gone.' })
    }
    const { organization, team } = await acceptInvite(deps, { code, actor })
    const text = `You are in the team ${team} of the organization ${organization} now.`
    return privateMessage(deps, { title: `Welcome to ${organization}`, text })
  },
}

const unusable =
  'It was answered already or taken back, or it is for another account than the one that is signed in here. An invitation that came by e-mail is for the account which has this address, once it is confirmed.'
