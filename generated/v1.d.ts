// Written by npm run generate; do not edit.

export interface paths {
    "/api/v1/signin": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sign in with user name and password
         * @description Sets the session cookie. The CSRF token changes with it: the header `X-Next-CSRF-Token` holds the one to send from
         *     now on. After a wrong password the account waits, each time twice as long; until then even the right password is
         *     answered with 429. An account whose e-mail address must be confirmed first is refused with `needsEmailVerification`,
         *     after the right password alone.
         */
        post: operations["signinUser"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/signin/verify": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Confirm your password
         * @description Some calls want a sign-in of the last minutes and answer 401 `fresh_login_required` without it. This makes the
         *     sign-in fresh again; the CSRF token changes as with `signinUser`.
         */
        post: operations["verifyUser"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/externallogin/{service_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Get the address at which another service signs you in
         * @description No service that signs people in can be configured yet, so that each name of one is refused.
         */
        post: operations["retrieveExternalLoginAuthorizationUrl"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/signout": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sign out
         * @description Ends every browser session of the user, not this one alone. OAuth tokens go on working; with one, or without a sign-in, it does nothing.
         */
        post: operations["logout"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/recovery": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Ask for a mail to sign in with after a forgotten password
         * @description A user who has this address gets a mail with a link (`confirmRecovery`); it works once and for
         *     `USER_RECOVERY_TOKEN_LIFETIME`, and ends the links that were sent before. When an address is that of an
         *     organization, a mail lists the organization's administrators. The answer is the same for every address, whoever has it;
         *     Quay answers `org` and the name of the organization that has it.
         *
         *     An address gets at most five such mails within an hour; what is asked beyond that is answered alike.
         */
        post: operations["requestRecoveryEmail"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/confirm": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Follow the link of a mail that confirms an address
         * @description For browsers. The code of `createNewUser` finishes the account; it works for a week. The code of `changeUserDetails`
         *     moves the account to the new address, tells the old one, and ends every other link that was mailed; it works for a
         *     day, in a browser that is signed in to that account, and until its sessions end. Without that, a page asks to sign
         *     in and open the link again. Either works once; the first signs the user in. A browser gets a page with a button
         *     first, whose form is `confirmEmailOnPage`; it says whose account the link is for.
         */
        get: operations["confirmEmail"];
        put?: never;
        /**
         * Confirm an address on the page
         * @description What the button of the page of `confirmEmail` sends.
         */
        post: operations["confirmEmailOnPage"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/recovery": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Follow the link of a mail for a forgotten password
         * @description Signs the user in and leads to where a new password is set (`changeUserDetails`). The code works once and for
         *     `USER_RECOVERY_TOKEN_LIFETIME`; a new password ends it, too. A browser gets a page with a button first, whose form is
         *     `confirmRecoveryOnPage`; it says whose account the link is for.
         */
        get: operations["confirmRecovery"];
        put?: never;
        /**
         * Sign in on the page after a forgotten password
         * @description What the button of the page of `confirmRecovery` sends.
         */
        post: operations["confirmRecoveryOnPage"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/user/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show who you are
         * @description Your account, with what only you may see, and the organizations that you belong to.
         */
        get: operations["getLoggedInUser"];
        /**
         * Change your account
         * @description Only the fields that are sent are changed. A new password ends every other sign-in of yours and changes the CSRF
         *     token of this one, and is told to your e-mail address. A new e-mail address waits for the link in a mail that goes
         *     there, when the registry sends mail; whether somebody else has it is told in that mail alone. A browser session must
         *     be fresh; see `verifyUser`.
         */
        put: operations["changeUserDetails"];
        /**
         * Create an account for yourself
         * @description Signs you in as the new user. When the registry sends mail (`FEATURE_MAILING`), the e-mail address must be confirmed
         *     first: the answer is `awaiting_verification`, and nobody signs in before the link in the mail was followed
         *     (`confirmEmail`). It is the same for an address that somebody uses already; its owner is told by mail, and the account
         *     that was made has no address and cannot be finished. What nobody confirms within a week is removed, and name and address are free
         *     again. A registry without mail refuses such an address, and so does an
         *     invitation to it. That a name is taken is always told: names are public.
         */
        post: operations["createNewUser"];
        /**
         * Delete your account
         * @description With your repositories, robot accounts, applications and tokens, for good. All of it is out of use at once; a job then
         *     removes it, and until that has ended nobody can take the name. The e-mail address is free at once. Refused while you
         *     are the only administrator of an organization: delete it first, or make somebody else administer it. A browser
         *     session must be fresh; see `verifyUser`.
         */
        delete: operations["deleteCurrentUser"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/user/convert": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Turn your account into an organization
         * @description The name and the repositories stay. Password, sessions and tokens of the account end, and so does what it was given
         *     elsewhere: roles and teams. `adminUser`, who needs another account, becomes administrator in the team `owners`, and is
         *     signed in by a call with a session. Refused while you are the only administrator of another organization, and for whoever
         *     may not create organizations. A browser session must be fresh; see `verifyUser`.
         */
        post: operations["convertUserToOrganization"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/user/initialize": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Create the first account
         * @description Works only while the registry has no user at all, and needs neither credentials nor a CSRF token. The new user is
         *     signed in. With `access_token` it also gets an OAuth token with every scope, of a new application named `automation`.
         */
        post: operations["initializeUser"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users/{username}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a user
         * @description Name and avatar of any user; asked for your own name, the same as `getLoggedInUser`. Robot accounts and organizations are not found here.
         */
        get: operations["getUserInformation"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/user/notifications": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List your notifications
         * @description Yours, and those of organizations that you administer; newest first. What was dismissed is left out.
         */
        get: operations["listUserNotifications"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/user/notifications/{uuid}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a notification
         * @description One of yours, or of an organization that you administer; dismissed ones too.
         */
        get: operations["getUserNotification"];
        /**
         * Dismiss a notification
         * @description Without `dismissed: true` it is shown again. A notification of an organization is dismissed for all its administrators.
         */
        put: operations["updateUserNotification"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/user/starred": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the repositories that you have starred
         * @description Those that you may read, in the order in which they were made, 100 a page.
         */
        get: operations["listStarredRepos"];
        put?: never;
        /**
         * Star a repository
         * @description One that you may read; any other is not found. Starring it again changes nothing.
         */
        post: operations["createStar"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/user/starred/{repository}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Take your star from a repository
         * @description Answers the same whether it was starred, or there, or not.
         */
        delete: operations["deleteStar"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/user/apptoken": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List your app tokens
         * @description Your own only, without their codes, 1,000 a page.
         */
        get: operations["listAppTokens"];
        put?: never;
        /**
         * Create an app token
         * @description A password for one program, which can be taken back alone: `docker login` with the name `$app` and the code. It may do
         *     what you may do. It ends after `APP_SPECIFIC_TOKEN_EXPIRATION`, or never where that is not set.
         */
        post: operations["createAppToken"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/user/apptoken/{token_uuid}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show an app token with its code
         * @description One of your own; others' are not found.
         */
        get: operations["getAppToken"];
        put?: never;
        post?: never;
        /**
         * Revoke an app token
         * @description It stops working at once. One of your own; others' are not found.
         */
        delete: operations["revokeAppToken"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/user/authorizations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the applications that may act as you
         * @description One entry a live token, oldest first, up to 1,000.
         */
        get: operations["listUserAuthorizations"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/user/authorizations/{access_token_uuid}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show an application that may act as you
         * @description By the uuid of its token.
         */
        get: operations["getUserAuthorization"];
        put?: never;
        post?: never;
        /**
         * Take back what an application may do as you
         * @description Its token stops working with the next request.
         */
        delete: operations["deleteUserAuthorization"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/user/assignedauthorization": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the tokens that you were asked to make
         * @description Administrators of an organization can ask you to make a token of one of their applications. Open `/oauth/authorize`
         *     with the values of an entry and its `uuid` as `assignment_uuid` to consent. Oldest first, up to 1,000. Reading the list
         *     removes the notifications about them.
         */
        get: operations["listAssignedAuthorizations"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/user/assignedauthorization/{assigned_authorization_uuid}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Decline to make a token
         * @description Removes the entry; nothing else happens.
         */
        delete: operations["deleteAssignedAuthorization"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/organization/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Create an organization
         * @description You become its first administrator, in a team named `owners`. Users, organizations and robot accounts share one set
         *     of names. The registry may let only superusers do this (`FEATURE_SUPERUSERS_ORG_CREATION_ONLY`).
         */
        post: operations["createOrganization"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/organization/{orgname}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show an organization
         * @description Anybody sees the name and the avatar. Members also see the teams, and which of them they may look into;
         *     administrators and superusers who may see everything see the settings too. No more than 10,000 teams are listed.
         */
        get: operations["getOrganization"];
        /**
         * Change the settings of an organization
         * @description Only the fields that are sent are changed, all of them or none.
         */
        put: operations["changeOrganizationDetails"];
        post?: never;
        /**
         * Delete an organization
         * @description With its repositories, teams, robot accounts, applications and their tokens, for good. All of it is out of sight and
         *     out of use at once; a job then removes it, and until that has ended nobody can take the name. The e-mail address is
         *     free at once. A browser session must be fresh; see `verifyUser`.
         */
        delete: operations["deleteAdminedOrganization"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/organization/{orgname}/collaborators": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List who was given roles on repositories without being in a team
         * @description Users and robot accounts, by name, and the repositories on which they were given a role. No more than 10,000
         *     collaborators are listed, and no more than 100 repositories of each.
         */
        get: operations["getOrganizationCollaborators"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/organization/{orgname}/members": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the members of an organization
         * @description Users who are in at least one team, by name, with their teams and the repositories on which they were given a role
         *     of their own. Robot accounts are not among them. No more than 10,000 members are listed, and no more than 100 teams
         *     and repositories of each; `getOrganizationMember` shows more.
         */
        get: operations["getOrganizationMembers"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/organization/{orgname}/members/{membername}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a member of an organization
         * @description A user who is in a team, or a robot account of the organization, with teams and the repositories on which it was
         *     given a role of its own; no more than 1,000 of each.
         */
        get: operations["getOrganizationMember"];
        put?: never;
        post?: never;
        /**
         * Remove somebody from an organization
         * @description Takes a user out of every team, and takes back every role that the user was given on repositories of the
         *     organization, also from a user who is in no team; likewise default permissions that name the user, and
         *     invitations. The last administrator stays. Anybody but a user is not found.
         */
        delete: operations["removeOrganizationMember"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/organization/{orgname}/team/{teamname}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Create or change a team
         * @description Makes the team when the organization has none of this name, otherwise gives it the role and description that are sent.
         *     You cannot take the role `admin` from the only team that makes you an administrator, and an organization always keeps an administrator.
         */
        put: operations["updateOrganizationTeam"];
        post?: never;
        /**
         * Delete a team
         * @description What the team was given goes with it: its roles on repositories, default permissions and invitations. You cannot delete
         *     the only team that makes you an administrator, and an organization always keeps an administrator. An unknown team is a bad request.
         */
        delete: operations["deleteOrganizationTeam"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/organization/{orgname}/team/{teamname}/members": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the members of a team
         * @description Users and robot accounts, by name, 10,000 at most. Members of the team may see it; administrators of the organization also see who is invited, when they ask for it.
         */
        get: operations["getOrganizationTeamMembers"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/organization/{orgname}/team/{teamname}/members/{membername}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Add somebody to a team, or invite them
         * @description Robot accounts of the organization and users who are in one of its teams are added at once. Somebody else is invited
         *     when the registry sends mail and `FEATURE_REQUIRE_TEAM_INVITE` is on: by e-mail and by a notification (`org_team_invite`).
         *     An invitation that is repeated replaces the one before.
         */
        put: operations["updateOrganizationTeamMember"];
        post?: never;
        /**
         * Remove somebody from a team
         * @description Takes back the invitation if there is one, otherwise the membership; what it gave ends with the next request. You
         *     cannot leave the only team that makes you an administrator, and an organization always keeps an administrator.
         */
        delete: operations["deleteOrganizationTeamMember"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/organization/{orgname}/team/{teamname}/invite/{email}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Invite an e-mail address to a team
         * @description Sends a code to the address. Whoever is signed in with this address as their confirmed one can accept with it. An invitation that is repeated replaces the one before.
         */
        put: operations["inviteTeamMemberEmail"];
        post?: never;
        /**
         * Take back an invitation that went to an e-mail address
         * @description The code that was sent works no more.
         */
        delete: operations["deleteTeamMemberEmailInvite"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/organization/{orgname}/team/{teamname}/permissions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List what a team may do on repositories
         * @description Roles that the team was given, by name of the repository, 10,000 at most. What its members may do as administrators of the organization is not among them.
         */
        get: operations["getOrganizationTeamPermissions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/teaminvite/{code}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Accept an invitation
         * @description With it you accept every invitation of yours in the same organization. An invitation by name is yours when it names
         *     you; one by e-mail, when its address is your confirmed one. An unknown code, or one that is not yours, is a bad request.
         */
        put: operations["acceptOrganizationTeamInvite"];
        post?: never;
        /**
         * Decline an invitation
         * @description This one only. An unknown code, or one that is not yours, is a bad request.
         */
        delete: operations["declineOrganizationTeamInvite"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/confirminvite": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Follow the link of an invitation
         * @description For browsers. Shows who invites you to which team, with buttons to join and to decline (`answerInviteOnPage`); asks to
         *     sign in first, and says so when the invitation is not for you or does not work any more.
         */
        get: operations["showInvitePage"];
        put?: never;
        /**
         * Answer an invitation on the page
         * @description What the buttons of the page of `showInvitePage` send. The same as `acceptOrganizationTeamInvite` or `declineOrganizationTeamInvite`.
         */
        post: operations["answerInviteOnPage"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/user/robots": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List your robots
         * @description By name, with their tokens, 10,000 at most.
         */
        get: operations["getUserRobots"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/user/robots/{robot_shortname}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show one of your robots
         * @description An unknown robot answers 400, as with Quay.
         */
        get: operations["getUserRobot"];
        /**
         * Create a robot of your own
         * @description A robot logs in with its full name and its token; it may do nothing until it is given a role or put into a team. Refused with 400 when it exists, and while `ROBOTS_DISALLOW` is on. The body may be left out.
         */
        put: operations["createUserRobot"];
        post?: never;
        /**
         * Delete one of your robots
         * @description Its roles, its place in teams and its tokens are gone with it at once. An unknown robot answers 400.
         */
        delete: operations["deleteUserRobot"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/user/robots/{robot_shortname}/regenerate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Give one of your robots a new token
         * @description The former token, and every token that was made with it, stops with the next request. An unknown robot answers 400.
         */
        post: operations["regenerateUserRobotToken"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/user/robots/{robot_shortname}/permissions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the roles of one of your robots
         * @description By name of the repository, 10,000 at most. An unknown robot answers 400.
         */
        get: operations["getUserRobotPermissions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/user/robots/{robot_shortname}/federation": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show whose tokens stand for one of your robots
         * @description An empty list when nobody's do. An unknown robot answers 400.
         */
        get: operations["getUserRobotFederation"];
        put?: never;
        /**
         * Let tokens of others stand for one of your robots
         * @description Replaces the whole list. Whoever holds a token of one of the issuers for the subject gets a password of the robot for an hour, by `robotFederationToken`. Passwords that were got by entries which are no longer there stop with the next request. An unknown robot answers 400.
         */
        post: operations["createUserRobotFederation"];
        /**
         * Let no other tokens stand for one of your robots
         * @description Passwords that were got that way stop with the next request. An unknown robot answers 400.
         */
        delete: operations["deleteUserRobotFederation"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/organization/{orgname}/robots": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the robots of an organization
         * @description By name, 10,000 at most. Members see the robots; administrators also their tokens, and with `permissions` their teams and repositories. A global read-only superuser sees all but the tokens. Your own user name stands for your own robots.
         */
        get: operations["getOrgRobots"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/organization/{orgname}/robots/{robot_shortname}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a robot of an organization
         * @description An unknown robot answers 400, as with Quay. A global read-only superuser does not see the token.
         */
        get: operations["getOrgRobot"];
        /**
         * Create a robot for an organization
         * @description A robot logs in with its full name and its token; it may do nothing until it is given a role or put into a team. Refused with 400 when it exists, and while `ROBOTS_DISALLOW` is on. The body may be left out.
         */
        put: operations["createOrgRobot"];
        post?: never;
        /**
         * Delete a robot of an organization
         * @description Its roles, its place in teams and its tokens are gone with it at once. An unknown robot answers 400.
         */
        delete: operations["deleteOrgRobot"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/organization/{orgname}/robots/{robot_shortname}/regenerate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Give a robot of an organization a new token
         * @description The former token, and every token that was made with it, stops with the next request. An unknown robot answers 400.
         */
        post: operations["regenerateOrgRobotToken"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/organization/{orgname}/robots/{robot_shortname}/permissions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the roles of a robot of an organization
         * @description By name of the repository, 10,000 at most. Roles by way of a team are not among them. An unknown robot answers 400.
         */
        get: operations["getOrgRobotPermissions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/organization/{orgname}/robots/{robot_shortname}/federation": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show whose tokens stand for a robot of an organization
         * @description An empty list when nobody's do. An unknown robot answers 400.
         */
        get: operations["getOrgRobotFederation"];
        put?: never;
        /**
         * Let tokens of others stand for a robot of an organization
         * @description Replaces the whole list. Whoever holds a token of one of the issuers for the subject gets a password of the robot for an hour, by `robotFederationToken`. Passwords that were got by entries which are no longer there stop with the next request. An unknown robot answers 400.
         */
        post: operations["createOrgRobotFederation"];
        /**
         * Let no other tokens stand for a robot of an organization
         * @description Passwords that were got that way stop with the next request. An unknown robot answers 400.
         */
        delete: operations["deleteOrgRobotFederation"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/oauth2/federation/robot/token": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Exchange a token of another issuer for a robot's password
         * @description For pipelines that have a token of their own platform (OIDC) and shall keep no secret of the registry. HTTP Basic
         *     with the robot's full name and that token. The token must be signed by one of the issuers that
         *     `createOrgRobotFederation` or `createUserRobotFederation` has named for the robot, with the subject named there.
         *     The answer is the robot's password for an hour, for `docker login` and `/v2/auth`.
         */
        get: operations["robotFederationToken"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/organization/{orgname}/prototypes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the default permissions of an organization
         * @description Roles that its new repositories give, oldest first, 10,000 at most. Repositories that are there already stay as they are.
         */
        get: operations["getOrganizationPrototypePermissions"];
        put?: never;
        /**
         * Add a default permission to an organization
         * @description Every repository that is made from now on, through the API or by a push, gives the role to the delegate. With
         *     `activating_user` only those that this user makes, and then instead of the role that everybody's repositories give
         *     the same delegate. Who makes a repository administers it anyway and gets nothing from these. There is one for each
         *     activating user and delegate: a second one sets the role of the first.
         */
        post: operations["createOrganizationPrototypePermission"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/organization/{orgname}/prototypes/{prototypeid}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Change the role of a default permission
         * @description Holds for repositories that are made from now on.
         */
        put: operations["updateOrganizationPrototypePermission"];
        post?: never;
        /**
         * Delete a default permission
         * @description Repositories that were made under it keep the role they gave.
         */
        delete: operations["deleteOrganizationPrototypePermission"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/app/{client_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show what an application is
         * @description For whoever is asked to trust it; anybody may ask. Administrators also see the settings of the organization.
         */
        get: operations["getApplicationInformation"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/organization/{orgname}/applications": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the applications of an organization
         * @description Oldest first, 1,000 at most. Client secrets are shown to administrators of the organization alone.
         */
        get: operations["getOrganizationApplications"];
        put?: never;
        /**
         * Create an application
         * @description Gives the client id and the client secret with which the application asks for tokens. Names need not be unique;
         *     `__quay_bootstrap_app` is reserved.
         */
        post: operations["createOrganizationApplication"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/organization/{orgname}/applications/{client_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show an application of an organization
         * @description The client secret is shown to administrators of the organization alone.
         */
        get: operations["getOrganizationApplication"];
        /**
         * Change an application
         * @description Replaces all fields; `description` and `avatar_email` become empty when they are left out. Client id, client secret and tokens stay.
         */
        put: operations["updateOrganizationApplication"];
        post?: never;
        /**
         * Delete an application
         * @description All its tokens stop working with the next request.
         */
        delete: operations["deleteOrganizationApplication"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/organization/{orgname}/applications/{client_id}/resetclientsecret": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Replace the client secret of an application
         * @description The earlier secret stops working at once. Tokens that the application holds go on working.
         */
        post: operations["resetOrganizationApplicationClientSecret"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/organization/{orgname}/applications/{client_id}/tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the tokens of an application
         * @description Those that have not expired, newest first, 50 a page. The tokens themselves are not shown.
         */
        get: operations["listOrganizationApplicationTokens"];
        put?: never;
        /**
         * Create a token of an application
         * @description A token that acts as you, within its scopes. You can only give scopes that you can use on this organization
         *     yourself; called with an OAuth token, only scopes that the token covers. The token is shown once.
         */
        post: operations["createOrganizationApplicationToken"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/organization/{orgname}/applications/{client_id}/tokens/{token_uuid}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Revoke a token of an application
         * @description It stops working with the next request, and so does what was made from it.
         */
        delete: operations["deleteOrganizationApplicationToken"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/oauth/authorize": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Ask a person to let an application act for them
         * @description The authorization endpoint of OAuth 2 (RFC 6749). Shows the page on which a signed-in person consents; a browser of
         *     nobody is sent to `/signin` first. Only administrators of the application's organization may consent, and those whom
         *     they have assigned the token (`assignment_uuid`). When live tokens of the application cover the scopes already, a code
         *     is given at once. An application or address that is not registered is answered here; everything else that is wrong is
         *     told to the application in `error`.
         */
        get: operations["oauthAuthorize"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/oauth/authorizeapp": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Consent
         * @description What the button of the page of `oauthAuthorize` sends. Goes back to the application with a code, which works once and
         *     for ten minutes, or with a token in the fragment of the address.
         */
        post: operations["oauthAuthorizeApp"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/oauth/denyapp": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Refuse consent
         * @description Goes back to the application with `error=authorization_denied`.
         */
        post: operations["oauthDenyApp"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/oauth/authorize/assignuser": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Ask somebody to make a token
         * @description Lets a user consent who does not administer the application's organization, once and to these scopes alone, and
         *     notifies them. For administrators of that organization. The CSRF token stands in the form or in `X-CSRF-Token`.
         */
        post: operations["oauthAssignUser"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/oauth/access_token": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Get a token for a code
         * @description The token endpoint of OAuth 2 (RFC 6749). The application proves itself with its client secret, as Basic credentials
         *     or in the form. Every field may also stand in the query; the form wins. A code that is presented twice takes back the
         *     token that it gave.
         */
        post: operations["oauthAccessToken"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/oauth/localapp": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a token that was just made
         * @description The registry's own redirect address, which every application may use with `response_type=token`: the page shows the
         *     token, which stands in the fragment of the address and so never reaches a server.
         */
        get: operations["oauthLocalHandler"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/signin": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a page to sign in on
         * @description For browsers that need somebody signed in to go on, as with `oauthAuthorize`.
         */
        get: operations["showSigninPage"];
        put?: never;
        /**
         * Sign in on the page
         * @description What the form of `showSigninPage` sends. Goes on to `next`, or back to the page with the reason in `refused`.
         */
        post: operations["signinOnPage"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/repository": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List repositories
         * @description Those that you may read, oldest first, 100 a page. Say which: those of a `namespace`, those you have `starred`, or all
         *     that are `public`; without any of the three the call is refused. Public repositories are only among them when you ask
         *     for them, or have a right on them.
         */
        get: operations["listRepos"];
        put?: never;
        /**
         * Create a repository
         * @description In your own namespace, or in an organization where you may create repositories; there you become its administrator.
         *     Pushing to a name that does not exist creates a repository as well.
         */
        post: operations["createRepo"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/repository/{repository}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a repository
         * @description What it is, what you may do with it, and its live tags, 500 at most.
         */
        get: operations["getRepo"];
        /**
         * Change the description of a repository
         * @description Replaces the whole text.
         */
        put: operations["updateRepo"];
        post?: never;
        /**
         * Delete a repository
         * @description With all tags and manifests, for good. The name is free at once; the space it took is freed later.
         */
        delete: operations["deleteRepository"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/repository/{repository}/changevisibility": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Make a repository public or private
         * @description Anyone may read a public repository, signed in or not. Acts at once on the next pull.
         */
        post: operations["changeRepoVisibility"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/repository/{repository}/changestate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Make a repository read-only, a mirror, or normal again
         * @description In any state but NORMAL pushes and changes of tags are refused, except by the mirror itself. Not there when the registry runs with `FEATURE_REPO_MIRROR` off.
         */
        put: operations["changeRepoState"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/repository/{repository}/permissions/user/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the users who were given a role on a repository
         * @description Users and robots by name, 50,000 at most. Roles that somebody has as owner of the namespace or through a team are not among them.
         */
        get: operations["listRepoUserPermissions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/repository/{repository}/permissions/user/{username}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show the role that a user was given on a repository
         * @description Only the role given to this user or robot itself: refused with 400 where there is none, also when the user owns the namespace.
         */
        get: operations["getUserPermissions"];
        /**
         * Give a user a role on a repository
         * @description Replaces the role that the user had. The owner of the namespace has every right and is refused, and so is a robot of another namespace.
         */
        put: operations["changeUserPermissions"];
        post?: never;
        /**
         * Take the role on a repository from a user
         * @description Rights that the user has through a team stay. The owner of the namespace keeps every right and is refused.
         */
        delete: operations["deleteUserPermissions"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/repository/{repository}/permissions/user/{username}/transitive": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show every role that a user has on a repository
         * @description The role given to the user itself and those of its teams; 404 where there is none. What owners and administrators of the namespace may do is not among them.
         */
        get: operations["getUserTransitivePermission"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/repository/{repository}/permissions/team/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the teams that were given a role on a repository
         * @description By name, 50,000 at most. Empty for a repository of a user, who has no teams.
         */
        get: operations["listRepoTeamPermissions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/repository/{repository}/permissions/team/{teamname}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show the role that a team was given on a repository
         * @description Refused with 400 where the team has none.
         */
        get: operations["getTeamPermissions"];
        /**
         * Give a team a role on a repository
         * @description Replaces the role that the team had. Only teams of the organization that owns the repository can be given one.
         */
        put: operations["changeTeamPermissions"];
        post?: never;
        /**
         * Take the role on a repository from a team
         * @description Roles that members of the team were given themselves stay.
         */
        delete: operations["deleteTeamPermissions"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/authrepoemail": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Follow the link of a mail that asks for consent to notifications
         * @description From then on notifications of the repository may be sent to the address. The code works for a week. A browser gets a
         *     page with a button first, whose form is `confirmRepoEmailOnPage`.
         */
        get: operations["confirmRepoEmail"];
        put?: never;
        /**
         * Agree to notifications on the page
         * @description What the button of the page of `confirmRepoEmail` sends.
         */
        post: operations["confirmRepoEmailOnPage"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/repository/{repository}/authorizedemail/{email}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show whether notifications of a repository may be sent to an address
         * @description Not before whoever reads the mails of the address has agreed.
         */
        get: operations["checkRepoEmailAuthorized"];
        put?: never;
        /**
         * Ask an address whether notifications of a repository may be sent to it
         * @description Sends a mail with a link (`confirmRepoEmail`), unless the address has agreed already. A new mail ends the link of the
         *     one before. An address gets at most five such mails within an hour; beyond that none is sent, and the answer is the same.
         */
        post: operations["sendAuthorizeRepoEmail"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/repository/{repository}/tag/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the tags of a repository
         * @description Newest first. Past lives of tags are included as long as they can be restored, unless `onlyActiveTags` is true.
         */
        get: operations["listRepoTags"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/repository/{repository}/tag/{tag}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Move a tag, make one, or set its expiration
         * @description Pointing a tag at another manifest ends its present life, which stays in the history, and begins a new one.
         */
        put: operations["changeTag"];
        post?: never;
        /**
         * Remove a tag
         * @description The manifest stays and can be restored under this name until the tag's time in the history is over.
         */
        delete: operations["deleteFullTag"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/repository/{repository}/tag/{tag}/restore": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Point a tag at a manifest of its past
         * @description Begins a new life of the tag, marked as a reversion. The manifest must still be within the time machine of the namespace.
         */
        post: operations["restoreTag"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/repository/{repository}/tag/{tag}/expire": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Forget a tag for good
         * @description What is forgotten cannot be restored. Not there when the registry runs with `PERMANENTLY_DELETE_TAGS` off.
         */
        post: operations["removeTagFromTimemachine"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/repository/{repository}/manifest/{manifestref}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a manifest
         * @description The manifest byte for byte, and its layers with the commands that made them.
         */
        get: operations["getRepoManifest"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/entities/{prefix}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Find users, robots and teams by the start of their names
         * @description For fields in which somebody is to be chosen. Users are found by anybody, by name alone. Robots are found by their
         *     short names and shown to their own: those of a user to that user, those of an organization to its members, and so are
         *     its teams and the organization itself. With `FEATURE_PARTIAL_USER_AUTOCOMPLETE` off only whole names are found.
         *     Ten of each kind at most.
         */
        get: operations["getMatchingEntities"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/messages": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the messages for everybody
         * @description What superusers want people to know, such as a time of maintenance. Anybody may read them.
         */
        get: operations["getGlobalMessages"];
        put?: never;
        /**
         * Publish a message for everybody
         * @description It is shown until it is deleted. There can be 100 of them; another one is refused. A browser session must be fresh; see `verifyUser`.
         */
        post: operations["createGlobalMessage"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/message/{uuid}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Delete a message for everybody
         * @description Nothing happens when there is no such message. A browser session must be fresh; see `verifyUser`.
         */
        delete: operations["deleteGlobalMessage"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/registry/capabilities": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show what this registry can do
         * @description For clients that adapt to the registry they meet. Tells nothing about its content.
         */
        get: operations["getRegistryCapabilities"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/error/{error_type}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Explain an error
         * @description What an error type means. The address of this call stands in `type` of every error body.
         */
        get: operations["getErrorDescription"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/superuser/apptokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the app tokens of all users
         * @description Without their codes, 1,000 a page. For superusers with full access and for global read-only superusers.
         */
        get: operations["listAllAppTokens"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/superuser/users/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List all users
         * @description Oldest first; neither robot accounts nor users that are being deleted. Without `limit` a page has 10,000 users, which
         *     is all of them in most registries. A browser session must be fresh; see `verifyUser`.
         */
        get: operations["listAllUsers"];
        put?: never;
        /**
         * Create a user
         * @description With a password made up by the registry, which is in this answer and nowhere else. When the registry sends mail, the user
         *     first confirms the e-mail address. Quay also gives `encrypted_password`; it is left out, because encrypted passwords
         *     are not built. A browser session must be fresh; see `verifyUser`.
         */
        post: operations["createInstallUser"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/superuser/users/{username}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a user to superusers
         * @description Robot accounts and organizations are not found here. A browser session must be fresh; see `verifyUser`.
         */
        get: operations["getInstallUser"];
        /**
         * Change a user's password or e-mail address, or lock the user out
         * @description Only the fields that are sent are changed. A new password, and `enabled` off, act with the user's next request: every
         *     sign-in ends, and with `enabled` off no token of the user works until it is on again. An address that is set here
         *     counts as confirmed. Superusers cannot be changed, yourself included. A browser session must be fresh; see `verifyUser`.
         */
        put: operations["changeInstallUser"];
        post?: never;
        /**
         * Delete a user
         * @description With all repositories and robot accounts, for good, also the only administrator of an organization. Superusers cannot be
         *     deleted. The name is free when everything is gone. A browser session must be fresh; see `verifyUser`.
         */
        delete: operations["deleteInstallUser"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/superusers/users/{username}/sendrecovery": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send a user a mail to set a new password
         * @description The link in it works once. Refused for superusers, and for users without an e-mail address. A browser session must be fresh; see `verifyUser`.
         */
        post: operations["sendInstallUserRecoveryEmail"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/superuser/organizations/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List all organizations
         * @description Oldest first, without those that are being deleted. Without `limit` a page has 10,000 organizations, which is all of
         *     them in most registries. A browser session must be fresh; see `verifyUser`.
         */
        get: operations["listAllOrganizations"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/superuser/organizations/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Rename an organization
         * @description Its robot accounts are renamed with it. Clients must use the new name at once, for the old one means nothing any more
         *     and may be taken by somebody else. A browser session must be fresh; see `verifyUser`.
         */
        put: operations["changeOrganization"];
        post?: never;
        /**
         * Delete an organization as a superuser
         * @description With all repositories, teams and robot accounts, for good. The name is free when everything is gone. A browser session must be fresh; see `verifyUser`.
         */
        delete: operations["deleteOrganization"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/superuser/takeownership/{namespace}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Take over an organization, or a user
         * @description You become an administrator of the organization. A user is turned into an organization that you administer, and cannot
         *     sign in any more; superusers cannot be taken over. A browser session must be fresh; see `verifyUser`.
         */
        post: operations["takeOwnership"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/superuser/config": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show the configuration that the registry runs with
         * @description Secrets are left out. Refused while the registry runs with `FEATURE_SUPERUSER_CONFIGDUMP` off. A browser session must be
         *     fresh; see `verifyUser`.
         */
        get: operations["getSuperUserConfig"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/superuser/keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the keys of other services
         * @description By service and id, also those that wait for approval and those that have expired: the first 10,000.
         */
        get: operations["listServiceKeys"];
        put?: never;
        /**
         * Create a key for another service
         * @description An RSA key of 2048 bits, approved at once. The private half is in this answer and nowhere else. A browser session
         *     must be fresh; see `verifyUser`.
         */
        post: operations["createServiceKey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/superuser/keys/{kid}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a key of another service
         * @description Also one that waits for approval or has expired. The registry's own keys are not among them.
         */
        get: operations["getServiceKey"];
        /**
         * Change name, metadata or expiration of a key
         * @description Only the fields that are sent are changed; metadata is replaced as a whole. A browser session must be fresh; see `verifyUser`.
         */
        put: operations["updateServiceKey"];
        post?: never;
        /**
         * Delete a key of another service
         * @description What it has signed is no longer accepted by those who look the key up here. A browser session must be fresh; see `verifyUser`.
         */
        delete: operations["deleteServiceKey"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/superuser/approvedkeys/{kid}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Approve a key that another service has submitted
         * @description From now on the key is served to those who verify what it signs. A key that is approved already stays as it is. A browser session must be fresh; see `verifyUser`.
         */
        post: operations["approveServiceKey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/csrf_token": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get the CSRF token of your session
         * @description Begins a session when there is none, and sets its cookie. Calls that change something send the token in `X-CSRF-Token` together with the cookie.
         */
        get: operations["getCsrfToken"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/config": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show the settings that a web page needs
         * @description Which features are on, and settings that anybody may know. Keys are those of the configuration file.
         */
        get: operations["getUiConfig"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health/instance": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Say whether this node works
         * @description For load balancers; looks at this node and at what it cannot work without. 503 takes the node out. Never cached.
         */
        get: operations["healthInstance"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Say whether this node works, by its other path
         * @description The same as `healthInstance`.
         */
        get: operations["healthInstanceAlias"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health/endtoend": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Say whether the registry as a whole works
         * @description For monitoring; looks at what all nodes share. Never cached.
         */
        get: operations["healthEndtoend"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Say whether the registry as a whole works, by its other path
         * @description The same as `healthEndtoend`.
         */
        get: operations["healthEndtoendAlias"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/keys/services/{service}/keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the public keys of a service
         * @description A JSON Web Key set of the keys that are valid now: of this registry, for those who verify the tokens of `/v2/auth` by
         *     themselves, or of another service whose keys were approved. At most 10,000.
         */
        get: operations["listServicePublicKeys"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/keys/services/{service}/keys/{kid}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a public key of a service
         * @description By the `kid` in the header of a token.
         */
        get: operations["getServicePublicKey"];
        /**
         * Submit a public key of a service
         * @description The service proves that it has a private key with a token of its own: a JWT in `Authorization: Bearer`, signed with RS256,
         *     ES256, ES384 or ES512, whose `iss` is the service and `aud` this registry (`https://registry.example.com`), and which
         *     expires within an hour. Signed with the key itself, the key waits for a superuser's approval. Signed with an approved key
         *     of the service, which the `kid` of the token names, it takes that key's place and its approval, and that key expires.
         *     At most 1,000 keys can wait, and 20 new ones of a service come within an hour.
         */
        put: operations["putServicePublicKey"];
        post?: never;
        /**
         * Delete a public key of a service
         * @description The service proves itself as with `putServicePublicKey`, with a token that is signed with the key itself or with any approved key of the service.
         */
        delete: operations["deleteServicePublicKey"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        SigninUser: {
            /** @description User name or e-mail address. */
            username: string;
            /** @description Password of the account. */
            password: string;
            /** @description Ignored: an invitation is for signing up, or is accepted once signed in. */
            invite_code?: string;
        };
        /**
         * @description 48 random bytes, base64url; sent back in `X-CSRF-Token`.
         * @example q3V5gR0cLyyCkXf1v0cyu3X0p7bKcGv1yYz0m2oD4w8nJtqVbR6eH9sTfUaLxK5d
         */
        CsrfTokenText: string;
        /**
         * @description It is done.
         * @example {
         *       "success": true
         *     }
         */
        Success: {
            /** @description Always true; what fails answers an error. */
            success: boolean;
        };
        /** @description What every refused call answers. `error_message` and `error_type` are there for older clients. */
        ApiError: {
            /** @description Which rule refused, and where it helps what to do next. */
            detail: string;
            /** @description The same as `detail`. */
            message: string;
            /** @description The same as `detail`. */
            error_message: string;
            /** @description Name of the error; `getErrorDescription` explains it. */
            error_type: string;
            /** @description The same as `error_type`. */
            title: string;
            /**
             * Format: uri
             * @description Address of the explanation.
             */
            type: string;
            /** @description The HTTP status. */
            status: number;
            /** @description Under this id the log tells more. */
            request_id?: string;
            /** @description Only `getLoggedInUser` sends it. */
            session_required?: boolean;
            /**
             * @description Only `convertUserToOrganization` sends it: the administrator could not sign in, or is the account itself.
             * @enum {string}
             */
            reason?: "invaliduser";
        };
        /** @description Why nobody was signed in. When it was not about the credentials (no CSRF token, no right), the fields of `ApiError` are there in place of the first two. */
        SigninRefusal: {
            /** @description The account is not verified yet or is disabled. */
            needsEmailVerification?: boolean;
            /** @description User name or password is wrong. */
            invalidCredentials?: boolean;
            /** @description The reason in words. */
            message: string | null;
            /** @description Which rule refused. */
            detail?: string;
            /** @description The same as `detail`. */
            error_message?: string;
            /** @description Name of the error; `getErrorDescription` explains it. */
            error_type?: string;
            /** @description The same as `error_type`. */
            title?: string;
            /**
             * Format: uri
             * @description Address of the explanation.
             */
            type?: string;
            /** @description The HTTP status. */
            status?: number;
            /** @description Under this id the log tells more. */
            request_id?: string;
        };
        VerifyUser: {
            /** @description Password of the signed-in user. */
            password: string;
        };
        GetLogin: {
            /**
             * @description To sign in, to attach the account there to the own one, or to get a token for a program.
             * @enum {string}
             */
            kind: "login" | "attach" | "cli";
        };
        /** @description Where another service signs people in. */
        LoginAddress: {
            /** @description Address to send the browser to. */
            auth_url: string;
        };
        RequestRecovery: {
            /** @description E-mail address of the account. */
            email: string;
            /** @description Ignored; no captcha is asked for. */
            recaptcha_response?: string;
        };
        /** @description What was done about a forgotten password. */
        RecoveryAnswer: {
            /**
             * @description `sent`, whoever has the address.
             * @enum {string}
             */
            status: "sent";
        };
        /** @description The form of the page behind the link of a mail. */
        MailLinkForm: {
            /** @description The one-time code of the mail. */
            code: string;
            /** @description CSRF token of the session; the header `X-CSRF-Token` does as well. */
            _csrf_token?: string;
        };
        /** @description An account elsewhere that signs in as this user. */
        UserLogin: {
            /** @description Name of the login service. */
            service: string;
            /** @description Id of the account there. */
            service_identifier: string;
            /** @description What the service tells about it. */
            metadata: {
                [key: string]: unknown;
            };
        };
        /**
         * @description What a page needs to draw somebody's picture.
         * @example {
         *       "name": "ada",
         *       "hash": "b5fc85e55755f9e0d030a10ab4429b6b2944855f5a0d3f3e0f1a7b2e2c9c7d11",
         *       "color": "#1f77b4",
         *       "kind": "user"
         *     }
         */
        Avatar: {
            /** @description Name of who is shown. */
            name: string;
            /** @description Hex sha256 of the name, or of the `avatar_email` of an application that has one. */
            hash: string;
            /** @description Background, `#rrggbb`, chosen by the hash. */
            color: string;
            /**
             * @description What is shown.
             * @enum {string}
             */
            kind: "user" | "org" | "team" | "robot" | "app";
        };
        /** @description An organization of the user, or a namespace that everybody is shown. */
        UserOrganization: {
            /** @description Name of the organization. */
            name: string;
            avatar: components["schemas"]["Avatar"];
            /** @description The caller may create repositories in it. */
            can_create_repo: boolean;
            /** @description Everybody is shown it (`PUBLIC_NAMESPACES`). */
            public: boolean;
            /** @description The caller administers it. */
            is_org_admin?: boolean;
            /** @description New repositories are offered here first. */
            preferred_namespace?: boolean;
        };
        /** @description What is told of a user, beside name and avatar. */
        UserFields: {
            /** @description Always true for the owner. */
            can_create_repo?: boolean;
            /** @description This is you. */
            is_me?: boolean;
            /** @description The e-mail address is confirmed. */
            verified?: boolean;
            /** @description The e-mail address. */
            email?: string;
            /** @description Accounts elsewhere that sign in as this user. */
            logins?: components["schemas"]["UserLogin"][];
            /** @description Invoices are sent by e-mail. */
            invoice_email?: boolean;
            /** @description Where invoices are sent. */
            invoice_email_address?: string | null;
            /** @description New repositories are offered here first. */
            preferred_namespace?: boolean;
            /** @description Seconds that a deleted or moved tag stays restorable. */
            tag_expiration_s?: number;
            /** @description What a web page should still ask the user for. */
            prompts?: ("confirm_username" | "enter_name" | "enter_company")[];
            /** @description Company. */
            company?: string | null;
            /** @description Family name. */
            family_name?: string | null;
            /** @description Given name. */
            given_name?: string | null;
            /** @description Place. */
            location?: string | null;
            /** @description No plan is paid for. */
            is_free_account?: boolean;
            /** @description The account has a password of its own. */
            has_password_set?: boolean;
            /** @description Organizations of the user, for those who may read the profile. */
            organizations?: components["schemas"]["UserOrganization"][];
            /** @description Only superusers see it: true when this is you. */
            super_user?: boolean;
            /** @description Only global read-only superusers see it: true when this is you. */
            global_readonly_super_user?: boolean;
        };
        /** @description A user. Others than the user see `anonymous`, `username` and `avatar` alone. */
        UserView: components["schemas"]["UserFields"] & {
            /** @description Always false. */
            anonymous: boolean;
            /** @description Name of the user and of the user's namespace. */
            username: string;
            avatar: components["schemas"]["Avatar"];
        };
        /** @description Each field acts only when it is there. All of them are applied, or none. */
        UpdateUser: {
            /** @description At least 8 characters, no white space. A change ends every other sign-in of the user. */
            password?: string;
            /** @description E-mail address. When the registry sends mail, a mail goes there, and its link (`confirmEmail`) makes the change. */
            email?: string;
            /** @description New name; ignored unless the registry runs with `FEATURE_USER_RENAME` on. */
            username?: string;
            /** @description Seconds that a deleted or moved tag stays restorable; one of the spans in `TAG_EXPIRATION_OPTIONS`. */
            tag_expiration_s?: number;
            /** @description Send invoices by e-mail. */
            invoice_email?: boolean;
            /** @description Where invoices are sent. */
            invoice_email_address?: string | null;
            /** @description Given name; ignored unless `FEATURE_USER_METADATA` is on. */
            given_name?: string | null;
            /** @description Family name; ignored unless `FEATURE_USER_METADATA` is on. */
            family_name?: string | null;
            /** @description Company; ignored unless `FEATURE_USER_METADATA` is on. */
            company?: string | null;
            /** @description Place; ignored unless `FEATURE_USER_METADATA` is on. */
            location?: string | null;
        };
        NewUser: {
            /** @description Lower-case letters and digits, with single `.`, `_` or `-` between them. Users and organizations share one namespace. */
            username: string;
            /** @description At least 8 characters, no white space. */
            password: string;
            /** @description E-mail address; needed when the registry sends mail. */
            email?: string;
            /** @description Code of an invitation to a team. When the invitation went to this very e-mail address, no mail is needed to confirm it. Needed with `FEATURE_INVITE_ONLY_USER_CREATION`. */
            invite_code?: string;
            /** @description Ignored; no captcha is asked for. */
            recaptcha_response?: string;
        };
        /** @description The new user, who is signed in; or `awaiting_verification` alone, and nobody is. */
        NewUserAnswer: components["schemas"]["UserFields"] & {
            /** @description Always false. */
            anonymous?: boolean;
            /** @description Name of the user and of the user's namespace. */
            username?: string;
            avatar?: components["schemas"]["Avatar"];
            /** @description A mail is on its way, and its link finishes the account. */
            awaiting_verification?: boolean;
        };
        ConvertUser: {
            /** @description User who will administer the organization, by name or e-mail address; not yourself. */
            adminUser: string;
            /** @description Password of that user. */
            adminPassword: string;
            /** @description Ignored; there are no plans. */
            plan?: string;
        };
        InitializeUser: {
            /** @description Lower-case letters and digits, with single `.`, `_` or `-` between them. */
            username: string;
            /** @description At least 8 characters, no white space. */
            password: string;
            /** @description E-mail address; needed when the registry sends mail. */
            email?: string | null;
            /**
             * @description Also make an OAuth token with every scope.
             * @default false
             */
            access_token: boolean;
        };
        /** @description The first user. */
        InitializedUser: {
            /** @description Name of the user. */
            username: string;
            /** @description E-mail address, when one was given. */
            email: string | null;
            /** @description An OAuth token of 40 characters, when one was asked for. It is shown once. */
            access_token?: string;
        };
        /**
         * @description RFC 2822 date in UTC.
         * @example Wed, 01 Jan 2020 00:00:00 -0000
         */
        RfcDate: string;
        /** @description Something that a user, or the administrators of an organization, should know. */
        UserNotification: {
            /**
             * Format: uuid
             * @description Names the notification.
             */
            id: string;
            /** @description The organization whose administrators are told; null when it is for you alone. */
            organization: string | null;
            /** @description What it tells of: `org_team_invite`, `assigned_authorization`, `service_key_submitted`. */
            kind: string;
            created: components["schemas"]["RfcDate"];
            /** @description What belongs to the kind; for `org_team_invite`: `code`, `inviter`, `org`, `team`. */
            metadata: {
                [key: string]: unknown;
            };
            /** @description Put away; for an organization, by any of its administrators. */
            dismissed: boolean;
        };
        /** @description One page of notifications. */
        UserNotificationList: {
            /** @description Notifications, newest first. */
            notifications: components["schemas"]["UserNotification"][];
            /** @description There is another page. */
            additional: boolean;
        };
        UpdateNotification: {
            /**
             * @description Put it away.
             * @default false
             */
            dismissed: boolean;
        };
        /** @description A repository that you have starred. */
        StarredRepository: {
            /** @description User or organization that owns it. */
            namespace: string;
            /** @description Name inside the namespace. */
            name: string;
            /** @description What it holds; Markdown. */
            description: string | null;
            /** @description Anyone may read it. */
            is_public: boolean;
        };
        StarredRepositories: {
            repositories: components["schemas"]["StarredRepository"][];
            /** @description There is another page: send this as `next_page`. */
            next_page?: string;
        };
        NewStar: {
            /** @description User or organization that owns the repository. */
            namespace: string;
            /** @description Name inside the namespace; may have more segments. */
            repository: string;
        };
        /** @description What you have starred. */
        Star: {
            /** @description User or organization that owns the repository. */
            namespace: string;
            /** @description Name inside the namespace. */
            repository: string;
        };
        /**
         * @description `namespace/name`, where the name may have more segments.
         * @example acme/nginx
         */
        RepositoryFullName: string;
        /** @description A token that stands for its user where clients of the registry ask for a name and a password. The name is `$app`. */
        AppToken: {
            /**
             * Format: uuid
             * @description Names it in `getAppToken` and `revokeAppToken`.
             */
            uuid: string;
            /** @description What it is for. */
            title: string;
            /** @description When it was made. */
            created: components["schemas"]["RfcDate"];
            /** @description When it was last used, an RFC 2822 date in UTC; null when it never was. */
            last_accessed: string | null;
            /** @description When it stops working, an RFC 2822 date in UTC; null: never. */
            expiration: string | null;
            /** @description The password, 120 characters. Only `createAppToken` and `getAppToken` send it. */
            token_code?: string;
        };
        AppTokenList: {
            /** @description Oldest first. */
            tokens: components["schemas"]["AppToken"][];
            /** @description `expiring` as it was asked. */
            only_expiring: boolean | null;
            /** @description There is another page: send this as `next_page`. */
            next_page?: string;
        };
        NewAppToken: {
            /** @description What it is for. May be empty. */
            title: string;
        };
        AppTokenView: {
            token: components["schemas"]["AppToken"];
        };
        /** @description The namespace that an application belongs to. */
        AuthorizationOwner: {
            /** @description Name of the organization. */
            name: string;
            avatar: components["schemas"]["Avatar"];
        };
        /** @description An application that may act as you. */
        AuthorizedApplication: {
            /** @description Name of the application. */
            name: string;
            /** @description What it does. */
            description: string;
            /** @description Its home page. */
            url: string;
            avatar: components["schemas"]["Avatar"];
            organization: components["schemas"]["AuthorizationOwner"];
        };
        /** @description A scope, explained to people. */
        OAuthScopeView: {
            /** @description Name of the scope. */
            scope: string;
            /** @description What it allows, in a few words. */
            title: string;
            /** @description What it allows. */
            description: string;
            /** @description Name of an icon for it. */
            icon: string;
            /** @description It gives away so much that it should be thought over. */
            dangerous: boolean;
        };
        /** @description A live token with which an application acts as you. */
        UserAuthorization: {
            application: components["schemas"]["AuthorizedApplication"];
            scopes: components["schemas"]["OAuthScopeView"][];
            /**
             * Format: uuid
             * @description Names the token; no secret.
             */
            uuid: string;
        };
        UserAuthorizationList: {
            authorizations: components["schemas"]["UserAuthorization"][];
        };
        /** @description An application whose administrators ask you to make a token. */
        AssignedApplication: {
            /** @description Name of the application. */
            name: string;
            /** @description Names the application in the OAuth flow. */
            clientId: string;
            /** @description What it does. */
            description: string;
            /** @description Its home page. */
            url: string;
            avatar: components["schemas"]["Avatar"];
            organization: components["schemas"]["AuthorizationOwner"];
        };
        /** @description A token that you were asked to make. */
        AssignedAuthorization: {
            application: components["schemas"]["AssignedApplication"];
            /**
             * Format: uuid
             * @description `assignment_uuid` of `/oauth/authorize`.
             */
            uuid: string;
            /** @description `redirect_uri` of `/oauth/authorize`. */
            redirectUri: string;
            scopes: components["schemas"]["OAuthScopeView"][];
            /** @description `response_type` of `/oauth/authorize`. */
            responseType: string;
        };
        AssignedAuthorizationList: {
            authorizations: components["schemas"]["AssignedAuthorization"][];
        };
        NewOrg: {
            /** @description Lower-case letters and digits, with single `.`, `_` or `-` between them. Users and organizations share one namespace. */
            name: string;
            /** @description E-mail address for those who run the registry; may be left out. Nobody else may use it, unless `FEATURE_ORG_SHARED_EMAIL` or `FEATURE_MAILING` is on. */
            email?: string | null;
            /** @description Another name of `email`; wins over it. */
            contact_email?: string | null;
            /** @description Ignored; no captcha is asked for. */
            recaptcha_response?: string;
        };
        /**
         * @description The text that Quay answers.
         * @example Created
         * @enum {string}
         */
        Created: "Created";
        /**
         * @description What the team makes of its members. member: they belong to the organization. creator: they may also create repositories. admin: they administer the organization and all its repositories.
         * @enum {string}
         */
        TeamRole: "member" | "creator" | "admin";
        /** @description A team, as members of the organization see it. */
        OrganizationTeam: {
            /** @description Name of the team. */
            name: string;
            /** @description What the team is for. */
            description: string;
            role: components["schemas"]["TeamRole"];
            avatar: components["schemas"]["Avatar"];
            /** @description You may see who is in the team. */
            can_view: boolean;
            /** @description Number of repositories on which the team was given a role. */
            repo_count: number;
            /** @description Number of users and robot accounts in it. */
            member_count: number;
            /** @description Always false; teams are not filled from elsewhere. */
            is_synced: boolean;
        };
        /** @description An organization. Strangers see `name`, `avatar`, an empty `email` and two times false; members also see the teams. */
        OrganizationView: {
            /** @description Name of the organization. */
            name: string;
            /** @description E-mail address; empty when there is none, or when you do not administer the organization. */
            email: string;
            avatar: components["schemas"]["Avatar"];
            /** @description You administer it, or you are a superuser who sees everything. */
            is_admin: boolean;
            /** @description You are in one of its teams, or you are a superuser who sees everything. */
            is_member: boolean;
            /** @description The teams by name, for members. */
            teams?: {
                [key: string]: components["schemas"]["OrganizationTeam"];
            };
            /** @description Names of the teams in the order in which they were made, for members. */
            ordered_teams?: string[];
            /** @description Invoices are sent by e-mail; told to administrators. */
            invoice_email?: boolean;
            /** @description Where invoices are sent; told to administrators. */
            invoice_email_address?: string | null;
            /** @description Seconds that a deleted or moved tag stays restorable; told to administrators. */
            tag_expiration_s?: number;
            /** @description No plan is paid for; told to administrators. */
            is_free_account?: boolean;
        };
        /** @description Each field acts only when it is there. All of them are applied, or none. */
        UpdateOrg: {
            /** @description E-mail address; empty takes it away. */
            email?: string | null;
            /** @description Another name of `email`; wins over it. */
            contact_email?: string | null;
            /** @description Send invoices by e-mail. */
            invoice_email?: boolean;
            /** @description Where invoices are sent. */
            invoice_email_address?: string | null;
            /** @description Seconds that a deleted or moved tag stays restorable; one of the spans in `TAG_EXPIRATION_OPTIONS`. Ignored unless `FEATURE_CHANGE_TAG_EXPIRATION` is on. */
            tag_expiration_s?: number;
        };
        /** @description A user or robot account that was given roles on repositories. */
        OrganizationCollaborator: {
            /** @description Name of the account. */
            name: string;
            /**
             * @description Always `user`; the avatar of a robot account says `robot`.
             * @enum {string}
             */
            kind: "user";
            avatar: components["schemas"]["Avatar"];
            /** @description Names of the repositories, without the organization. */
            repositories: string[];
        };
        /** @description Who was given roles on repositories without being in a team. */
        OrganizationCollaborators: {
            /** @description By name. */
            collaborators: components["schemas"]["OrganizationCollaborator"][];
        };
        /** @description A team that somebody is in. */
        MemberTeam: {
            /** @description Name of the team. */
            name: string;
            avatar: components["schemas"]["Avatar"];
        };
        /** @description A user or robot account in an organization. */
        OrganizationMember: {
            /** @description Name of the account. */
            name: string;
            /**
             * @description A person, or a robot account of the organization.
             * @enum {string}
             */
            kind: "user" | "robot";
            avatar: components["schemas"]["Avatar"];
            /** @description Teams that it is in, by name. */
            teams: components["schemas"]["MemberTeam"][];
            /** @description Names of the repositories on which it was given a role of its own. */
            repositories: string[];
        };
        /** @description Who is in the teams of an organization. */
        OrganizationMembers: {
            /** @description By name. */
            members: components["schemas"]["OrganizationMember"][];
        };
        TeamDescription: {
            role: components["schemas"]["TeamRole"];
            /** @description What the team is for; Markdown. A team that exists keeps its description when this is left out. */
            description?: string;
        };
        /** @description A team. */
        TeamView: {
            /** @description Name of the team in its organization. */
            name: string;
            /** @description What the team is for; Markdown. */
            description: string;
            /** @description You may see its members. */
            can_view: boolean;
            role: components["schemas"]["TeamRole"];
            avatar: components["schemas"]["Avatar"];
            /** @description The call has made it. */
            new_team: boolean;
        };
        /** @description Somebody in a team (`kind: user`, with `name` and `is_robot`), or an invitation that went to an e-mail address (`kind: invite`, with `email`). */
        TeamListEntry: {
            /**
             * @description A user or robot account, or an e-mail address.
             * @enum {string}
             */
            kind: "user" | "invite";
            /** @description Name of the user or robot account. */
            name?: string;
            /** @description It is a robot account. */
            is_robot?: boolean;
            /** @description Where the invitation went. */
            email?: string;
            avatar: components["schemas"]["Avatar"];
            /** @description Invited, and not in the team until the invitation is accepted. */
            invited: boolean;
        };
        /** @description Who is in a team. */
        TeamMembers: {
            /** @description Name of the team. */
            name: string;
            /** @description Members by name, then who is invited by name, then the addresses that are invited. */
            members: components["schemas"]["TeamListEntry"][];
            /** @description You administer the organization, and so this team. */
            can_edit: boolean;
        };
        /** @description A user or robot account in a team, or a user who is invited. */
        TeamMember: {
            /** @description Name of the user or robot account. */
            name: string;
            /**
             * @description Always `user`; robot accounts too.
             * @enum {string}
             */
            kind: "user";
            /** @description It is a robot account. */
            is_robot: boolean;
            avatar: components["schemas"]["Avatar"];
            /** @description Invited, and not in the team until the invitation is accepted. */
            invited: boolean;
        };
        /** @description An invitation that went to an e-mail address. */
        TeamInvite: {
            /** @description The address. */
            email: string;
            /**
             * @description Always `invite`.
             * @enum {string}
             */
            kind: "invite";
            avatar: components["schemas"]["Avatar"];
            /** @description Always true. */
            invited: boolean;
        };
        /** @description A repository of the organization. */
        TeamRepository: {
            /** @description Name inside the organization. */
            name: string;
            /** @description Anyone may read it. */
            is_public: boolean;
        };
        /** @description A role of a team on a repository. */
        TeamRepositoryRole: {
            repository: components["schemas"]["TeamRepository"];
            /**
             * @description What the members of the team may do there.
             * @enum {string}
             */
            role: "read" | "write" | "admin";
        };
        /** @description What a team may do on the repositories of its organization. */
        TeamPermissions: {
            /** @description Roles that the team was given, by name of the repository. */
            permissions: components["schemas"]["TeamRepositoryRole"][];
        };
        /** @description The team that you are in now. */
        AcceptedInvite: {
            /** @description Name of the organization. */
            org: string;
            /** @description Name of the team. */
            team: string;
        };
        /** @description The form of `showInvitePage`. */
        InviteAnswer: {
            /** @description Code of the invitation. */
            code: string;
            /**
             * @description The button that was pressed.
             * @enum {string}
             */
            answer: "accept" | "decline";
            /** @description CSRF token of the session; the header `X-CSRF-Token` does as well. */
            _csrf_token?: string;
        };
        /**
         * @description Full name, `owner+short`: what clients log in with.
         * @example acme+deploy
         */
        RobotName: string;
        /**
         * @description The robot's password for `docker login`. Keep it secret.
         * @example 3V5GR0CLYYCKXF1V0CYU3X0P7BKCGV1YYZ0M2OD4W8NJTQVBR6EH9STFUALXK5DQ
         */
        RobotToken: string;
        /**
         * @description Whatever its owner wants to keep with it; 16 KiB at most.
         * @example {
         *       "pipeline": "release"
         *     }
         */
        RobotMetadata: {
            [key: string]: unknown;
        };
        /** @description A team that a robot is in. */
        RobotTeam: {
            /** @description Name of the team. */
            name: string;
            avatar: components["schemas"]["Avatar"];
        };
        /** @description A robot account. */
        Robot: {
            name: components["schemas"]["RobotName"];
            /** @description When it was made. */
            created: components["schemas"]["RfcDate"];
            /** @description When it last logged in, within a minute or so; null when it never did, and while FEATURE_USER_LAST_ACCESSED is off. */
            last_accessed: string | null;
            /** @description What it is for. */
            description: string;
            token?: components["schemas"]["RobotToken"];
            unstructured_metadata?: components["schemas"]["RobotMetadata"];
            /** @description Teams that it is in, by name. Sent when `permissions` is asked for. */
            teams?: components["schemas"]["RobotTeam"][];
            /** @description Repositories that it was given a role on, by name. Sent when `permissions` is asked for. */
            repositories?: string[];
        };
        RobotList: {
            /** @description By name. */
            robots: components["schemas"]["Robot"][];
        };
        CreateRobot: {
            /**
             * @description What it is for.
             * @default
             */
            description: string;
            unstructured_metadata?: components["schemas"]["RobotMetadata"];
        };
        /** @description A role that a robot was given on a repository. */
        RobotPermission: {
            repository: {
                /** @description Name inside the namespace. */
                name: string;
                /** @description Anyone may read it. */
                is_public: boolean;
            };
            /**
             * @description What the robot may do there.
             * @enum {string}
             */
            role: "read" | "write" | "admin";
        };
        RobotPermissions: {
            /** @description By name of the repository. */
            permissions: components["schemas"]["RobotPermission"][];
        };
        /**
         * @description A token fits when `iss`, `sub` and `aud` are these.
         * @example {
         *       "issuer": "https://ci.example.com",
         *       "subject": "repo:acme/nginx:ref:refs/heads/main"
         *     }
         */
        RobotFederationEntry: {
            /** @description URL of the OIDC issuer, exactly as in the claim `iss`; its keys are found by `/.well-known/openid-configuration` below it. `https`; `http` only for hosts in SSRF_ALLOWED_HOSTS. */
            issuer: string;
            /** @description The claim `sub`. */
            subject: string;
            /** @description The claim `aud`; left out: host of this registry, which SERVER_HOSTNAME must set unless it is a loopback name. */
            audience?: string;
        };
        /** @description Whose tokens stand for the robot. */
        RobotFederation: components["schemas"]["RobotFederationEntry"][];
        FederatedToken: {
            /** @description The robot's password for an hour, in place of its own. */
            token: string;
        };
        /**
         * @description read: see and pull. write: also push and tag. admin: everything, also who else may do what.
         * @enum {string}
         */
        RepositoryRole: "read" | "write" | "admin";
        /** @description The user or robot whose new repositories it is for; null: for those that anybody makes. */
        DefaultPermissionUser: {
            /** @description Name of the user or the robot. */
            name: string;
            /**
             * @description Always `user`.
             * @enum {string}
             */
            kind: "user";
            /** @description It is a robot account. */
            is_robot: boolean;
            /** @description The user is in a team of the organization, or the robot belongs to it. */
            is_org_member: boolean;
            avatar: components["schemas"]["Avatar"];
        } | null;
        /** @description Who is given the role: a user, a robot or a team. */
        DefaultPermissionDelegate: {
            /** @description Name of the user, the robot or the team. */
            name: string;
            /**
             * @description A robot counts as `user`.
             * @enum {string}
             */
            kind: "user" | "team";
            /** @description It is a robot account; not sent for teams. */
            is_robot?: boolean;
            /** @description The user is in a team of the organization, or the robot belongs to it; not sent for teams. */
            is_org_member?: boolean;
            avatar: components["schemas"]["Avatar"];
        };
        /** @description A role that every new repository of the organization gives to a user, a robot or a team. */
        DefaultPermission: {
            /**
             * Format: uuid
             * @description Names it in `updateOrganizationPrototypePermission` and `deleteOrganizationPrototypePermission`.
             */
            id: string;
            role: components["schemas"]["RepositoryRole"];
            activating_user: components["schemas"]["DefaultPermissionUser"];
            delegate: components["schemas"]["DefaultPermissionDelegate"];
        };
        DefaultPermissions: {
            /** @description In the order in which they were made, 10,000 at most. */
            prototypes: components["schemas"]["DefaultPermission"][];
        };
        /** @description Whose new repositories it is for; everybody's when it is left out. */
        ActivatingUser: {
            /** @description Name of a user or a robot of the organization. */
            name: string;
        };
        /** @description Who is given the role. */
        DelegateName: {
            /** @description Name of a user, a robot of the organization, or one of its teams. */
            name: string;
            /**
             * @description A robot counts as `user`.
             * @enum {string}
             */
            kind: "user" | "team";
        };
        NewDefaultPermission: {
            role: components["schemas"]["RepositoryRole"];
            activating_user?: components["schemas"]["ActivatingUser"];
            delegate: components["schemas"]["DelegateName"];
        };
        DefaultPermissionChange: {
            role: components["schemas"]["RepositoryRole"];
        };
        /** @example {} */
        EmptyObject: Record<string, never>;
        /** @description The namespace that an application belongs to, as `getOrganization` shows it to you, without its teams. */
        ApplicationOwner: {
            /** @description Name of the organization. */
            name: string;
            /** @description E-mail address; empty when there is none, or when you do not administer the organization. */
            email: string;
            avatar: components["schemas"]["Avatar"];
            /** @description You administer it, or you are a superuser who sees everything. */
            is_admin: boolean;
            /** @description You belong to it, or you are a superuser who sees everything. */
            is_member: boolean;
            teams: components["schemas"]["EmptyObject"];
            /** @description Always empty. */
            ordered_teams: string[];
            /** @description Invoices are sent by e-mail; told to administrators. */
            invoice_email?: boolean;
            /** @description Where invoices are sent; told to administrators. */
            invoice_email_address?: string | null;
            /** @description Seconds that a deleted or moved tag stays restorable; told to administrators. */
            tag_expiration_s?: number;
            /** @description No plan is paid for; told to administrators. */
            is_free_account?: boolean;
        };
        /** @description What anybody may know of an application. */
        ApplicationInformation: {
            /** @description Name of the application. */
            name: string;
            /** @description What it does, in the words of its administrators. */
            description: string;
            /** @description Its home page; empty when none was given. */
            uri: string;
            avatar: components["schemas"]["Avatar"];
            organization: components["schemas"]["ApplicationOwner"];
        };
        /** @description An OAuth application, as those see it who administer its organization. For others `client_secret`, `redirect_uri` and `avatar_email` are null. */
        Application: {
            /** @description Name of the application. */
            name: string;
            /** @description What it does. */
            description: string;
            /** @description Its home page. */
            application_uri: string;
            /** @description Names the application in the OAuth flow. */
            client_id: string;
            /** @description Proves the application when it asks for tokens. Null also for an application that has none until it is reset. */
            client_secret: string | null;
            /** @description Where people are sent after they have consented. */
            redirect_uri: string | null;
            /** @description Text that its picture is drawn from. */
            avatar_email: string | null;
        };
        ApplicationList: {
            applications: components["schemas"]["Application"][];
        };
        /** @description Name of the application; white space around it is cut off. */
        ApplicationName: string;
        /**
         * @description Where people are sent after they have consented: an absolute address with `http`, `https` or a scheme of the
         *     application's own (`com.example.app:/callback`), without a fragment. The flow takes this address alone; one that ends
         *     in `/` stands for every address below it too. Empty, or text that is no absolute address: only the registry's own page
         *     that shows a token.
         */
        RegisteredRedirectUri: string;
        NewApp: {
            name: components["schemas"]["ApplicationName"];
            redirect_uri?: components["schemas"]["RegisteredRedirectUri"];
            /** @description Its home page. */
            application_uri?: string;
            /** @description What it does. */
            description?: string;
            /** @description Text that its picture is drawn from, by tradition an e-mail address. */
            avatar_email?: string;
        };
        UpdateApp: {
            name: components["schemas"]["ApplicationName"];
            redirect_uri: components["schemas"]["RegisteredRedirectUri"];
            /** @description Its home page. */
            application_uri: string;
            /** @description What it does; empty when it is left out. */
            description?: string;
            /** @description Text that its picture is drawn from, by tradition an e-mail address; none when it is left out. */
            avatar_email?: string;
        };
        /** @description A token of an application. It acts as the user who made it or consented to it. */
        OAuthApplicationToken: {
            /**
             * Format: uuid
             * @description Names the token; no secret.
             */
            uuid: string;
            /** @description Name that it was made under; null when it comes from the OAuth flow. */
            name: string | null;
            /** @description What it may be used for, separated by spaces. */
            scope: string;
            /** @description When it stops working, ISO 8601 in UTC. */
            expires_at: string | null;
            /** @description When it was made, ISO 8601 in UTC. */
            created: string | null;
            /** @description Who made it. */
            created_by: string | null;
            /** @description When it was last used, ISO 8601 in UTC; null when never. */
            last_accessed: string | null;
            /** @description The token itself, 40 characters. Only the answer that makes it holds it. */
            token?: string;
        };
        ApplicationTokenList: {
            tokens: components["schemas"]["OAuthApplicationToken"][];
            /** @description Ask for the next page with it; left out on the last one. */
            next_page?: string;
        };
        NewApplicationToken: {
            /** @description What it is for; white space around it is cut off. */
            name: string;
            /** @description Scopes, separated by spaces or commas. One that is not known makes all of them invalid. */
            scope: string;
            /** @description Seconds that it works: by default and at most 315576000, about ten years. */
            expiration?: number;
        };
        /** @description The namespace that the application belongs to. */
        ConsentOrganization: {
            /** @description Name of the organization. */
            name: string;
            /** @description Its avatar, as JSON in a string. */
            avatar: string;
        };
        /** @description The application that asks. */
        ConsentApplication: {
            /** @description Name of the application. */
            name: string;
            /** @description What it does. */
            description: string;
            /** @description Its home page. */
            url: string;
            /** @description Its avatar, as JSON in a string. */
            avatar: string;
            organization: components["schemas"]["ConsentOrganization"];
        };
        /** @description What the page of `oauthAuthorize` says. */
        ConsentRequest: {
            scopes: components["schemas"]["OAuthScopeView"][];
            /** @description One of the scopes is dangerous. */
            has_dangerous_scopes: boolean;
            application: components["schemas"]["ConsentApplication"];
            /** @description As asked. */
            response_type: string;
            /** @description As asked. */
            client_id: string;
            /** @description As asked. */
            redirect_uri: string;
            /** @description As asked. */
            scope: string;
            /** @description `_csrf_token` of the forms. */
            csrf_token_val: string;
            /** @description As asked. */
            state: string | null;
            /** @description As asked. */
            assignment_uuid: string | null;
        };
        /** @description A refusal that an application cannot be told of. `error` is the one of OAuth 2. */
        FlowRefusal: {
            /** @description `invalid_request`, unless a rule of the document was broken. */
            error?: string;
            /** @description Which rule refused, and where it helps what to do next. */
            detail: string;
            /** @description The same as `detail`. */
            message: string;
            /** @description The same as `detail`. */
            error_message: string;
            /** @description Name of the error; `getErrorDescription` explains it. */
            error_type: string;
            /** @description The same as `error_type`. */
            title: string;
            /**
             * Format: uri
             * @description Address of the explanation.
             */
            type: string;
            /** @description The HTTP status. */
            status: number;
        };
        /** @description The form of `oauthAuthorize`, all as asked there. */
        Consent: {
            /** @description The application. */
            client_id: string;
            /** @description Where to go on. */
            redirect_uri: string;
            /** @description Scopes, separated by spaces or commas. */
            scope: string;
            /**
             * @description `code` or `token`.
             * @default code
             */
            response_type: string;
            /** @description Given back to the application. */
            state?: string;
            /** @description The assignment that this fulfils. */
            assignment_uuid?: string;
            /** @description Challenge of PKCE. */
            code_challenge?: string;
            /** @description `S256`. */
            code_challenge_method?: string;
            /** @description CSRF token of the session; the header `X-CSRF-Token` does as well. */
            _csrf_token?: string;
        };
        /** @description The form of `oauthAuthorize`, sent by its other button. */
        Denial: {
            /** @description The application. */
            client_id: string;
            /** @description Where to go on. */
            redirect_uri: string;
            /** @description Not looked at. */
            scope?: string;
            /**
             * @description `code` or `token`.
             * @default code
             */
            response_type: string;
            /** @description Given back to the application. */
            state?: string;
            /** @description CSRF token of the session; the header `X-CSRF-Token` does as well. */
            _csrf_token?: string;
        };
        /** @description The form of `oauthAssignUser`. Other fields are not looked at. */
        AssignmentForm: {
            /** @description CSRF token of the session; the header `X-CSRF-Token` does as well. */
            _csrf_token?: string;
        };
        /** @description Somebody was asked to make a token. */
        AssignmentMade: {
            /** @description What has happened. */
            message: string;
        };
        /** @description A form of OAuth 2. Fields that are not known are not looked at. */
        CodeExchange: {
            /** @description `authorization_code`. */
            grant_type?: string;
            /** @description The application. */
            client_id?: string;
            /** @description Its client secret. */
            client_secret?: string;
            /** @description The address that the code was sent to. */
            redirect_uri?: string;
            /** @description The code. */
            code?: string;
            /** @description Scopes of the code; another set is refused. May be left out. */
            scope?: string;
            /** @description Verifier of PKCE; needed when the code was asked for with a challenge, refused when it was not. */
            code_verifier?: string;
        };
        /** @description A token of an application. */
        AccessToken: {
            /** @description The token, for `Authorization: Bearer`. */
            access_token: string;
            /**
             * @description How it is presented.
             * @enum {string}
             */
            token_type: "Bearer";
            /** @description Seconds that it works. */
            expires_in: number;
            /** @description Always null. */
            refresh_token: string | null;
        };
        /** @description A refusal of the token endpoint (RFC 6749, 5.2). */
        OAuthFlowError: {
            /** @enum {string} */
            error: "invalid_request" | "invalid_client" | "invalid_grant" | "unsupported_grant_type" | "invalid_scope";
            /** @description Which rule refused, and where it helps what to do next. */
            error_description: string;
        };
        /** @description The token of the query. */
        LocalToken: {
            /** @description As it stands in the query. */
            access_token: string | null;
        };
        /** @description The form of `showSigninPage`. */
        SigninForm: {
            /** @description User name or e-mail address. */
            username: string;
            /** @description Password of the account. */
            password: string;
            /**
             * @description Where to go after signing in: a path of this registry.
             * @default /
             */
            next: string;
            /** @description CSRF token of the session; the header `X-CSRF-Token` does as well. */
            _csrf_token?: string;
        };
        /**
         * @description NORMAL takes changes. READ_ONLY takes none. MIRROR and ORG_MIRROR take them from their mirror alone.
         * @enum {string}
         */
        RepositoryState: "NORMAL" | "READ_ONLY" | "MIRROR" | "ORG_MIRROR";
        /** @description A repository in a list. */
        RepositorySummary: {
            /** @description User or organization that owns it. */
            namespace: string;
            /** @description Name inside the namespace. */
            name: string;
            /** @description What it holds; Markdown. */
            description: string | null;
            /** @description Anyone may read it. */
            is_public: boolean;
            /** @description Always `image`. */
            kind: string;
            state: components["schemas"]["RepositoryState"];
            /** @description When a tag last changed, in seconds since 1970; null when it never had one. Sent when `last_modified` is asked for. */
            last_modified?: number | null;
            /** @description How much it is used; sent when `popularity` is asked for. */
            popularity?: number;
            /** @description You have starred it; sent to those who are signed in. */
            is_starred?: boolean;
        };
        RepositoryList: {
            repositories: components["schemas"]["RepositorySummary"][];
            /** @description There is another page: send this as `next_page`. */
            next_page?: string;
        };
        /**
         * @description Public: anyone may read. Private: only those who were given the right.
         * @enum {string}
         */
        Visibility: "public" | "private";
        NewRepo: {
            /** @description Name inside the namespace; may have more segments. */
            repository: string;
            /** @description User or organization that will own it; yourself when it is left out. */
            namespace?: string;
            visibility: components["schemas"]["Visibility"];
            /** @description What it holds; Markdown. May be empty. */
            description: string;
            /**
             * @description There is one kind.
             * @enum {string|null}
             */
            repo_kind?: "image" | null;
        };
        /** @description The new repository. */
        CreatedRepo: {
            /** @description User or organization that owns it. */
            namespace: string;
            /** @description Name inside the namespace. */
            name: string;
            /** @description Always `image`. */
            kind: string;
        };
        /**
         * @description ASCII letters, digits, `_`, `.` and `-`; at most 128; the first no `.` or `-`.
         * @example stable
         */
        TagName: string;
        /**
         * @description Content digest.
         * @example sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
         */
        Digest: string;
        /** @description A live tag of a repository. */
        RepositoryTag: {
            name: components["schemas"]["TagName"];
            /** @description Compressed size of the layers in bytes; null for an index. */
            size: number | null;
            /** @description Since when the tag points where it points. */
            last_modified?: components["schemas"]["RfcDate"];
            /** @description When the tag expires. */
            expiration?: components["schemas"]["RfcDate"];
            manifest_digest?: components["schemas"]["Digest"];
        };
        /** @description What happened to a repository in a day. */
        RepositoryDay: {
            /** @description The day in UTC, `YYYY-MM-DD`. */
            date: string;
            /** @description Number of actions. */
            count: number;
        };
        /** @description A repository, and what you may do with it. */
        RepositoryView: {
            /** @description User or organization that owns it. */
            namespace: string;
            /** @description Name inside the namespace. */
            name: string;
            /** @description Always `image`. */
            kind: string;
            /** @description What it holds; Markdown. */
            description: string | null;
            /** @description Anyone may read it. */
            is_public: boolean;
            /** @description The owner is an organization. */
            is_organization: boolean;
            /** @description You have starred it. */
            is_starred: boolean;
            /** @description Opens the build badge of a private repository; empty for a public one. */
            status_token: string;
            /** @description Always false; signing by a trust server is not offered. */
            trust_enabled: boolean;
            /** @description Seconds that a deleted or moved tag stays restorable. */
            tag_expiration_s: number;
            /** @description The owner pays for no plan. */
            is_free_account: boolean;
            state: components["schemas"]["RepositoryState"];
            /** @description You may push and tag now. */
            can_write: boolean;
            /** @description You administer it. */
            can_admin: boolean;
            /** @description Live tags by name, at most 500; `listRepoTags` gives all. Left out when `includeTags` is false. */
            tags?: {
                [key: string]: components["schemas"]["RepositoryTag"];
            };
            /** @description The last 92 days. Sent when `includeStats` is asked for. */
            stats?: components["schemas"]["RepositoryDay"][];
        };
        RepoUpdate: {
            /** @description What it holds; Markdown. May be empty. */
            description: string;
        };
        ChangeVisibility: {
            visibility: components["schemas"]["Visibility"];
        };
        ChangeRepoState: {
            /**
             * @description NORMAL takes changes, READ_ONLY takes none, MIRROR takes them from its mirror alone.
             * @enum {string}
             */
            state: "NORMAL" | "READ_ONLY" | "MIRROR";
        };
        /** @description A role that a user or a robot was given on a repository. */
        UserPermission: {
            role: components["schemas"]["RepositoryRole"];
            /** @description Name of the user or the robot. */
            name: string;
            /** @description It is a robot account. */
            is_robot: boolean;
            avatar: components["schemas"]["Avatar"];
            /** @description The user is in a team of the organization, or the robot belongs to it; sent for its repositories only. */
            is_org_member?: boolean;
        };
        UserPermissions: {
            /** @description The role of each user and robot, by name. */
            permissions: {
                [key: string]: components["schemas"]["UserPermission"];
            };
        };
        PermissionChange: {
            role: components["schemas"]["RepositoryRole"];
        };
        HeldRole: {
            role: components["schemas"]["RepositoryRole"];
        };
        TransitivePermissions: {
            /** @description The role given to the user itself and those of the teams the user is in, strongest first, each once. */
            permissions: components["schemas"]["HeldRole"][];
        };
        /** @description A role that a team was given on a repository. */
        TeamPermission: {
            role: components["schemas"]["RepositoryRole"];
            /** @description Name of the team. */
            name: string;
            avatar: components["schemas"]["Avatar"];
        };
        "TeamPermissions-2": {
            /** @description The role of each team, by name. */
            permissions: {
                [key: string]: components["schemas"]["TeamPermission"];
            };
        };
        /** @description An address that is to get notifications of a repository. */
        RepositoryEmail: {
            /** @description The address. */
            email: string;
            /** @description Namespace of the repository. */
            namespace: string;
            /** @description Name of the repository inside its namespace. */
            repository: string;
            /** @description Whoever reads the mails of the address has agreed. */
            confirmed: boolean;
        };
        /**
         * @description Seconds since 1970-01-01 UTC.
         * @example 1577836800
         */
        EpochSeconds: number;
        /** @description One life of a tag. A tag that was moved has several; the one without `end_ts` is live. */
        Tag: {
            name: components["schemas"]["TagName"];
            /** @description The life began by restoring an earlier manifest. */
            reversion: boolean;
            /** @description Begin of this life. */
            start_ts?: components["schemas"]["EpochSeconds"];
            /** @description End of this life; in the future when the tag expires. */
            end_ts?: components["schemas"]["EpochSeconds"];
            manifest_digest: components["schemas"]["Digest"];
            /** @description The manifest is an index (multi-platform image). */
            is_manifest_list: boolean;
            /** @description Compressed size of the layers in bytes; null for an index. */
            size: number | null;
            last_modified?: components["schemas"]["RfcDate"];
            /** @description When the tag expires or has ended. */
            expiration?: components["schemas"]["RfcDate"];
            /** @description For an index: some of its manifests are not in the repository. */
            is_sparse?: boolean;
            child_manifest_count?: number;
            present_child_count?: number;
            /** @description Digest of each manifest of the index, and whether the repository holds it. */
            child_manifests_presence?: {
                [key: string]: boolean;
            };
        };
        TagList: {
            tags: components["schemas"]["Tag"][];
            page: number;
            /** @description There is another page. */
            has_additional: boolean;
        };
        /** @description Each field acts only when it is there. All of them are applied, or none. */
        ChangeTag: {
            /** @description Digest to point the tag at. The tag is made when it does not exist. */
            manifest_digest?: string | null;
            /** @description When the tag shall expire, in seconds since 1970; null for never. */
            expiration?: number | null;
            /** @description Ignored until tag immutability is built. */
            immutable?: boolean;
        };
        /** @enum {string} */
        Updated: "Updated";
        RestoreTag: {
            /** @description Digest from the history of the tag. */
            manifest_digest: string;
        };
        ExpireTag: {
            /** @description Needed unless `is_alive` is true. */
            manifest_digest?: string;
            /**
             * @description Ignored.
             * @default false
             */
            include_submanifests: boolean;
            /**
             * @description True: end the live tag for good. False: forget ended lives with this manifest.
             * @default false
             */
            is_alive: boolean;
        };
        /**
         * @description The empty JSON string.
         * @example
         * @enum {string}
         */
        EmptyText: "";
        /** @description A layer, and the step of the image's history that made it. */
        ManifestLayer: {
            /** @description Place in the image, 0 is the lowest. */
            index: number;
            /** @description Size in bytes as stored. */
            compressed_size: number | null;
            /** @description The bytes are elsewhere, at `urls`. */
            is_remote: boolean;
            /** @description Where a remote layer can be had. */
            urls: string[] | null;
            /** @description The command that made it. */
            command: string[] | null;
            /** @description Comment in the history. */
            comment: string | null;
            /** @description Author in the history. */
            author: string | null;
            blob_digest: components["schemas"]["Digest"];
            /** @description When it was made, an RFC 2822 date in UTC; null when the image does not say. */
            created_datetime: string | null;
        };
        /** @description A manifest, taken apart. */
        ManifestView: {
            digest: components["schemas"]["Digest"];
            /** @description The manifest is an index (multi-platform image). */
            is_manifest_list: boolean;
            /** @description The manifest itself, byte for byte. */
            manifest_data: string;
            /** @description Media type of the config; null for an index. */
            config_media_type: string | null;
            /** @description Sum of the layers in bytes; 0 for an index. */
            layers_compressed_size: number | null;
            /** @description The layers, lowest first; null for an index. */
            layers: components["schemas"]["ManifestLayer"][] | null;
        };
        /** @description Somebody who can be given a right: a user, a robot, a team or an organization. */
        Entity: {
            /** @description Name of the entity. */
            name: string;
            /**
             * @description A robot counts as `user`; `external` are users of another sign-in service.
             * @enum {string}
             */
            kind: "user" | "team" | "org" | "external";
            /** @description It is a robot account; sent for users and robots. */
            is_robot?: boolean;
            /** @description It belongs to the organization of `namespace`; sent to the members of the organization. */
            is_org_member?: boolean;
            avatar: components["schemas"]["Avatar"];
        };
        Entities: {
            /** @description Teams, users, robots, then the organization; by name, at most 10 of each. */
            results: components["schemas"]["Entity"][];
        };
        /**
         * @description How loudly to say it.
         * @enum {string}
         */
        MessageSeverity: "info" | "warning" | "error";
        /**
         * @description How the text is meant.
         * @enum {string}
         */
        MessageMediaType: "text/plain" | "text/markdown";
        /** @description A message for everybody who uses the registry. */
        GlobalMessage: {
            /**
             * Format: uuid
             * @description Id of the message.
             */
            uuid: string;
            /** @description The text as it was given. */
            content: string;
            severity: components["schemas"]["MessageSeverity"];
            media_type: components["schemas"]["MessageMediaType"];
        };
        GlobalMessageList: {
            /** @description Messages, oldest first; at most 100. */
            messages: components["schemas"]["GlobalMessage"][];
        };
        NewGlobalMessage: {
            /** @description The text. Whoever shows it renders it harmless. */
            content: string;
            media_type: components["schemas"]["MessageMediaType"];
            severity: components["schemas"]["MessageSeverity"];
        };
        CreateMessage: {
            message: components["schemas"]["NewGlobalMessage"];
        };
        /** @description Whether an index may be pushed without all of its manifests. */
        SparseManifests: {
            /** @description An index may name manifests that the repository does not hold. */
            supported: boolean;
            /** @description Architectures that must be there all the same. */
            required_architectures: string[];
            /** @description Architectures that are not required may be missing. */
            optional_architectures_allowed: boolean;
        };
        /** @description What this registry can do, for clients that adapt. */
        RegistryCapabilities: {
            sparse_manifests: components["schemas"]["SparseManifests"];
            /** @description Architectures that a mirror can be limited to. */
            mirror_architectures: string[];
        };
        /** @description What an error type means. */
        ApiErrorDescription: {
            /**
             * Format: uri
             * @description Address of this explanation; `type` in the body of an error.
             */
            type: string;
            /** @description Name of the error; `error_type` in the body of an error. */
            title: string;
            /** @description What it means. */
            description: string;
        };
        /** @description A user, as superusers see all of them. */
        SuUser: {
            /**
             * @description Always `user`.
             * @enum {string}
             */
            kind: "user";
            /** @description Name of the user. */
            name: string;
            /** @description The same as `name`. */
            username: string;
            /** @description The e-mail address, where there is one. */
            email: string | null;
            /** @description The e-mail address is confirmed. */
            verified: boolean;
            avatar: components["schemas"]["Avatar"];
            /** @description The user is a superuser, by configuration or by a mark on the account. */
            super_user: boolean;
            /** @description The user may read everything. */
            global_readonly_super_user: boolean;
            /** @description The user can sign in. */
            enabled: boolean;
        };
        SuUserList: {
            /** @description Users, oldest first. */
            users: components["schemas"]["SuUser"][];
            /** @description There is another page; send this to get it. */
            next_page?: string;
        };
        CreateInstallUser: {
            /** @description Lower-case letters and digits, with single `.`, `_` or `-` between them. */
            username: string;
            /** @description E-mail address; needed when the registry sends mail. */
            email?: string;
        };
        /** @description The new user. */
        CreatedInstallUser: {
            /** @description Name of the user. */
            username: string;
            /** @description E-mail address, when one was given. */
            email: string | null;
            /** @description The password, 32 characters out of A-Z and 0-9. It is shown once. */
            password: string;
        };
        /** @description Each field acts only when it is there. All of them are applied, or none. */
        UpdateInstallUser: {
            /** @description At least 8 characters, no white space. A change ends every sign-in of the user. */
            password?: string;
            /** @description E-mail address. */
            email?: string;
            /** @description Whether the user can sign in. */
            enabled?: boolean;
        };
        /** @description Where the mail goes. */
        RecoverySent: {
            /** @description E-mail address of the user. */
            email: string;
        };
        /** @description An organization, as superusers see all of them. */
        SuOrg: {
            /** @description Name of the organization. */
            name: string;
            /** @description E-mail address, or the empty string. */
            email: string;
            avatar: components["schemas"]["Avatar"];
        };
        SuOrgList: {
            /** @description Organizations, oldest first. */
            organizations: components["schemas"]["SuOrg"][];
            /** @description There is another page; send this to get it. */
            next_page?: string;
        };
        RenameOrganization: {
            /** @description New name: lower-case letters and digits, with single `.`, `_` or `-` between them. */
            name?: string;
        };
        /** @description What was taken over. */
        TakenNamespace: {
            /** @description Name of the organization. */
            namespace: string;
        };
        /** @description The configuration that the registry runs with. */
        SuperUserConfig: {
            /** @description Each key that has a value, as the configuration file would have it. Secrets are `(hidden)`. */
            config: {
                [key: string]: unknown;
            };
            /** @description Always empty. */
            warning: {
                [key: string]: unknown;
            };
            /** @description Always empty; what the environment sets stands in `config`. */
            env: {
                [key: string]: unknown;
            };
            /** @description JSON Schema of each key. */
            schema: {
                [key: string]: unknown;
            };
        };
        /** @description A public key, as a JSON Web Key (RFC 7517). */
        ServiceKey: {
            /** @description Kind of key: `EC` or `RSA`. */
            kty: string;
            /** @description Id of the key. */
            kid: string;
            /** @description What it is for: `sig`. */
            use?: string;
            /** @description How it signs. */
            alg?: string;
            /** @description Curve of an EC key. */
            crv?: string;
            /** @description Coordinate of an EC key. */
            x?: string;
            /** @description Coordinate of an EC key. */
            y?: string;
            /** @description Modulus of an RSA key. */
            n?: string;
            /** @description Exponent of an RSA key. */
            e?: string;
        };
        /**
         * @description HTTP date (RFC 9110, 5.6.7).
         * @example Wed, 01 Jan 2020 00:00:00 GMT
         */
        HttpDate: string;
        /** @description The superuser who has approved the key; null when that account is gone. */
        ServiceKeyApprover: components["schemas"]["SuUser"] | null;
        /** @description Who has approved the key; null while it waits. */
        ServiceKeyApproval: {
            approver: components["schemas"]["ServiceKeyApprover"];
            /**
             * @description How it came about.
             * @enum {string}
             */
            approval_type: "Super User API" | "Key Rotation" | "Automatic";
            approved_date: components["schemas"]["HttpDate"];
            /** @description Why it was approved. */
            notes: string;
        } | null;
        /** @description A key of another service, with who has approved it. */
        ServiceKeyView: {
            /** @description Name for people. */
            name: string;
            /** @description Id of the key. */
            kid: string;
            /** @description Service that signs with it. */
            service: string;
            jwk: components["schemas"]["ServiceKey"];
            /** @description What was told about the key. */
            metadata: {
                [key: string]: unknown;
            };
            created_date: components["schemas"]["HttpDate"];
            /**
             * @description HTTP date from which on it is no longer served, or null for never.
             * @example Wed, 01 Jan 2020 00:00:00 GMT
             */
            expiration_date: string | null;
            /** @description Seconds after which the service replaces the key. */
            rotation_duration: number | null;
            approval: components["schemas"]["ServiceKeyApproval"];
        };
        ServiceKeyViewList: {
            /** @description Keys by service and id. */
            keys: components["schemas"]["ServiceKeyView"][];
        };
        /** @description Service that signs with the key; lower-case letters, digits and `_`. */
        ServiceName: string;
        /** @description Name for people: letters, digits, white space, `-`, `_`, `:` and `/`. */
        KeyName: string;
        /** @description Anything that helps people to know the key; 16 KiB at most. */
        KeyMetadata: {
            [key: string]: unknown;
        };
        /** @description Why it was approved; Markdown. */
        KeyNotes: string;
        /** @description Seconds since 1970-01-01 UTC, in the future, or null for never. */
        KeyExpiration: number | null;
        CreateServiceKey: {
            service: components["schemas"]["ServiceName"];
            name?: components["schemas"]["KeyName"];
            metadata?: components["schemas"]["KeyMetadata"];
            notes?: components["schemas"]["KeyNotes"];
            expiration: components["schemas"]["KeyExpiration"];
        };
        /** @description The new key pair. */
        CreatedServiceKey: {
            /** @description Id of the key; its RFC 7638 thumbprint. */
            kid: string;
            /** @description Name for people. */
            name: string;
            /** @description Service that signs with it. */
            service: string;
            /** @description Public half, PEM. */
            public_key: string;
            /** @description Private half, PEM (PKCS#1). It is shown once and kept nowhere. */
            private_key: string;
        };
        /** @description Only the fields that are sent are changed. */
        PutServiceKey: {
            name?: components["schemas"]["KeyName"];
            metadata?: components["schemas"]["KeyMetadata"];
            expiration?: components["schemas"]["KeyExpiration"];
        };
        ApproveServiceKey: {
            notes?: components["schemas"]["KeyNotes"];
        };
        CsrfToken: {
            csrf_token: components["schemas"]["CsrfTokenText"];
        };
        /** @description Settings by key, those that are set and that anybody may know. */
        UiSettings: {
            [key: string]: unknown;
        };
        /** @description Each `FEATURE_` key without its prefix, and whether it is on; those of Quay that are not built are off. */
        UiFeatures: {
            [key: string]: boolean;
        };
        /** @description Public settings of each login service by its key. */
        UiLoginServices: {
            [key: string]: components["schemas"]["UiSettings"];
        };
        /** @description A service that people may sign in with. */
        UiExternalLogin: {
            /** @description Id of the service. */
            id: string;
            /** @description Name to show. */
            title: string;
            config: components["schemas"]["UiSettings"];
            /** @description Name or address of an icon. */
            icon: string;
        };
        /** @description What a web page must know before anybody has signed in. Holds no secrets. */
        UiConfig: {
            config: components["schemas"]["UiSettings"];
            features: components["schemas"]["UiFeatures"];
            oauth: components["schemas"]["UiLoginServices"];
            /** @description Services that people may sign in with. */
            external_login: components["schemas"]["UiExternalLogin"][];
            /** @description `normal` or `readonly`. */
            registry_state: string;
            /** @description Only superusers can sign in. */
            account_recovery_mode: boolean;
            /** @description Version of the registry. */
            version_number: string;
        };
        HealthParts: {
            /** @description Each part that was looked at, and whether it works. */
            services: {
                [key: string]: boolean;
            };
        };
        /** @description Whether the registry works, part by part. */
        HealthReport: {
            data: components["schemas"]["HealthParts"];
            /** @description The HTTP status. */
            status_code: number;
        };
        /** @description A JSON Web Key set (RFC 7517). */
        ServiceKeyList: {
            keys: components["schemas"]["ServiceKey"][];
        };
        /** @description A public JSON Web Key (RFC 7517): RSA with 2048 to 8192 bits, or EC on P-256, P-384 or P-521. Other members than these are not kept. */
        SubmittedJwk: {
            /**
             * @description Kind of key.
             * @enum {string}
             */
            kty: "RSA" | "EC";
            /** @description Id of the key; when it is sent, the one of the path. */
            kid?: string;
            /**
             * @description Curve of an EC key.
             * @enum {string}
             */
            crv?: "P-256" | "P-384" | "P-521";
            /** @description Coordinate of an EC key. */
            x?: string;
            /** @description Coordinate of an EC key. */
            y?: string;
            /** @description Modulus of an RSA key. */
            n?: string;
            /** @description Exponent of an RSA key. */
            e?: string;
        };
    };
    responses: {
        /** @description The request breaks a rule; `detail` says which. */
        BadRequest: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "detail": "limit must be >= 1",
                 *       "message": "limit must be >= 1",
                 *       "error_message": "limit must be >= 1",
                 *       "error_type": "invalid_request",
                 *       "title": "invalid_request",
                 *       "type": "http://localhost:8080/api/v1/error/invalid_request",
                 *       "status": 400
                 *     }
                 */
                "application/json": components["schemas"]["ApiError"];
            };
        };
        /** @description Nobody is signed in, or the token does not work. */
        SignInFirst: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "detail": "Requires authentication",
                 *       "message": "Requires authentication",
                 *       "error_message": "Requires authentication",
                 *       "error_type": "invalid_token",
                 *       "title": "invalid_token",
                 *       "type": "http://localhost:8080/api/v1/error/invalid_token",
                 *       "status": 401
                 *     }
                 */
                "application/json": components["schemas"]["ApiError"];
            };
        };
        /** @description The credentials are wrong, the account may not sign in yet, or the call lacks its CSRF token or the right. */
        SigninRefused: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "needsEmailVerification": false,
                 *       "invalidCredentials": true,
                 *       "message": "Invalid Username or Password"
                 *     }
                 */
                "application/json": components["schemas"]["SigninRefusal"];
            };
        };
        /** @description The registry runs with a feature of this operation off. */
        SwitchedOff: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "detail": "this registry runs without FEATURE_DIRECT_LOGIN",
                 *       "message": "this registry runs without FEATURE_DIRECT_LOGIN",
                 *       "error_message": "this registry runs without FEATURE_DIRECT_LOGIN",
                 *       "error_type": "not_found",
                 *       "title": "not_found",
                 *       "type": "http://localhost:8080/api/v1/error/not_found",
                 *       "status": 404
                 *     }
                 */
                "application/json": components["schemas"]["ApiError"];
            };
        };
        /** @description Too many wrong passwords for this account. Each one doubles the wait; until it is over even the right password is refused. */
        TooManyAttempts: {
            headers: {
                "Retry-After": components["headers"]["RetryAfter"];
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "detail": "Too many wrong passwords. Try again in 4 seconds.",
                 *       "message": "Too many wrong passwords. Try again in 4 seconds.",
                 *       "error_message": "Too many wrong passwords. Try again in 4 seconds.",
                 *       "error_type": "too_many_attempts",
                 *       "title": "too_many_attempts",
                 *       "type": "http://localhost:8080/api/v1/error/too_many_attempts",
                 *       "status": 429
                 *     }
                 */
                "application/json": components["schemas"]["ApiError"];
            };
        };
        /** @description The CSRF token is missing or belongs to another session. */
        CsrfTokenNeeded: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "detail": "CSRF token was invalid or missing.",
                 *       "message": "CSRF token was invalid or missing.",
                 *       "error_message": "CSRF token was invalid or missing.",
                 *       "error_type": "invalid_csrf_token",
                 *       "title": "invalid_csrf_token",
                 *       "type": "http://localhost:8080/api/v1/error/invalid_csrf_token",
                 *       "status": 403
                 *     }
                 */
                "application/json": components["schemas"]["ApiError"];
            };
        };
        /** @description The CSRF token is missing or wrong. A browser gets a page that says to load the form again. */
        StaleForm: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "text/html": string;
                /**
                 * @example {
                 *       "detail": "CSRF token was invalid or missing.",
                 *       "message": "CSRF token was invalid or missing.",
                 *       "error_message": "CSRF token was invalid or missing.",
                 *       "error_type": "invalid_csrf_token",
                 *       "title": "invalid_csrf_token",
                 *       "type": "http://localhost:8080/api/v1/error/invalid_csrf_token",
                 *       "status": 403
                 *     }
                 */
                "application/json": components["schemas"]["ApiError"];
            };
        };
        /** @description The body is not a form of a type that is taken. */
        NotAForm: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "detail": "send the body as application/x-www-form-urlencoded",
                 *       "message": "send the body as application/x-www-form-urlencoded",
                 *       "error_message": "send the body as application/x-www-form-urlencoded",
                 *       "error_type": "unsupported_media_type",
                 *       "title": "unsupported_media_type",
                 *       "type": "http://localhost:8080/api/v1/error/unsupported_media_type",
                 *       "status": 415
                 *     }
                 */
                "application/json": components["schemas"]["ApiError"];
            };
        };
        /** @description Nobody is signed in, or the token lacks `user:read`. `session_required` is false: asking is no fault. */
        NobodySignedIn: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "detail": "Requires authentication",
                 *       "message": "Requires authentication",
                 *       "error_message": "Requires authentication",
                 *       "error_type": "invalid_token",
                 *       "title": "invalid_token",
                 *       "type": "http://localhost:8080/api/v1/error/invalid_token",
                 *       "status": 401,
                 *       "session_required": false
                 *     }
                 */
                "application/json": components["schemas"]["ApiError"];
            };
        };
        /** @description Nobody is signed in, or the sign-in is too old for this (`fresh_login_required`): confirm the password with `verifyUser`, then repeat the call with the new CSRF token. */
        SignInAgain: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "detail": "Requires fresh login",
                 *       "message": "Requires fresh login",
                 *       "error_message": "Requires fresh login",
                 *       "error_type": "fresh_login_required",
                 *       "title": "fresh_login_required",
                 *       "type": "http://localhost:8080/api/v1/error/fresh_login_required",
                 *       "status": 401
                 *     }
                 */
                "application/json": components["schemas"]["ApiError"];
            };
        };
        /** @description You are signed in but lack the right, or the CSRF token is missing. */
        NotAllowed: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "detail": "Unauthorized",
                 *       "message": "Unauthorized",
                 *       "error_message": "Unauthorized",
                 *       "error_type": "insufficient_scope",
                 *       "title": "insufficient_scope",
                 *       "type": "http://localhost:8080/api/v1/error/insufficient_scope",
                 *       "status": 403
                 *     }
                 */
                "application/json": components["schemas"]["ApiError"];
            };
        };
        /** @description There is no such thing. Told only to those who could see it. */
        NotFound: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "detail": "no tag stable in acme/nginx",
                 *       "message": "no tag stable in acme/nginx",
                 *       "error_message": "no tag stable in acme/nginx",
                 *       "error_type": "not_found",
                 *       "title": "not_found",
                 *       "type": "http://localhost:8080/api/v1/error/not_found",
                 *       "status": 404
                 *     }
                 */
                "application/json": components["schemas"]["ApiError"];
            };
        };
        /** @description The request breaks a rule; the answer says which. */
        BadRequestPage: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "text/html": string;
                /**
                 * @example {
                 *       "detail": "This code invites you to no team",
                 *       "message": "This code invites you to no team",
                 *       "error_message": "This code invites you to no team",
                 *       "error_type": "invalid_request",
                 *       "title": "invalid_request",
                 *       "type": "http://localhost:8080/api/v1/error/invalid_request",
                 *       "status": 400
                 *     }
                 */
                "application/json": components["schemas"]["ApiError"];
            };
        };
        /** @description Nobody is signed in. A browser that only looks is sent to `/signin` instead. */
        SignInFirstPage: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "text/html": string;
                /**
                 * @example {
                 *       "detail": "Requires authentication",
                 *       "message": "Requires authentication",
                 *       "error_message": "Requires authentication",
                 *       "error_type": "invalid_token",
                 *       "title": "invalid_token",
                 *       "type": "http://localhost:8080/api/v1/error/invalid_token",
                 *       "status": 401
                 *     }
                 */
                "application/json": components["schemas"]["ApiError"];
            };
        };
        /** @description There is no such application, or the registry runs without this. */
        NotFoundPage: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "text/html": string;
                /**
                 * @example {
                 *       "detail": "no application XQ5C0HZ0TL7E8KDN1V2M",
                 *       "message": "no application XQ5C0HZ0TL7E8KDN1V2M",
                 *       "error_message": "no application XQ5C0HZ0TL7E8KDN1V2M",
                 *       "error_type": "not_found",
                 *       "title": "not_found",
                 *       "type": "http://localhost:8080/api/v1/error/not_found",
                 *       "status": 404
                 *     }
                 */
                "application/json": components["schemas"]["ApiError"];
            };
        };
        /** @description There is no such robot, or the token does not stand for it. `error` says the same as `detail`, for clients of Quay. */
        FederationRefused: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "detail": "the token does not stand for acme+deploy",
                 *       "message": "the token does not stand for acme+deploy",
                 *       "error_message": "the token does not stand for acme+deploy",
                 *       "error_type": "invalid_token",
                 *       "title": "invalid_token",
                 *       "type": "http://localhost:8080/api/v1/error/invalid_token",
                 *       "status": 401
                 *     }
                 */
                "application/json": components["schemas"]["ApiError"];
            };
        };
        /** @description Go on at `Location`: back to the application with `code`, a token in the fragment or `error`; or to the sign-in page. */
        FlowGoesOn: {
            headers: {
                Location: components["headers"]["Location"];
                "Cache-Control": components["headers"]["NoStore"];
                [name: string]: unknown;
            };
            content?: never;
        };
        /** @description The request breaks a rule that the application cannot be told of, because it may not be the one who asks. */
        FlowRefused: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "text/html": string;
                /**
                 * @example {
                 *       "error": "invalid_request",
                 *       "detail": "redirect_uri is not the address that the application has registered",
                 *       "message": "redirect_uri is not the address that the application has registered",
                 *       "error_message": "redirect_uri is not the address that the application has registered",
                 *       "error_type": "invalid_request",
                 *       "title": "invalid_request",
                 *       "type": "http://localhost:8080/api/v1/error/invalid_request",
                 *       "status": 400
                 *     }
                 */
                "application/json": components["schemas"]["FlowRefusal"];
            };
        };
        /** @description You are signed in but may not consent here, or the CSRF token is missing. */
        NotAllowedPage: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "text/html": string;
                /**
                 * @example {
                 *       "detail": "Unauthorized",
                 *       "message": "Unauthorized",
                 *       "error_message": "Unauthorized",
                 *       "error_type": "insufficient_scope",
                 *       "title": "insufficient_scope",
                 *       "type": "http://localhost:8080/api/v1/error/insufficient_scope",
                 *       "status": 403
                 *     }
                 */
                "application/json": components["schemas"]["ApiError"];
            };
        };
        /** @description The form is incomplete, or what it presents does not work; `error` says which. */
        GrantRefused: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "error": "invalid_grant",
                 *       "error_description": "the code is not valid, or was used already"
                 *     }
                 */
                "application/json": components["schemas"]["OAuthFlowError"];
            };
        };
        /** @description The Basic credentials are not those of an application. */
        ClientRefused: {
            headers: {
                "WWW-Authenticate": components["headers"]["BasicChallenge"];
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "error": "invalid_client",
                 *       "error_description": "client id or client secret is wrong"
                 *     }
                 */
                "application/json": components["schemas"]["OAuthFlowError"];
            };
        };
        /** @description The form did not come within 25 seconds. */
        GrantTooSlow: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "error": "invalid_request",
                 *       "error_description": "the body did not come within 25 seconds: send it again"
                 *     }
                 */
                "application/json": components["schemas"]["OAuthFlowError"];
            };
        };
        /** @description The form is larger than 1 MiB. */
        GrantTooLarge: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "error": "invalid_request",
                 *       "error_description": "the body is larger than 1048576 bytes"
                 *     }
                 */
                "application/json": components["schemas"]["OAuthFlowError"];
            };
        };
        /** @description The body is not a form of a type that is taken. */
        GrantNotAForm: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "error": "invalid_request",
                 *       "error_description": "send the body as application/x-www-form-urlencoded"
                 *     }
                 */
                "application/json": components["schemas"]["OAuthFlowError"];
            };
        };
        /** @description A rule forbids moving or deleting this tag. */
        TagIsImmutable: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "detail": "Cannot delete immutable tag 'stable'",
                 *       "message": "Cannot delete immutable tag 'stable'",
                 *       "error_message": "Cannot delete immutable tag 'stable'",
                 *       "error_type": "tag_immutable",
                 *       "title": "tag_immutable",
                 *       "type": "http://localhost:8080/api/v1/error/tag_immutable",
                 *       "status": 409
                 *     }
                 */
                "application/json": components["schemas"]["ApiError"];
            };
        };
        /** @description The key is past its expiry; what it signed is no longer valid. */
        KeyExpired: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "detail": "the key expired on Wed, 01 Jan 2020 00:00:00 -0000",
                 *       "message": "the key expired on Wed, 01 Jan 2020 00:00:00 -0000",
                 *       "error_message": "the key expired on Wed, 01 Jan 2020 00:00:00 -0000",
                 *       "error_type": "denied",
                 *       "title": "denied",
                 *       "type": "http://localhost:8080/api/v1/error/denied",
                 *       "status": 403
                 *     }
                 */
                "application/json": components["schemas"]["ApiError"];
            };
        };
        /** @description The key waits for the approval of a superuser. */
        KeyNotApproved: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "detail": "the key waits for the approval of a superuser",
                 *       "message": "the key waits for the approval of a superuser",
                 *       "error_message": "the key waits for the approval of a superuser",
                 *       "error_type": "key_not_approved",
                 *       "title": "key_not_approved",
                 *       "type": "http://localhost:8080/api/v1/error/key_not_approved",
                 *       "status": 409
                 *     }
                 */
                "application/json": components["schemas"]["ApiError"];
            };
        };
        /** @description The token is signed by a key of the service that is unknown, not approved or expired, or too many keys wait for approval. */
        KeyRefused: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "detail": "the key that signed the token is not approved",
                 *       "message": "the key that signed the token is not approved",
                 *       "error_message": "the key that signed the token is not approved",
                 *       "error_type": "denied",
                 *       "title": "denied",
                 *       "type": "http://localhost:8080/api/v1/error/denied",
                 *       "status": 403
                 *     }
                 */
                "application/json": components["schemas"]["ApiError"];
            };
        };
        /** @description The registry failed. The log holds the cause under `request_id`. */
        ServerError: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "detail": "the registry failed; its log says why under the request id",
                 *       "message": "the registry failed; its log says why under the request id",
                 *       "error_message": "the registry failed; its log says why under the request id",
                 *       "error_type": "internal",
                 *       "title": "internal",
                 *       "type": "http://localhost:8080/api/v1/error/internal",
                 *       "status": 500,
                 *       "request_id": "4f0c1a7e-8d0b-4a86-9a80-3c4f2f1d9e55"
                 *     }
                 */
                "application/json": components["schemas"]["ApiError"];
            };
        };
        /** @description A part that the registry needs does not answer, or the repository takes no changes now. */
        Unavailable: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "detail": "the database does not answer",
                 *       "message": "the database does not answer",
                 *       "error_message": "the database does not answer",
                 *       "error_type": "unavailable",
                 *       "title": "unavailable",
                 *       "type": "http://localhost:8080/api/v1/error/unavailable",
                 *       "status": 503
                 *     }
                 */
                "application/json": components["schemas"]["ApiError"];
            };
        };
        /** @description The body did not come within 25 seconds. */
        BodyTooSlow: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "detail": "the body did not come within 25 seconds: send it again",
                 *       "message": "the body did not come within 25 seconds: send it again",
                 *       "error_message": "the body did not come within 25 seconds: send it again",
                 *       "error_type": "request_timeout",
                 *       "title": "request_timeout",
                 *       "type": "http://localhost:8080/api/v1/error/request_timeout",
                 *       "status": 408
                 *     }
                 */
                "application/json": components["schemas"]["ApiError"];
            };
        };
        /** @description The body is larger than 1 MiB. */
        BodyTooLarge: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "detail": "the body is larger than 1048576 bytes",
                 *       "message": "the body is larger than 1048576 bytes",
                 *       "error_message": "the body is larger than 1048576 bytes",
                 *       "error_type": "payload_too_large",
                 *       "title": "payload_too_large",
                 *       "type": "http://localhost:8080/api/v1/error/payload_too_large",
                 *       "status": 413
                 *     }
                 */
                "application/json": components["schemas"]["ApiError"];
            };
        };
        /** @description The body is not `application/json`. */
        NotJson: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "detail": "send the body as application/json",
                 *       "message": "send the body as application/json",
                 *       "error_message": "send the body as application/json",
                 *       "error_type": "unsupported_media_type",
                 *       "title": "unsupported_media_type",
                 *       "type": "http://localhost:8080/api/v1/error/unsupported_media_type",
                 *       "status": 415
                 *     }
                 */
                "application/json": components["schemas"]["ApiError"];
            };
        };
    };
    parameters: {
        /**
         * @description Name of a service that signs people in.
         * @example github
         */
        LoginServiceId: string;
        /**
         * @description The one-time code of the mail.
         * @example q3V5gR0cLyyCkXf1v0cyu3X0p7bKcGv1yYz0m2oD
         */
        MailCode: string;
        /**
         * @description Name of a user.
         * @example ada
         */
        Username: string;
        /**
         * @description `id` of the notification.
         * @example 6f1c0a7e-8d0b-4a86-9a80-3c4f2f1d9e55
         */
        NotificationUuid: string;
        /**
         * @description `next_page` of the page before. Opaque, and only good for the same question; one that does not work gives the first page.
         * @example eyJhZnRlciI6ImFjbWUvbmdpbngifQ
         */
        NextPage: string;
        /**
         * @description Full name of the repository, `namespace/name`. Slashes may be sent as they are or as `%2F`. A name without a namespace means `library/name`.
         * @example acme/nginx
         */
        Repository: components["schemas"]["RepositoryFullName"];
        /**
         * @description `uuid` of the app token.
         * @example 9d2a1b7c-1a2b-4c3d-8e4f-5a6b7c8d9e0f
         */
        AppTokenUuid: string;
        /**
         * @description Uuid of a token that an application has.
         * @example 4f0c1a7e-8d0b-4a86-9a80-3c4f2f1d9e55
         */
        AccessTokenUuid: string;
        /**
         * @description Uuid of a token that you were asked to make.
         * @example 9a2d4c5e-1f37-4b1c-8f0e-6c1d7a3b5e90
         */
        AssignedAuthorizationUuid: string;
        /**
         * @description Name of the organization.
         * @example acme
         */
        Orgname: string;
        /**
         * @description Name of a user or of a robot of the organization.
         * @example ada
         */
        Membername: string;
        /**
         * @description Name of a team of the organization.
         * @example builders
         */
        Teamname: string;
        /**
         * @description E-mail address that the invitation goes to.
         * @example ada@example.com
         */
        InvitedEmail: string;
        /**
         * @description Code of the invitation, from its e-mail or its notification.
         * @example dq3V5gR0cLyyCkXf1v0cyu3X0p7bKcGv1yYz0m2o
         */
        InviteCode: string;
        /**
         * @description Send teams and repositories of each robot too.
         * @example true
         */
        RobotPermissionsWanted: boolean;
        /**
         * @description Send the tokens to those who may see them.
         * @example false
         */
        RobotTokenWanted: boolean;
        /**
         * @description Send only the first ones.
         * @example 100
         */
        RobotLimit: number;
        /**
         * @description Name of the robot without its namespace and the `+`.
         * @example ci
         */
        RobotShortname: string;
        /**
         * @description Id of the default permission.
         * @example 6b0b2c0e-6d0f-4c57-9a0c-3d2f8f6b1f10
         */
        PrototypeId: string;
        /**
         * @description Client id of an application.
         * @example XQ5C0HZ0TL7E8KDN1V2M
         */
        ClientId: string;
        /**
         * @description Uuid of a token of the application.
         * @example 4f0c1a7e-8d0b-4a86-9a80-3c4f2f1d9e55
         */
        OAuthTokenUuid: string;
        /**
         * @description Client id of the application.
         * @example XQ5C0HZ0TL7E8KDN1V2M
         */
        FlowClientId: string;
        /**
         * @description Where to go on; an address that the application has registered, or `/oauth/localapp` of this registry.
         * @example https://deploy.example.com/callback
         */
        FlowRedirectUri: string;
        /**
         * @description Scopes, separated by spaces or commas. One that is not known makes all of them invalid.
         * @example repo:read
         */
        FlowScope: string;
        /**
         * @description A page for people, or the same as JSON.
         * @example json
         */
        PageFormat: "html" | "json";
        /**
         * @description Name of a user, or of a robot: `namespace+name`.
         * @example ada
         */
        Grantee: string;
        /**
         * @description The e-mail address.
         * @example ops@example.com
         */
        NotificationEmail: string;
        /**
         * @description Name of the tag.
         * @example stable
         */
        Tag: components["schemas"]["TagName"];
        /**
         * @description Digest of the manifest.
         * @example sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
         */
        ManifestRef: components["schemas"]["Digest"];
        /**
         * @description Id of a message.
         * @example 4f0c1a7e-8d0b-4a86-9a80-3c4f2f1d9e55
         */
        MessageUuid: string;
        /**
         * @description Size of a page.
         * @example 50
         */
        SuperUserLimit: number;
        /**
         * @description Name of an organization.
         * @example acme
         */
        OrganizationName: string;
        /**
         * @description Name of an organization or a user.
         * @example acme
         */
        TakenNamespace: string;
        /**
         * @description Id of the key, its RFC 7638 thumbprint. Tokens name it in their `kid` header.
         * @example NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs
         */
        KeyId: string;
        /**
         * @description The service that signs with the keys: `INSTANCE_SERVICE_KEY_SERVICE`, by default `registry`, for this registry itself, or another that has registered its keys.
         * @example registry
         */
        KeyService: string;
    };
    requestBodies: never;
    headers: {
        /**
         * @description Signing in has made a new CSRF token; the earlier one is void.
         * @example q3V5gR0cLyyCkXf1v0cyu3X0p7bKcGv1yYz0m2oD4w8nJtqVbR6eH9sTfUaLxK5d
         */
        NextCsrfToken: components["schemas"]["CsrfTokenText"];
        /**
         * @description Seconds to wait.
         * @example 4
         */
        RetryAfter: number;
        /**
         * @description The answer holds a secret, or belongs to one person; nobody keeps it.
         * @example no-store
         */
        NoStore: "no-store";
        /**
         * @description The address, which holds a code, is not told to the next page.
         * @example no-referrer
         */
        NoReferrer: "no-referrer";
        /**
         * @description Path of the page that comes next.
         * @example /user/ada?tab=settings&action=password
         */
        PageLocation: string;
        /**
         * @description Where to go on.
         * @example https://deploy.example.com/callback?code=Jt3V5gR0qVbR6eH9sTfUaLxK5d2tYz0m2oD4w8nq&scope=repo%3Aread&state=af0ifjsldkj
         */
        Location: string;
        /**
         * @description The same for caches of HTTP/1.0.
         * @example no-cache
         */
        PragmaNoCache: "no-cache";
        /**
         * @description Which credentials are wanted.
         * @example Basic realm="oauth"
         */
        BasicChallenge: string;
        /**
         * @description How long the key may be kept, at most a day and never past its expiry.
         * @example max-age=86400
         */
        KeyCacheControl: string;
    };
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    signinUser: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "username": "ada",
                 *       "password": "correct-horse-battery"
                 *     }
                 */
                "application/json": components["schemas"]["SigninUser"];
            };
        };
        responses: {
            /** @description You are signed in. */
            200: {
                headers: {
                    "X-Next-CSRF-Token": components["headers"]["NextCsrfToken"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "success": true
                     *     }
                     */
                    "application/json": components["schemas"]["Success"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["SigninRefused"];
            404: components["responses"]["SwitchedOff"];
            408: components["responses"]["BodyTooSlow"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["NotJson"];
            429: components["responses"]["TooManyAttempts"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    verifyUser: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "password": "correct-horse-battery"
                 *     }
                 */
                "application/json": components["schemas"]["VerifyUser"];
            };
        };
        responses: {
            /** @description The sign-in is fresh. */
            200: {
                headers: {
                    /**
                     * @description CSRF token of the session from now on; only for callers with a session.
                     * @example q3V5gR0cLyyCkXf1v0cyu3X0p7bKcGv1yYz0m2oD4w8nJtqVbR6eH9sTfUaLxK5d
                     */
                    "X-Next-CSRF-Token"?: components["schemas"]["CsrfTokenText"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "success": true
                     *     }
                     */
                    "application/json": components["schemas"]["Success"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["SigninRefused"];
            408: components["responses"]["BodyTooSlow"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["NotJson"];
            429: components["responses"]["TooManyAttempts"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    retrieveExternalLoginAuthorizationUrl: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Name of a service that signs people in.
                 * @example github
                 */
                service_id: components["parameters"]["LoginServiceId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "kind": "login"
                 *     }
                 */
                "application/json": components["schemas"]["GetLogin"];
            };
        };
        responses: {
            /** @description Where to send the browser. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "auth_url": "https://login.example.com/authorize?client_id=registry"
                     *     }
                     */
                    "application/json": components["schemas"]["LoginAddress"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["CsrfTokenNeeded"];
            408: components["responses"]["BodyTooSlow"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["NotJson"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    logout: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Nobody is signed in any more. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "success": true
                     *     }
                     */
                    "application/json": components["schemas"]["Success"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["CsrfTokenNeeded"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    requestRecoveryEmail: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "email": "ada@example.com"
                 *     }
                 */
                "application/json": components["schemas"]["RequestRecovery"];
            };
        };
        responses: {
            /** @description If somebody has this address, a mail is on its way. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "status": "sent"
                     *     }
                     */
                    "application/json": components["schemas"]["RecoveryAnswer"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["CsrfTokenNeeded"];
            404: components["responses"]["SwitchedOff"];
            408: components["responses"]["BodyTooSlow"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["NotJson"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    confirmEmail: {
        parameters: {
            query: {
                /**
                 * @description The one-time code of the mail.
                 * @example q3V5gR0cLyyCkXf1v0cyu3X0p7bKcGv1yYz0m2oD
                 */
                code: components["parameters"]["MailCode"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page that asks; or the code does not work any more, or the account must be signed in first, and the page says so. */
            200: {
                headers: {
                    "Cache-Control": components["headers"]["NoStore"];
                    "Referrer-Policy": components["headers"]["NoReferrer"];
                    [name: string]: unknown;
                };
                content: {
                    /** @example <!doctype html><title>This link does not work</title> */
                    "text/html": string;
                };
            };
            /** @description The address is confirmed, and the user of a new account signed in; the settings, or the start page, come next. */
            302: {
                headers: {
                    "Cache-Control": components["headers"]["NoStore"];
                    "Referrer-Policy": components["headers"]["NoReferrer"];
                    Location: components["headers"]["PageLocation"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            404: components["responses"]["SwitchedOff"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    confirmEmailOnPage: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "code": "q3V5gR0cLyyCkXf1v0cyu3X0p7bKcGv1yYz0m2oD",
                 *       "_csrf_token": "q3V5gR0cLyyCkXf1v0cyu3X0p7bKcGv1yYz0m2oD4w8nJtqVbR6eH9sTfUaLxK5d"
                 *     }
                 */
                "application/x-www-form-urlencoded": components["schemas"]["MailLinkForm"];
            };
        };
        responses: {
            /** @description The code does not work any more, or the account must be signed in first; the page says so. */
            200: {
                headers: {
                    "Cache-Control": components["headers"]["NoStore"];
                    "Referrer-Policy": components["headers"]["NoReferrer"];
                    [name: string]: unknown;
                };
                content: {
                    /** @example <!doctype html><title>This link does not work</title> */
                    "text/html": string;
                };
            };
            /** @description The address is confirmed, and the user of a new account signed in; the settings, or the start page, come next. */
            302: {
                headers: {
                    "Cache-Control": components["headers"]["NoStore"];
                    "Referrer-Policy": components["headers"]["NoReferrer"];
                    Location: components["headers"]["PageLocation"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            403: components["responses"]["StaleForm"];
            404: components["responses"]["SwitchedOff"];
            408: components["responses"]["BodyTooSlow"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["NotAForm"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    confirmRecovery: {
        parameters: {
            query: {
                /**
                 * @description The one-time code of the mail.
                 * @example q3V5gR0cLyyCkXf1v0cyu3X0p7bKcGv1yYz0m2oD
                 */
                code: components["parameters"]["MailCode"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page that asks; or the code does not work any more, and the page says so. */
            200: {
                headers: {
                    "Cache-Control": components["headers"]["NoStore"];
                    "Referrer-Policy": components["headers"]["NoReferrer"];
                    [name: string]: unknown;
                };
                content: {
                    /** @example <!doctype html><title>This link does not work</title> */
                    "text/html": string;
                };
            };
            /** @description The user is signed in; the page to set a password comes next. */
            302: {
                headers: {
                    "Cache-Control": components["headers"]["NoStore"];
                    "Referrer-Policy": components["headers"]["NoReferrer"];
                    Location: components["headers"]["PageLocation"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            404: components["responses"]["SwitchedOff"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    confirmRecoveryOnPage: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "code": "q3V5gR0cLyyCkXf1v0cyu3X0p7bKcGv1yYz0m2oD",
                 *       "_csrf_token": "q3V5gR0cLyyCkXf1v0cyu3X0p7bKcGv1yYz0m2oD4w8nJtqVbR6eH9sTfUaLxK5d"
                 *     }
                 */
                "application/x-www-form-urlencoded": components["schemas"]["MailLinkForm"];
            };
        };
        responses: {
            /** @description The code does not work any more; the page says so. */
            200: {
                headers: {
                    "Cache-Control": components["headers"]["NoStore"];
                    "Referrer-Policy": components["headers"]["NoReferrer"];
                    [name: string]: unknown;
                };
                content: {
                    /** @example <!doctype html><title>This link does not work</title> */
                    "text/html": string;
                };
            };
            /** @description The user is signed in; the page to set a password comes next. */
            302: {
                headers: {
                    "Cache-Control": components["headers"]["NoStore"];
                    "Referrer-Policy": components["headers"]["NoReferrer"];
                    Location: components["headers"]["PageLocation"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            403: components["responses"]["StaleForm"];
            404: components["responses"]["SwitchedOff"];
            408: components["responses"]["BodyTooSlow"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["NotAForm"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getLoggedInUser: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description You. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "anonymous": false,
                     *       "username": "ada",
                     *       "avatar": {
                     *         "name": "ada",
                     *         "hash": "b5fc85e55755f9e0d030a10ab4429b6b2944855f5a0d3f3e0f1a7b2e2c9c7d11",
                     *         "color": "#1f77b4",
                     *         "kind": "user"
                     *       },
                     *       "can_create_repo": true,
                     *       "is_me": true,
                     *       "verified": true,
                     *       "email": "ada@example.com",
                     *       "logins": [],
                     *       "invoice_email": false,
                     *       "invoice_email_address": null,
                     *       "preferred_namespace": false,
                     *       "tag_expiration_s": 1209600,
                     *       "prompts": [],
                     *       "company": null,
                     *       "family_name": "Lovelace",
                     *       "given_name": "Ada",
                     *       "location": null,
                     *       "is_free_account": true,
                     *       "has_password_set": true,
                     *       "organizations": [
                     *         {
                     *           "name": "acme",
                     *           "avatar": {
                     *             "name": "acme",
                     *             "hash": "0e6e0fbd1e2b0d9dba3f6e9a7a3d2c9cf7d6c7f60d0a8f3d9c3b5c8b8a6a1f20",
                     *             "color": "#2ca02c",
                     *             "kind": "org"
                     *           },
                     *           "can_create_repo": true,
                     *           "public": false,
                     *           "is_org_admin": true,
                     *           "preferred_namespace": false
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["UserView"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["NobodySignedIn"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    changeUserDetails: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "email": "ada@example.com"
                 *     }
                 */
                "application/json": components["schemas"]["UpdateUser"];
            };
        };
        responses: {
            /** @description Your account as it is now. */
            200: {
                headers: {
                    /**
                     * @description Sent when the password was changed. The earlier CSRF token is then void.
                     * @example q3V5gR0cLyyCkXf1v0cyu3X0p7bKcGv1yYz0m2oD4w8nJtqVbR6eH9sTfUaLxK5d
                     */
                    "X-Next-CSRF-Token"?: components["schemas"]["CsrfTokenText"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "anonymous": false,
                     *       "username": "ada",
                     *       "avatar": {
                     *         "name": "ada",
                     *         "hash": "b5fc85e55755f9e0d030a10ab4429b6b2944855f5a0d3f3e0f1a7b2e2c9c7d11",
                     *         "color": "#1f77b4",
                     *         "kind": "user"
                     *       },
                     *       "can_create_repo": true,
                     *       "is_me": true,
                     *       "verified": true,
                     *       "email": "ada@example.com",
                     *       "logins": [],
                     *       "invoice_email": false,
                     *       "invoice_email_address": null,
                     *       "preferred_namespace": false,
                     *       "tag_expiration_s": 1209600,
                     *       "prompts": [],
                     *       "company": null,
                     *       "family_name": "Lovelace",
                     *       "given_name": "Ada",
                     *       "location": null,
                     *       "is_free_account": true,
                     *       "has_password_set": true,
                     *       "organizations": [
                     *         {
                     *           "name": "acme",
                     *           "avatar": {
                     *             "name": "acme",
                     *             "hash": "0e6e0fbd1e2b0d9dba3f6e9a7a3d2c9cf7d6c7f60d0a8f3d9c3b5c8b8a6a1f20",
                     *             "color": "#2ca02c",
                     *             "kind": "org"
                     *           },
                     *           "can_create_repo": true,
                     *           "public": false,
                     *           "is_org_admin": true,
                     *           "preferred_namespace": false
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["UserView"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInAgain"];
            403: components["responses"]["NotAllowed"];
            408: components["responses"]["BodyTooSlow"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["NotJson"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    createNewUser: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "username": "ada",
                 *       "password": "correct-horse-battery",
                 *       "email": "ada@example.com"
                 *     }
                 */
                "application/json": components["schemas"]["NewUser"];
            };
        };
        responses: {
            /** @description The account is there. */
            200: {
                headers: {
                    /**
                     * @description Sent when the call has signed you in. The earlier CSRF token is then void.
                     * @example q3V5gR0cLyyCkXf1v0cyu3X0p7bKcGv1yYz0m2oD4w8nJtqVbR6eH9sTfUaLxK5d
                     */
                    "X-Next-CSRF-Token"?: components["schemas"]["CsrfTokenText"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewUserAnswer"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["CsrfTokenNeeded"];
            404: components["responses"]["SwitchedOff"];
            408: components["responses"]["BodyTooSlow"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["NotJson"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    deleteCurrentUser: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The account is gone. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInAgain"];
            403: components["responses"]["NotAllowed"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    convertUserToOrganization: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "adminUser": "grace",
                 *       "adminPassword": "correct-horse-battery"
                 *     }
                 */
                "application/json": components["schemas"]["ConvertUser"];
            };
        };
        responses: {
            /** @description The account is an organization. */
            200: {
                headers: {
                    /**
                     * @description CSRF token of the administrator's session; only for callers with a session.
                     * @example q3V5gR0cLyyCkXf1v0cyu3X0p7bKcGv1yYz0m2oD4w8nJtqVbR6eH9sTfUaLxK5d
                     */
                    "X-Next-CSRF-Token"?: components["schemas"]["CsrfTokenText"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "success": true
                     *     }
                     */
                    "application/json": components["schemas"]["Success"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInAgain"];
            403: components["responses"]["NotAllowed"];
            408: components["responses"]["BodyTooSlow"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["NotJson"];
            429: components["responses"]["TooManyAttempts"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    initializeUser: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "username": "admin",
                 *       "password": "correct-horse-battery",
                 *       "email": "admin@example.com",
                 *       "access_token": true
                 *     }
                 */
                "application/json": components["schemas"]["InitializeUser"];
            };
        };
        responses: {
            /** @description The first user is there and signed in. */
            200: {
                headers: {
                    "X-Next-CSRF-Token": components["headers"]["NextCsrfToken"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "username": "admin",
                     *       "email": "admin@example.com",
                     *       "access_token": "2tYz0m2oD4w8nJtqVbR6eH9sTfUaLxK5dq3V5gR0"
                     *     }
                     */
                    "application/json": components["schemas"]["InitializedUser"];
                };
            };
            400: components["responses"]["BadRequest"];
            404: components["responses"]["SwitchedOff"];
            408: components["responses"]["BodyTooSlow"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["NotJson"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getUserInformation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Name of a user.
                 * @example ada
                 */
                username: components["parameters"]["Username"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The user. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "anonymous": false,
                     *       "username": "ada",
                     *       "avatar": {
                     *         "name": "ada",
                     *         "hash": "b5fc85e55755f9e0d030a10ab4429b6b2944855f5a0d3f3e0f1a7b2e2c9c7d11",
                     *         "color": "#1f77b4",
                     *         "kind": "user"
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["UserView"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            404: components["responses"]["NotFound"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    listUserNotifications: {
        parameters: {
            query?: {
                /**
                 * @description Page, from 0; smaller numbers are clamped.
                 * @example 0
                 */
                page?: number;
                /**
                 * @description Notifications a page, 1 to 100; other numbers are clamped.
                 * @example 5
                 */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of notifications. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "notifications": [
                     *         {
                     *           "id": "6f1c0a7e-8d0b-4a86-9a80-3c4f2f1d9e55",
                     *           "organization": null,
                     *           "kind": "org_team_invite",
                     *           "created": "Wed, 01 Jan 2020 00:00:00 -0000",
                     *           "metadata": {
                     *             "code": "dq3V5gR0cLyyCkXf1v0cyu3X0p7bKcGv1yYz0m2o",
                     *             "inviter": "grace",
                     *             "org": "acme",
                     *             "team": "builders"
                     *           },
                     *           "dismissed": false
                     *         }
                     *       ],
                     *       "additional": false
                     *     }
                     */
                    "application/json": components["schemas"]["UserNotificationList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["NotAllowed"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getUserNotification: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description `id` of the notification.
                 * @example 6f1c0a7e-8d0b-4a86-9a80-3c4f2f1d9e55
                 */
                uuid: components["parameters"]["NotificationUuid"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The notification. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "6f1c0a7e-8d0b-4a86-9a80-3c4f2f1d9e55",
                     *       "organization": null,
                     *       "kind": "org_team_invite",
                     *       "created": "Wed, 01 Jan 2020 00:00:00 -0000",
                     *       "metadata": {
                     *         "code": "dq3V5gR0cLyyCkXf1v0cyu3X0p7bKcGv1yYz0m2o",
                     *         "inviter": "grace",
                     *         "org": "acme",
                     *         "team": "builders"
                     *       },
                     *       "dismissed": false
                     *     }
                     */
                    "application/json": components["schemas"]["UserNotification"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["NotFound"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    updateUserNotification: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description `id` of the notification.
                 * @example 6f1c0a7e-8d0b-4a86-9a80-3c4f2f1d9e55
                 */
                uuid: components["parameters"]["NotificationUuid"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "dismissed": true
                 *     }
                 */
                "application/json": components["schemas"]["UpdateNotification"];
            };
        };
        responses: {
            /** @description The notification as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "6f1c0a7e-8d0b-4a86-9a80-3c4f2f1d9e55",
                     *       "organization": null,
                     *       "kind": "org_team_invite",
                     *       "created": "Wed, 01 Jan 2020 00:00:00 -0000",
                     *       "metadata": {
                     *         "code": "dq3V5gR0cLyyCkXf1v0cyu3X0p7bKcGv1yYz0m2o",
                     *         "inviter": "grace",
                     *         "org": "acme",
                     *         "team": "builders"
                     *       },
                     *       "dismissed": false
                     *     }
                     */
                    "application/json": components["schemas"]["UserNotification"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["NotFound"];
            408: components["responses"]["BodyTooSlow"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["NotJson"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    listStarredRepos: {
        parameters: {
            query?: {
                /**
                 * @description `next_page` of the page before. Opaque, and only good for the same question; one that does not work gives the first page.
                 * @example eyJhZnRlciI6ImFjbWUvbmdpbngifQ
                 */
                next_page?: components["parameters"]["NextPage"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of repositories. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "repositories": [
                     *         {
                     *           "namespace": "acme",
                     *           "name": "nginx",
                     *           "description": "Web server",
                     *           "is_public": true
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["StarredRepositories"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["NotAllowed"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    createStar: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "namespace": "acme",
                 *       "repository": "nginx"
                 *     }
                 */
                "application/json": components["schemas"]["NewStar"];
            };
        };
        responses: {
            /** @description The repository is starred. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "namespace": "acme",
                     *       "repository": "nginx"
                     *     }
                     */
                    "application/json": components["schemas"]["Star"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["NotFound"];
            408: components["responses"]["BodyTooSlow"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["NotJson"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    deleteStar: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Full name of the repository, `namespace/name`. Slashes may be sent as they are or as `%2F`. A name without a namespace means `library/name`.
                 * @example acme/nginx
                 */
                repository: components["parameters"]["Repository"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description You have no star on it. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["NotAllowed"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    listAppTokens: {
        parameters: {
            query?: {
                /**
                 * @description Only those near their end: with less than a tenth of `APP_SPECIFIC_TOKEN_EXPIRATION` left, or of four weeks where that is not set.
                 * @example false
                 */
                expiring?: boolean;
                /**
                 * @description `next_page` of the page before. Opaque, and only good for the same question; one that does not work gives the first page.
                 * @example eyJhZnRlciI6ImFjbWUvbmdpbngifQ
                 */
                next_page?: components["parameters"]["NextPage"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The tokens. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "tokens": [
                     *         {
                     *           "uuid": "9d2a1b7c-1a2b-4c3d-8e4f-5a6b7c8d9e0f",
                     *           "title": "laptop",
                     *           "created": "Wed, 01 Jan 2020 00:00:00 -0000",
                     *           "last_accessed": null,
                     *           "expiration": null
                     *         }
                     *       ],
                     *       "only_expiring": null
                     *     }
                     */
                    "application/json": components["schemas"]["AppTokenList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["SwitchedOff"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    createAppToken: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "title": "laptop"
                 *     }
                 */
                "application/json": components["schemas"]["NewAppToken"];
            };
        };
        responses: {
            /** @description The token with its code. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "token": {
                     *         "uuid": "9d2a1b7c-1a2b-4c3d-8e4f-5a6b7c8d9e0f",
                     *         "title": "laptop",
                     *         "created": "Wed, 01 Jan 2020 00:00:00 -0000",
                     *         "last_accessed": null,
                     *         "expiration": null,
                     *         "token_code": "7QK2M9ZC4XW8R1T6Y3U5I0O7P2A4S6D8F1G3H5J7K9L0Z2X4C6V8B1N3M5Q7W9E1R3T5Y7U9I1O3P5A7S9D1F3G5H7J9K1L3Z5X7C9V1B3N5M7Q9W1E3R5T7"
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["AppTokenView"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInAgain"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["SwitchedOff"];
            408: components["responses"]["BodyTooSlow"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["NotJson"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getAppToken: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description `uuid` of the app token.
                 * @example 9d2a1b7c-1a2b-4c3d-8e4f-5a6b7c8d9e0f
                 */
                token_uuid: components["parameters"]["AppTokenUuid"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The token with its code. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "token": {
                     *         "uuid": "9d2a1b7c-1a2b-4c3d-8e4f-5a6b7c8d9e0f",
                     *         "title": "laptop",
                     *         "created": "Wed, 01 Jan 2020 00:00:00 -0000",
                     *         "last_accessed": null,
                     *         "expiration": null,
                     *         "token_code": "7QK2M9ZC4XW8R1T6Y3U5I0O7P2A4S6D8F1G3H5J7K9L0Z2X4C6V8B1N3M5Q7W9E1R3T5Y7U9I1O3P5A7S9D1F3G5H7J9K1L3Z5X7C9V1B3N5M7Q9W1E3R5T7"
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["AppTokenView"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInAgain"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["NotFound"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    revokeAppToken: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description `uuid` of the app token.
                 * @example 9d2a1b7c-1a2b-4c3d-8e4f-5a6b7c8d9e0f
                 */
                token_uuid: components["parameters"]["AppTokenUuid"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The token is gone. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInAgain"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["NotFound"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    listUserAuthorizations: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Your authorizations. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "authorizations": [
                     *         {
                     *           "uuid": "4f0c1a7e-8d0b-4a86-9a80-3c4f2f1d9e55",
                     *           "application": {
                     *             "name": "Deploy board",
                     *             "description": "Shows what runs where",
                     *             "url": "https://deploy.example.com",
                     *             "avatar": {
                     *               "name": "Deploy board",
                     *               "hash": "b5fc85e55755f9e0d030a10ab4429b6b2944855f5a0d3f3e0f1a7b2e2c9c7d11",
                     *               "color": "#1f77b4",
                     *               "kind": "app"
                     *             },
                     *             "organization": {
                     *               "name": "acme",
                     *               "avatar": {
                     *                 "name": "acme",
                     *                 "hash": "0e6e0fbd1e2b0d9dba3f6e9a7a3d2c9cf7d6c7f60d0a8f3d9c3b5c8b8a6a1f20",
                     *                 "color": "#2ca02c",
                     *                 "kind": "org"
                     *               }
                     *             }
                     *           },
                     *           "scopes": [
                     *             {
                     *               "scope": "repo:read",
                     *               "title": "See and pull your repositories",
                     *               "description": "Every repository that you may read, private ones included.",
                     *               "icon": "fa-hdd-o",
                     *               "dangerous": false
                     *             }
                     *           ]
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["UserAuthorizationList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["NotAllowed"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getUserAuthorization: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Uuid of a token that an application has.
                 * @example 4f0c1a7e-8d0b-4a86-9a80-3c4f2f1d9e55
                 */
                access_token_uuid: components["parameters"]["AccessTokenUuid"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The authorization. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "uuid": "4f0c1a7e-8d0b-4a86-9a80-3c4f2f1d9e55",
                     *       "application": {
                     *         "name": "Deploy board",
                     *         "description": "Shows what runs where",
                     *         "url": "https://deploy.example.com",
                     *         "avatar": {
                     *           "name": "Deploy board",
                     *           "hash": "b5fc85e55755f9e0d030a10ab4429b6b2944855f5a0d3f3e0f1a7b2e2c9c7d11",
                     *           "color": "#1f77b4",
                     *           "kind": "app"
                     *         },
                     *         "organization": {
                     *           "name": "acme",
                     *           "avatar": {
                     *             "name": "acme",
                     *             "hash": "0e6e0fbd1e2b0d9dba3f6e9a7a3d2c9cf7d6c7f60d0a8f3d9c3b5c8b8a6a1f20",
                     *             "color": "#2ca02c",
                     *             "kind": "org"
                     *           }
                     *         }
                     *       },
                     *       "scopes": [
                     *         {
                     *           "scope": "repo:read",
                     *           "title": "See and pull your repositories",
                     *           "description": "Every repository that you may read, private ones included.",
                     *           "icon": "fa-hdd-o",
                     *           "dangerous": false
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["UserAuthorization"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["NotFound"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    deleteUserAuthorization: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Uuid of a token that an application has.
                 * @example 4f0c1a7e-8d0b-4a86-9a80-3c4f2f1d9e55
                 */
                access_token_uuid: components["parameters"]["AccessTokenUuid"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The token is gone. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["NotFound"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    listAssignedAuthorizations: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What you were asked for. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "authorizations": [
                     *         {
                     *           "uuid": "9a2d4c5e-1f37-4b1c-8f0e-6c1d7a3b5e90",
                     *           "application": {
                     *             "name": "Deploy board",
                     *             "clientId": "XQ5C0HZ0TL7E8KDN1V2M",
                     *             "description": "Shows what runs where",
                     *             "url": "https://deploy.example.com",
                     *             "avatar": {
                     *               "name": "Deploy board",
                     *               "hash": "b5fc85e55755f9e0d030a10ab4429b6b2944855f5a0d3f3e0f1a7b2e2c9c7d11",
                     *               "color": "#1f77b4",
                     *               "kind": "app"
                     *             },
                     *             "organization": {
                     *               "name": "acme",
                     *               "avatar": {
                     *                 "name": "acme",
                     *                 "hash": "0e6e0fbd1e2b0d9dba3f6e9a7a3d2c9cf7d6c7f60d0a8f3d9c3b5c8b8a6a1f20",
                     *                 "color": "#2ca02c",
                     *                 "kind": "org"
                     *               }
                     *             }
                     *           },
                     *           "redirectUri": "https://deploy.example.com/callback",
                     *           "scopes": [
                     *             {
                     *               "scope": "repo:read",
                     *               "title": "See and pull your repositories",
                     *               "description": "Every repository that you may read, private ones included.",
                     *               "icon": "fa-hdd-o",
                     *               "dangerous": false
                     *             }
                     *           ],
                     *           "responseType": "token"
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["AssignedAuthorizationList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["SwitchedOff"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    deleteAssignedAuthorization: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Uuid of a token that you were asked to make.
                 * @example 9a2d4c5e-1f37-4b1c-8f0e-6c1d7a3b5e90
                 */
                assigned_authorization_uuid: components["parameters"]["AssignedAuthorizationUuid"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The entry is gone. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["NotFound"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    createOrganization: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "name": "acme",
                 *       "email": "office@acme.example.com"
                 *     }
                 */
                "application/json": components["schemas"]["NewOrg"];
            };
        };
        responses: {
            /** @description The organization is there. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /** @example Created */
                    "application/json": components["schemas"]["Created"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["NotAllowed"];
            408: components["responses"]["BodyTooSlow"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["NotJson"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getOrganization: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Name of the organization.
                 * @example acme
                 */
                orgname: components["parameters"]["Orgname"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The organization, as much of it as you may see. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "name": "acme",
                     *       "email": "office@acme.example.com",
                     *       "avatar": {
                     *         "name": "acme",
                     *         "hash": "0e6e0fbd1e2b0d9dba3f6e9a7a3d2c9cf7d6c7f60d0a8f3d9c3b5c8b8a6a1f20",
                     *         "color": "#2e7d32",
                     *         "kind": "org"
                     *       },
                     *       "is_admin": true,
                     *       "is_member": true,
                     *       "teams": {
                     *         "owners": {
                     *           "name": "owners",
                     *           "description": "",
                     *           "role": "admin",
                     *           "avatar": {
                     *             "name": "owners",
                     *             "hash": "4c1029697ee358715d3a14a2add817c4b01651440de808371f78165ac90dc581",
                     *             "color": "#c62828",
                     *             "kind": "team"
                     *           },
                     *           "can_view": true,
                     *           "repo_count": 0,
                     *           "member_count": 1,
                     *           "is_synced": false
                     *         }
                     *       },
                     *       "ordered_teams": [
                     *         "owners"
                     *       ],
                     *       "invoice_email": false,
                     *       "invoice_email_address": null,
                     *       "tag_expiration_s": 1209600,
                     *       "is_free_account": true
                     *     }
                     */
                    "application/json": components["schemas"]["OrganizationView"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            404: components["responses"]["NotFound"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    changeOrganizationDetails: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Name of the organization.
                 * @example acme
                 */
                orgname: components["parameters"]["Orgname"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "contact_email": "office@acme.example.com",
                 *       "tag_expiration_s": 86400
                 *     }
                 */
                "application/json": components["schemas"]["UpdateOrg"];
            };
        };
        responses: {
            /** @description The organization as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "name": "acme",
                     *       "email": "office@acme.example.com",
                     *       "avatar": {
                     *         "name": "acme",
                     *         "hash": "0e6e0fbd1e2b0d9dba3f6e9a7a3d2c9cf7d6c7f60d0a8f3d9c3b5c8b8a6a1f20",
                     *         "color": "#2e7d32",
                     *         "kind": "org"
                     *       },
                     *       "is_admin": true,
                     *       "is_member": true,
                     *       "teams": {
                     *         "owners": {
                     *           "name": "owners",
                     *           "description": "",
                     *           "role": "admin",
                     *           "avatar": {
                     *             "name": "owners",
                     *             "hash": "4c1029697ee358715d3a14a2add817c4b01651440de808371f78165ac90dc581",
                     *             "color": "#c62828",
                     *             "kind": "team"
                     *           },
                     *           "can_view": true,
                     *           "repo_count": 0,
                     *           "member_count": 1,
                     *           "is_synced": false
                     *         }
                     *       },
                     *       "ordered_teams": [
                     *         "owners"
                     *       ],
                     *       "invoice_email": false,
                     *       "invoice_email_address": null,
                     *       "tag_expiration_s": 1209600,
                     *       "is_free_account": true
                     *     }
                     */
                    "application/json": components["schemas"]["OrganizationView"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["NotFound"];
            408: components["responses"]["BodyTooSlow"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["NotJson"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    deleteAdminedOrganization: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Name of the organization.
                 * @example acme
                 */
                orgname: components["parameters"]["Orgname"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The organization is gone. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInAgain"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["NotFound"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getOrganizationCollaborators: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Name of the organization.
                 * @example acme
                 */
                orgname: components["parameters"]["Orgname"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The collaborators. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "collaborators": [
                     *         {
                     *           "name": "grace",
                     *           "kind": "user",
                     *           "avatar": {
                     *             "name": "grace",
                     *             "hash": "2a97516c354b68848cdbd8f54a226a0a55b21ed138e207ad6c5cbb9c00aa5aea",
                     *             "color": "#1b5e9e",
                     *             "kind": "user"
                     *           },
                     *           "repositories": [
                     *             "nginx"
                     *           ]
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["OrganizationCollaborators"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["NotFound"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getOrganizationMembers: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Name of the organization.
                 * @example acme
                 */
                orgname: components["parameters"]["Orgname"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The members. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "members": [
                     *         {
                     *           "name": "ada",
                     *           "kind": "user",
                     *           "avatar": {
                     *             "name": "ada",
                     *             "hash": "b5fc85e55755f9e0d030a10ab4429b6b2944855f5a0d3f3e0f1a7b2e2c9c7d11",
                     *             "color": "#1b5e9e",
                     *             "kind": "user"
                     *           },
                     *           "teams": [
                     *             {
                     *               "name": "owners",
                     *               "avatar": {
                     *                 "name": "owners",
                     *                 "hash": "4c1029697ee358715d3a14a2add817c4b01651440de808371f78165ac90dc581",
                     *                 "color": "#c62828",
                     *                 "kind": "team"
                     *               }
                     *             }
                     *           ],
                     *           "repositories": [
                     *             "nginx"
                     *           ]
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["OrganizationMembers"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["NotFound"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getOrganizationMember: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Name of the organization.
                 * @example acme
                 */
                orgname: components["parameters"]["Orgname"];
                /**
                 * @description Name of a user or of a robot of the organization.
                 * @example ada
                 */
                membername: components["parameters"]["Membername"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The member. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "name": "ada",
                     *       "kind": "user",
                     *       "avatar": {
                     *         "name": "ada",
                     *         "hash": "b5fc85e55755f9e0d030a10ab4429b6b2944855f5a0d3f3e0f1a7b2e2c9c7d11",
                     *         "color": "#1b5e9e",
                     *         "kind": "user"
                     *       },
                     *       "teams": [
                     *         {
                     *           "name": "owners",
                     *           "avatar": {
                     *             "name": "owners",
                     *             "hash": "4c1029697ee358715d3a14a2add817c4b01651440de808371f78165ac90dc581",
                     *             "color": "#c62828",
                     *             "kind": "team"
                     *           }
                     *         }
                     *       ],
                     *       "repositories": [
                     *         "nginx"
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["OrganizationMember"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["NotFound"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    removeOrganizationMember: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Name of the organization.
                 * @example acme
                 */
                orgname: components["parameters"]["Orgname"];
                /**
                 * @description Name of a user or of a robot of the organization.
                 * @example ada
                 */
                membername: components["parameters"]["Membername"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The user is no member. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["NotFound"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    updateOrganizationTeam: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Name of the organization.
                 * @example acme
                 */
                orgname: components["parameters"]["Orgname"];
                /**
                 * @description Name of a team of the organization.
                 * @example builders
                 */
                teamname: components["parameters"]["Teamname"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "role": "creator",
                 *       "description": "People who make images"
                 *     }
                 */
                "application/json": components["schemas"]["TeamDescription"];
            };
        };
        responses: {
            /** @description The team as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "name": "builders",
                     *       "description": "People who make images",
                     *       "can_view": true,
                     *       "role": "creator",
                     *       "avatar": {
                     *         "name": "builders",
                     *         "hash": "b5fc85e55755f9e0d030a10ab4429b6b2944855f5a0d3f3e0f1a7b2e2c9c7d11",
                     *         "color": "#1b5e9e",
                     *         "kind": "team"
                     *       },
                     *       "new_team": true
                     *     }
                     */
                    "application/json": components["schemas"]["TeamView"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["NotFound"];
            408: components["responses"]["BodyTooSlow"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["NotJson"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    deleteOrganizationTeam: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Name of the organization.
                 * @example acme
                 */
                orgname: components["parameters"]["Orgname"];
                /**
                 * @description Name of a team of the organization.
                 * @example builders
                 */
                teamname: components["parameters"]["Teamname"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The team is gone. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["NotFound"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getOrganizationTeamMembers: {
        parameters: {
            query?: {
                /**
                 * @description Who is invited too, when you administer the organization.
                 * @example true
                 */
                includePending?: boolean;
            };
            header?: never;
            path: {
                /**
                 * @description Name of the organization.
                 * @example acme
                 */
                orgname: components["parameters"]["Orgname"];
                /**
                 * @description Name of a team of the organization.
                 * @example builders
                 */
                teamname: components["parameters"]["Teamname"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The members. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "name": "builders",
                     *       "members": [
                     *         {
                     *           "kind": "user",
                     *           "name": "ada",
                     *           "is_robot": false,
                     *           "avatar": {
                     *             "name": "ada",
                     *             "hash": "b5fc85e55755f9e0d030a10ab4429b6b2944855f5a0d3f3e0f1a7b2e2c9c7d11",
                     *             "color": "#1b5e9e",
                     *             "kind": "user"
                     *           },
                     *           "invited": false
                     *         },
                     *         {
                     *           "kind": "invite",
                     *           "email": "grace@example.com",
                     *           "avatar": {
                     *             "name": "grace@example.com",
                     *             "hash": "0e6e0fbd1e2b0d9dba3f6e9a7a3d2c9cf7d6c7f60d0a8f3d9c3b5c8b8a6a1f20",
                     *             "color": "#2e7d32",
                     *             "kind": "user"
                     *           },
                     *           "invited": true
                     *         }
                     *       ],
                     *       "can_edit": true
                     *     }
                     */
                    "application/json": components["schemas"]["TeamMembers"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["NotFound"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    updateOrganizationTeamMember: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Name of the organization.
                 * @example acme
                 */
                orgname: components["parameters"]["Orgname"];
                /**
                 * @description Name of a team of the organization.
                 * @example builders
                 */
                teamname: components["parameters"]["Teamname"];
                /**
                 * @description Name of a user or of a robot of the organization.
                 * @example ada
                 */
                membername: components["parameters"]["Membername"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Added, or invited. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "name": "ada",
                     *       "kind": "user",
                     *       "is_robot": false,
                     *       "avatar": {
                     *         "name": "ada",
                     *         "hash": "b5fc85e55755f9e0d030a10ab4429b6b2944855f5a0d3f3e0f1a7b2e2c9c7d11",
                     *         "color": "#1b5e9e",
                     *         "kind": "user"
                     *       },
                     *       "invited": true
                     *     }
                     */
                    "application/json": components["schemas"]["TeamMember"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["NotFound"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    deleteOrganizationTeamMember: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Name of the organization.
                 * @example acme
                 */
                orgname: components["parameters"]["Orgname"];
                /**
                 * @description Name of a team of the organization.
                 * @example builders
                 */
                teamname: components["parameters"]["Teamname"];
                /**
                 * @description Name of a user or of a robot of the organization.
                 * @example ada
                 */
                membername: components["parameters"]["Membername"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The invitation is taken back, or the member removed. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["NotFound"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    inviteTeamMemberEmail: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Name of the organization.
                 * @example acme
                 */
                orgname: components["parameters"]["Orgname"];
                /**
                 * @description Name of a team of the organization.
                 * @example builders
                 */
                teamname: components["parameters"]["Teamname"];
                /**
                 * @description E-mail address that the invitation goes to.
                 * @example ada@example.com
                 */
                email: components["parameters"]["InvitedEmail"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The mail is on its way. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "email": "grace@example.com",
                     *       "kind": "invite",
                     *       "avatar": {
                     *         "name": "grace@example.com",
                     *         "hash": "0e6e0fbd1e2b0d9dba3f6e9a7a3d2c9cf7d6c7f60d0a8f3d9c3b5c8b8a6a1f20",
                     *         "color": "#2e7d32",
                     *         "kind": "user"
                     *       },
                     *       "invited": true
                     *     }
                     */
                    "application/json": components["schemas"]["TeamInvite"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["NotFound"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    deleteTeamMemberEmailInvite: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Name of the organization.
                 * @example acme
                 */
                orgname: components["parameters"]["Orgname"];
                /**
                 * @description Name of a team of the organization.
                 * @example builders
                 */
                teamname: components["parameters"]["Teamname"];
                /**
                 * @description E-mail address that the invitation goes to.
                 * @example ada@example.com
                 */
                email: components["parameters"]["InvitedEmail"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The invitation is gone. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["NotFound"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getOrganizationTeamPermissions: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Name of the organization.
                 * @example acme
                 */
                orgname: components["parameters"]["Orgname"];
                /**
                 * @description Name of a team of the organization.
                 * @example builders
                 */
                teamname: components["parameters"]["Teamname"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The roles. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "permissions": [
                     *         {
                     *           "repository": {
                     *             "name": "nginx",
                     *             "is_public": false
                     *           },
                     *           "role": "write"
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["TeamPermissions"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["NotFound"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    acceptOrganizationTeamInvite: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Code of the invitation, from its e-mail or its notification.
                 * @example dq3V5gR0cLyyCkXf1v0cyu3X0p7bKcGv1yYz0m2o
                 */
                code: components["parameters"]["InviteCode"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description You are in the team. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "org": "acme",
                     *       "team": "builders"
                     *     }
                     */
                    "application/json": components["schemas"]["AcceptedInvite"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["SwitchedOff"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    declineOrganizationTeamInvite: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Code of the invitation, from its e-mail or its notification.
                 * @example dq3V5gR0cLyyCkXf1v0cyu3X0p7bKcGv1yYz0m2o
                 */
                code: components["parameters"]["InviteCode"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The invitation is gone. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["SwitchedOff"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    showInvitePage: {
        parameters: {
            query: {
                /**
                 * @description The one-time code of the mail.
                 * @example q3V5gR0cLyyCkXf1v0cyu3X0p7bKcGv1yYz0m2oD
                 */
                code: components["parameters"]["MailCode"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The page. */
            200: {
                headers: {
                    "Cache-Control": components["headers"]["NoStore"];
                    "Referrer-Policy": components["headers"]["NoReferrer"];
                    [name: string]: unknown;
                };
                content: {
                    /** @example <!doctype html><title>Join acme</title> */
                    "text/html": string;
                };
            };
            400: components["responses"]["BadRequest"];
            404: components["responses"]["SwitchedOff"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    answerInviteOnPage: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "code": "dq3V5gR0cLyyCkXf1v0cyu3X0p7bKcGv1yYz0m2o",
                 *       "answer": "accept",
                 *       "_csrf_token": "q3V5gR0cLyyCkXf1v0cyu3X0p7bKcGv1yYz0m2oD4w8nJtqVbR6eH9sTfUaLxK5d"
                 *     }
                 */
                "application/x-www-form-urlencoded": components["schemas"]["InviteAnswer"];
            };
        };
        responses: {
            /** @description A page that says what has happened. */
            200: {
                headers: {
                    "Cache-Control": components["headers"]["NoStore"];
                    "Referrer-Policy": components["headers"]["NoReferrer"];
                    [name: string]: unknown;
                };
                content: {
                    /** @example <!doctype html><title>Welcome to acme</title> */
                    "text/html": string;
                };
            };
            400: components["responses"]["BadRequestPage"];
            401: components["responses"]["SignInFirstPage"];
            403: components["responses"]["StaleForm"];
            404: components["responses"]["NotFoundPage"];
            408: components["responses"]["BodyTooSlow"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["NotAForm"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getUserRobots: {
        parameters: {
            query?: {
                /**
                 * @description Send teams and repositories of each robot too.
                 * @example true
                 */
                permissions?: components["parameters"]["RobotPermissionsWanted"];
                /**
                 * @description Send the tokens to those who may see them.
                 * @example false
                 */
                token?: components["parameters"]["RobotTokenWanted"];
                /**
                 * @description Send only the first ones.
                 * @example 100
                 */
                limit?: components["parameters"]["RobotLimit"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The robots. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "robots": [
                     *         {
                     *           "name": "acme+deploy",
                     *           "created": "Wed, 01 Jan 2020 00:00:00 -0000",
                     *           "last_accessed": null,
                     *           "description": "Deploys from the pipeline",
                     *           "token": "3V5GR0CLYYCKXF1V0CYU3X0P7BKCGV1YYZ0M2OD4W8NJTQVBR6EH9STFUALXK5DQ"
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["RobotList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["NotAllowed"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getUserRobot: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Name of the robot without its namespace and the `+`.
                 * @example ci
                 */
                robot_shortname: components["parameters"]["RobotShortname"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The robot. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "name": "acme+deploy",
                     *       "created": "Wed, 01 Jan 2020 00:00:00 -0000",
                     *       "last_accessed": null,
                     *       "description": "Deploys from the pipeline",
                     *       "token": "3V5GR0CLYYCKXF1V0CYU3X0P7BKCGV1YYZ0M2OD4W8NJTQVBR6EH9STFUALXK5DQ",
                     *       "unstructured_metadata": {
                     *         "pipeline": "release"
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["Robot"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["NotAllowed"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    createUserRobot: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Name of the robot without its namespace and the `+`.
                 * @example ci
                 */
                robot_shortname: components["parameters"]["RobotShortname"];
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                /**
                 * @example {
                 *       "description": "Deploys from the pipeline",
                 *       "unstructured_metadata": {
                 *         "pipeline": "release"
                 *       }
                 *     }
                 */
                "application/json": components["schemas"]["CreateRobot"];
            };
        };
        responses: {
            /** @description The new robot with its token. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "name": "acme+deploy",
                     *       "created": "Wed, 01 Jan 2020 00:00:00 -0000",
                     *       "last_accessed": null,
                     *       "description": "Deploys from the pipeline",
                     *       "token": "3V5GR0CLYYCKXF1V0CYU3X0P7BKCGV1YYZ0M2OD4W8NJTQVBR6EH9STFUALXK5DQ",
                     *       "unstructured_metadata": {
                     *         "pipeline": "release"
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["Robot"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["NotAllowed"];
            408: components["responses"]["BodyTooSlow"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["NotJson"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    deleteUserRobot: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Name of the robot without its namespace and the `+`.
                 * @example ci
                 */
                robot_shortname: components["parameters"]["RobotShortname"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The robot is gone. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["NotAllowed"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    regenerateUserRobotToken: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Name of the robot without its namespace and the `+`.
                 * @example ci
                 */
                robot_shortname: components["parameters"]["RobotShortname"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The robot with its new token. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "name": "acme+deploy",
                     *       "created": "Wed, 01 Jan 2020 00:00:00 -0000",
                     *       "last_accessed": null,
                     *       "description": "Deploys from the pipeline",
                     *       "token": "3V5GR0CLYYCKXF1V0CYU3X0P7BKCGV1YYZ0M2OD4W8NJTQVBR6EH9STFUALXK5DQ"
                     *     }
                     */
                    "application/json": components["schemas"]["Robot"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["NotAllowed"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getUserRobotPermissions: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Name of the robot without its namespace and the `+`.
                 * @example ci
                 */
                robot_shortname: components["parameters"]["RobotShortname"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The roles. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "permissions": [
                     *         {
                     *           "repository": {
                     *             "name": "nginx",
                     *             "is_public": false
                     *           },
                     *           "role": "write"
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["RobotPermissions"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["NotAllowed"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getUserRobotFederation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Name of the robot without its namespace and the `+`.
                 * @example ci
                 */
                robot_shortname: components["parameters"]["RobotShortname"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Issuers and subjects. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example [
                     *       {
                     *         "issuer": "https://ci.example.com",
                     *         "subject": "repo:acme/nginx:ref:refs/heads/main"
                     *       }
                     *     ]
                     */
                    "application/json": components["schemas"]["RobotFederation"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["NotAllowed"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    createUserRobotFederation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Name of the robot without its namespace and the `+`.
                 * @example ci
                 */
                robot_shortname: components["parameters"]["RobotShortname"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example [
                 *       {
                 *         "issuer": "https://ci.example.com",
                 *         "subject": "repo:acme/nginx:ref:refs/heads/main"
                 *       }
                 *     ]
                 */
                "application/json": components["schemas"]["RobotFederation"];
            };
        };
        responses: {
            /** @description The list as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example [
                     *       {
                     *         "issuer": "https://ci.example.com",
                     *         "subject": "repo:acme/nginx:ref:refs/heads/main"
                     *       }
                     *     ]
                     */
                    "application/json": components["schemas"]["RobotFederation"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["NotAllowed"];
            408: components["responses"]["BodyTooSlow"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["NotJson"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    deleteUserRobotFederation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Name of the robot without its namespace and the `+`.
                 * @example ci
                 */
                robot_shortname: components["parameters"]["RobotShortname"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Only its own token stands for the robot now. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["NotAllowed"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getOrgRobots: {
        parameters: {
            query?: {
                /**
                 * @description Send teams and repositories of each robot too.
                 * @example true
                 */
                permissions?: components["parameters"]["RobotPermissionsWanted"];
                /**
                 * @description Send the tokens to those who may see them.
                 * @example false
                 */
                token?: components["parameters"]["RobotTokenWanted"];
                /**
                 * @description Send only the first ones.
                 * @example 100
                 */
                limit?: components["parameters"]["RobotLimit"];
            };
            header?: never;
            path: {
                /**
                 * @description Name of the organization.
                 * @example acme
                 */
                orgname: components["parameters"]["Orgname"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The robots. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "robots": [
                     *         {
                     *           "name": "acme+deploy",
                     *           "created": "Wed, 01 Jan 2020 00:00:00 -0000",
                     *           "last_accessed": null,
                     *           "description": "Deploys from the pipeline",
                     *           "token": "3V5GR0CLYYCKXF1V0CYU3X0P7BKCGV1YYZ0M2OD4W8NJTQVBR6EH9STFUALXK5DQ"
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["RobotList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["NotFound"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getOrgRobot: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Name of the organization.
                 * @example acme
                 */
                orgname: components["parameters"]["Orgname"];
                /**
                 * @description Name of the robot without its namespace and the `+`.
                 * @example ci
                 */
                robot_shortname: components["parameters"]["RobotShortname"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The robot. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "name": "acme+deploy",
                     *       "created": "Wed, 01 Jan 2020 00:00:00 -0000",
                     *       "last_accessed": null,
                     *       "description": "Deploys from the pipeline",
                     *       "token": "3V5GR0CLYYCKXF1V0CYU3X0P7BKCGV1YYZ0M2OD4W8NJTQVBR6EH9STFUALXK5DQ",
                     *       "unstructured_metadata": {
                     *         "pipeline": "release"
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["Robot"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["NotFound"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    createOrgRobot: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Name of the organization.
                 * @example acme
                 */
                orgname: components["parameters"]["Orgname"];
                /**
                 * @description Name of the robot without its namespace and the `+`.
                 * @example ci
                 */
                robot_shortname: components["parameters"]["RobotShortname"];
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                /**
                 * @example {
                 *       "description": "Deploys from the pipeline",
                 *       "unstructured_metadata": {
                 *         "pipeline": "release"
                 *       }
                 *     }
                 */
                "application/json": components["schemas"]["CreateRobot"];
            };
        };
        responses: {
            /** @description The new robot with its token. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "name": "acme+deploy",
                     *       "created": "Wed, 01 Jan 2020 00:00:00 -0000",
                     *       "last_accessed": null,
                     *       "description": "Deploys from the pipeline",
                     *       "token": "3V5GR0CLYYCKXF1V0CYU3X0P7BKCGV1YYZ0M2OD4W8NJTQVBR6EH9STFUALXK5DQ",
                     *       "unstructured_metadata": {
                     *         "pipeline": "release"
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["Robot"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["NotFound"];
            408: components["responses"]["BodyTooSlow"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["NotJson"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    deleteOrgRobot: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Name of the organization.
                 * @example acme
                 */
                orgname: components["parameters"]["Orgname"];
                /**
                 * @description Name of the robot without its namespace and the `+`.
                 * @example ci
                 */
                robot_shortname: components["parameters"]["RobotShortname"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The robot is gone. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["NotFound"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    regenerateOrgRobotToken: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Name of the organization.
                 * @example acme
                 */
                orgname: components["parameters"]["Orgname"];
                /**
                 * @description Name of the robot without its namespace and the `+`.
                 * @example ci
                 */
                robot_shortname: components["parameters"]["RobotShortname"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The robot with its new token. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "name": "acme+deploy",
                     *       "created": "Wed, 01 Jan 2020 00:00:00 -0000",
                     *       "last_accessed": null,
                     *       "description": "Deploys from the pipeline",
                     *       "token": "3V5GR0CLYYCKXF1V0CYU3X0P7BKCGV1YYZ0M2OD4W8NJTQVBR6EH9STFUALXK5DQ"
                     *     }
                     */
                    "application/json": components["schemas"]["Robot"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["NotFound"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getOrgRobotPermissions: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Name of the organization.
                 * @example acme
                 */
                orgname: components["parameters"]["Orgname"];
                /**
                 * @description Name of the robot without its namespace and the `+`.
                 * @example ci
                 */
                robot_shortname: components["parameters"]["RobotShortname"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The roles. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "permissions": [
                     *         {
                     *           "repository": {
                     *             "name": "nginx",
                     *             "is_public": false
                     *           },
                     *           "role": "write"
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["RobotPermissions"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["NotFound"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getOrgRobotFederation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Name of the organization.
                 * @example acme
                 */
                orgname: components["parameters"]["Orgname"];
                /**
                 * @description Name of the robot without its namespace and the `+`.
                 * @example ci
                 */
                robot_shortname: components["parameters"]["RobotShortname"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Issuers and subjects. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example [
                     *       {
                     *         "issuer": "https://ci.example.com",
                     *         "subject": "repo:acme/nginx:ref:refs/heads/main"
                     *       }
                     *     ]
                     */
                    "application/json": components["schemas"]["RobotFederation"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["NotFound"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    createOrgRobotFederation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Name of the organization.
                 * @example acme
                 */
                orgname: components["parameters"]["Orgname"];
                /**
                 * @description Name of the robot without its namespace and the `+`.
                 * @example ci
                 */
                robot_shortname: components["parameters"]["RobotShortname"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example [
                 *       {
                 *         "issuer": "https://ci.example.com",
                 *         "subject": "repo:acme/nginx:ref:refs/heads/main"
                 *       }
                 *     ]
                 */
                "application/json": components["schemas"]["RobotFederation"];
            };
        };
        responses: {
            /** @description The list as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example [
                     *       {
                     *         "issuer": "https://ci.example.com",
                     *         "subject": "repo:acme/nginx:ref:refs/heads/main"
                     *       }
                     *     ]
                     */
                    "application/json": components["schemas"]["RobotFederation"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["NotFound"];
            408: components["responses"]["BodyTooSlow"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["NotJson"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    deleteOrgRobotFederation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Name of the organization.
                 * @example acme
                 */
                orgname: components["parameters"]["Orgname"];
                /**
                 * @description Name of the robot without its namespace and the `+`.
                 * @example ci
                 */
                robot_shortname: components["parameters"]["RobotShortname"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Only its own token stands for the robot now. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["NotFound"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    robotFederationToken: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The password. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "token": "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhY21lK2RlcGxveSJ9.c2lnbmF0dXJl"
                     *     }
                     */
                    "application/json": components["schemas"]["FederatedToken"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["FederationRefused"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getOrganizationPrototypePermissions: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Name of the organization.
                 * @example acme
                 */
                orgname: components["parameters"]["Orgname"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The default permissions. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "prototypes": [
                     *         {
                     *           "id": "6b0b2c0e-6d0f-4c57-9a0c-3d2f8f6b1f10",
                     *           "role": "write",
                     *           "activating_user": {
                     *             "name": "ada",
                     *             "kind": "user",
                     *             "is_robot": false,
                     *             "is_org_member": true,
                     *             "avatar": {
                     *               "name": "ada",
                     *               "hash": "b5fc85e55755f9e0d030a10ab4429b6b2944855f5a0d3f3e0f1a7b2e2c9c7d11",
                     *               "color": "#1f77b4",
                     *               "kind": "user"
                     *             }
                     *           },
                     *           "delegate": {
                     *             "name": "builders",
                     *             "kind": "team",
                     *             "avatar": {
                     *               "name": "builders",
                     *               "hash": "0e6e0fbd1e2b0d9dba3f6e9a7a3d2c9cf7d6c7f60d0a8f3d9c3b5c8b8a6a1f20",
                     *               "color": "#2ca02c",
                     *               "kind": "team"
                     *             }
                     *           }
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["DefaultPermissions"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["NotFound"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    createOrganizationPrototypePermission: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Name of the organization.
                 * @example acme
                 */
                orgname: components["parameters"]["Orgname"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "role": "write",
                 *       "activating_user": {
                 *         "name": "ada"
                 *       },
                 *       "delegate": {
                 *         "name": "builders",
                 *         "kind": "team"
                 *       }
                 *     }
                 */
                "application/json": components["schemas"]["NewDefaultPermission"];
            };
        };
        responses: {
            /** @description The default permission holds. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "6b0b2c0e-6d0f-4c57-9a0c-3d2f8f6b1f10",
                     *       "role": "write",
                     *       "activating_user": {
                     *         "name": "ada",
                     *         "kind": "user",
                     *         "is_robot": false,
                     *         "is_org_member": true,
                     *         "avatar": {
                     *           "name": "ada",
                     *           "hash": "b5fc85e55755f9e0d030a10ab4429b6b2944855f5a0d3f3e0f1a7b2e2c9c7d11",
                     *           "color": "#1f77b4",
                     *           "kind": "user"
                     *         }
                     *       },
                     *       "delegate": {
                     *         "name": "builders",
                     *         "kind": "team",
                     *         "avatar": {
                     *           "name": "builders",
                     *           "hash": "0e6e0fbd1e2b0d9dba3f6e9a7a3d2c9cf7d6c7f60d0a8f3d9c3b5c8b8a6a1f20",
                     *           "color": "#2ca02c",
                     *           "kind": "team"
                     *         }
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["DefaultPermission"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["NotFound"];
            408: components["responses"]["BodyTooSlow"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["NotJson"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    updateOrganizationPrototypePermission: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Name of the organization.
                 * @example acme
                 */
                orgname: components["parameters"]["Orgname"];
                /**
                 * @description Id of the default permission.
                 * @example 6b0b2c0e-6d0f-4c57-9a0c-3d2f8f6b1f10
                 */
                prototypeid: components["parameters"]["PrototypeId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "role": "write"
                 *     }
                 */
                "application/json": components["schemas"]["DefaultPermissionChange"];
            };
        };
        responses: {
            /** @description The default permission as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "6b0b2c0e-6d0f-4c57-9a0c-3d2f8f6b1f10",
                     *       "role": "write",
                     *       "activating_user": {
                     *         "name": "ada",
                     *         "kind": "user",
                     *         "is_robot": false,
                     *         "is_org_member": true,
                     *         "avatar": {
                     *           "name": "ada",
                     *           "hash": "b5fc85e55755f9e0d030a10ab4429b6b2944855f5a0d3f3e0f1a7b2e2c9c7d11",
                     *           "color": "#1f77b4",
                     *           "kind": "user"
                     *         }
                     *       },
                     *       "delegate": {
                     *         "name": "builders",
                     *         "kind": "team",
                     *         "avatar": {
                     *           "name": "builders",
                     *           "hash": "0e6e0fbd1e2b0d9dba3f6e9a7a3d2c9cf7d6c7f60d0a8f3d9c3b5c8b8a6a1f20",
                     *           "color": "#2ca02c",
                     *           "kind": "team"
                     *         }
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["DefaultPermission"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["NotFound"];
            408: components["responses"]["BodyTooSlow"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["NotJson"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    deleteOrganizationPrototypePermission: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Name of the organization.
                 * @example acme
                 */
                orgname: components["parameters"]["Orgname"];
                /**
                 * @description Id of the default permission.
                 * @example 6b0b2c0e-6d0f-4c57-9a0c-3d2f8f6b1f10
                 */
                prototypeid: components["parameters"]["PrototypeId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The default permission is gone. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["NotFound"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getApplicationInformation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Client id of an application.
                 * @example XQ5C0HZ0TL7E8KDN1V2M
                 */
                client_id: components["parameters"]["ClientId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The application. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "name": "Deploy board",
                     *       "description": "Shows what runs where",
                     *       "uri": "https://deploy.example.com",
                     *       "avatar": {
                     *         "name": "Deploy board",
                     *         "hash": "b5fc85e55755f9e0d030a10ab4429b6b2944855f5a0d3f3e0f1a7b2e2c9c7d11",
                     *         "color": "#1f77b4",
                     *         "kind": "app"
                     *       },
                     *       "organization": {
                     *         "name": "acme",
                     *         "email": "",
                     *         "avatar": {
                     *           "name": "acme",
                     *           "hash": "0e6e0fbd1e2b0d9dba3f6e9a7a3d2c9cf7d6c7f60d0a8f3d9c3b5c8b8a6a1f20",
                     *           "color": "#2ca02c",
                     *           "kind": "org"
                     *         },
                     *         "is_admin": false,
                     *         "is_member": false,
                     *         "teams": {},
                     *         "ordered_teams": []
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["ApplicationInformation"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            404: components["responses"]["NotFound"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getOrganizationApplications: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Name of the organization.
                 * @example acme
                 */
                orgname: components["parameters"]["Orgname"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The applications. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "applications": [
                     *         {
                     *           "name": "Deploy board",
                     *           "description": "Shows what runs where",
                     *           "application_uri": "https://deploy.example.com",
                     *           "client_id": "XQ5C0HZ0TL7E8KDN1V2M",
                     *           "client_secret": "2tYz0m2oD4w8nJtqVbR6eH9sTfUaLxK5dq3V5gR0",
                     *           "redirect_uri": "https://deploy.example.com/callback",
                     *           "avatar_email": null
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["ApplicationList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["NotFound"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    createOrganizationApplication: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Name of the organization.
                 * @example acme
                 */
                orgname: components["parameters"]["Orgname"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "name": "Deploy board",
                 *       "redirect_uri": "https://deploy.example.com/callback",
                 *       "application_uri": "https://deploy.example.com",
                 *       "description": "Shows what runs where"
                 *     }
                 */
                "application/json": components["schemas"]["NewApp"];
            };
        };
        responses: {
            /** @description The application is there. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "name": "Deploy board",
                     *       "description": "Shows what runs where",
                     *       "application_uri": "https://deploy.example.com",
                     *       "client_id": "XQ5C0HZ0TL7E8KDN1V2M",
                     *       "client_secret": "2tYz0m2oD4w8nJtqVbR6eH9sTfUaLxK5dq3V5gR0",
                     *       "redirect_uri": "https://deploy.example.com/callback",
                     *       "avatar_email": null
                     *     }
                     */
                    "application/json": components["schemas"]["Application"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["NotFound"];
            408: components["responses"]["BodyTooSlow"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["NotJson"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getOrganizationApplication: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Name of the organization.
                 * @example acme
                 */
                orgname: components["parameters"]["Orgname"];
                /**
                 * @description Client id of an application.
                 * @example XQ5C0HZ0TL7E8KDN1V2M
                 */
                client_id: components["parameters"]["ClientId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The application. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "name": "Deploy board",
                     *       "description": "Shows what runs where",
                     *       "application_uri": "https://deploy.example.com",
                     *       "client_id": "XQ5C0HZ0TL7E8KDN1V2M",
                     *       "client_secret": "2tYz0m2oD4w8nJtqVbR6eH9sTfUaLxK5dq3V5gR0",
                     *       "redirect_uri": "https://deploy.example.com/callback",
                     *       "avatar_email": null
                     *     }
                     */
                    "application/json": components["schemas"]["Application"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["NotFound"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    updateOrganizationApplication: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Name of the organization.
                 * @example acme
                 */
                orgname: components["parameters"]["Orgname"];
                /**
                 * @description Client id of an application.
                 * @example XQ5C0HZ0TL7E8KDN1V2M
                 */
                client_id: components["parameters"]["ClientId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "name": "Deploy board",
                 *       "redirect_uri": "https://deploy.example.com/callback",
                 *       "application_uri": "https://deploy.example.com"
                 *     }
                 */
                "application/json": components["schemas"]["UpdateApp"];
            };
        };
        responses: {
            /** @description The application as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "name": "Deploy board",
                     *       "description": "Shows what runs where",
                     *       "application_uri": "https://deploy.example.com",
                     *       "client_id": "XQ5C0HZ0TL7E8KDN1V2M",
                     *       "client_secret": "2tYz0m2oD4w8nJtqVbR6eH9sTfUaLxK5dq3V5gR0",
                     *       "redirect_uri": "https://deploy.example.com/callback",
                     *       "avatar_email": null
                     *     }
                     */
                    "application/json": components["schemas"]["Application"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["NotFound"];
            408: components["responses"]["BodyTooSlow"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["NotJson"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    deleteOrganizationApplication: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Name of the organization.
                 * @example acme
                 */
                orgname: components["parameters"]["Orgname"];
                /**
                 * @description Client id of an application.
                 * @example XQ5C0HZ0TL7E8KDN1V2M
                 */
                client_id: components["parameters"]["ClientId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The application and its tokens are gone. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["NotFound"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    resetOrganizationApplicationClientSecret: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Name of the organization.
                 * @example acme
                 */
                orgname: components["parameters"]["Orgname"];
                /**
                 * @description Client id of an application.
                 * @example XQ5C0HZ0TL7E8KDN1V2M
                 */
                client_id: components["parameters"]["ClientId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The application with its new secret. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "name": "Deploy board",
                     *       "description": "Shows what runs where",
                     *       "application_uri": "https://deploy.example.com",
                     *       "client_id": "XQ5C0HZ0TL7E8KDN1V2M",
                     *       "client_secret": "2tYz0m2oD4w8nJtqVbR6eH9sTfUaLxK5dq3V5gR0",
                     *       "redirect_uri": "https://deploy.example.com/callback",
                     *       "avatar_email": null
                     *     }
                     */
                    "application/json": components["schemas"]["Application"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["NotFound"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    listOrganizationApplicationTokens: {
        parameters: {
            query?: {
                /**
                 * @description `next_page` of the page before. Opaque, and only good for the same question; one that does not work gives the first page.
                 * @example eyJhZnRlciI6ImFjbWUvbmdpbngifQ
                 */
                next_page?: components["parameters"]["NextPage"];
            };
            header?: never;
            path: {
                /**
                 * @description Name of the organization.
                 * @example acme
                 */
                orgname: components["parameters"]["Orgname"];
                /**
                 * @description Client id of an application.
                 * @example XQ5C0HZ0TL7E8KDN1V2M
                 */
                client_id: components["parameters"]["ClientId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of tokens. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "tokens": [
                     *         {
                     *           "uuid": "4f0c1a7e-8d0b-4a86-9a80-3c4f2f1d9e55",
                     *           "name": "nightly build",
                     *           "scope": "repo:read repo:write",
                     *           "expires_at": "2030-01-01T00:00:00.000000Z",
                     *           "created": "2020-01-01T00:00:00.000000Z",
                     *           "created_by": "ada",
                     *           "last_accessed": null
                     *         }
                     *       ],
                     *       "next_page": "eyJhZnRlciI6NTB9"
                     *     }
                     */
                    "application/json": components["schemas"]["ApplicationTokenList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["NotFound"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    createOrganizationApplicationToken: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Name of the organization.
                 * @example acme
                 */
                orgname: components["parameters"]["Orgname"];
                /**
                 * @description Client id of an application.
                 * @example XQ5C0HZ0TL7E8KDN1V2M
                 */
                client_id: components["parameters"]["ClientId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "name": "nightly build",
                 *       "scope": "repo:read repo:write",
                 *       "expiration": 2592000
                 *     }
                 */
                "application/json": components["schemas"]["NewApplicationToken"];
            };
        };
        responses: {
            /** @description The token. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "uuid": "4f0c1a7e-8d0b-4a86-9a80-3c4f2f1d9e55",
                     *       "name": "nightly build",
                     *       "scope": "repo:read repo:write",
                     *       "expires_at": "2030-01-01T00:00:00.000000Z",
                     *       "created": "2020-01-01T00:00:00.000000Z",
                     *       "created_by": "ada",
                     *       "last_accessed": null,
                     *       "token": "2tYz0m2oD4w8nJtqVbR6eH9sTfUaLxK5dq3V5gR0"
                     *     }
                     */
                    "application/json": components["schemas"]["OAuthApplicationToken"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["NotFound"];
            408: components["responses"]["BodyTooSlow"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["NotJson"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    deleteOrganizationApplicationToken: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Name of the organization.
                 * @example acme
                 */
                orgname: components["parameters"]["Orgname"];
                /**
                 * @description Client id of an application.
                 * @example XQ5C0HZ0TL7E8KDN1V2M
                 */
                client_id: components["parameters"]["ClientId"];
                /**
                 * @description Uuid of a token of the application.
                 * @example 4f0c1a7e-8d0b-4a86-9a80-3c4f2f1d9e55
                 */
                token_uuid: components["parameters"]["OAuthTokenUuid"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The token is gone. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["NotFound"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    oauthAuthorize: {
        parameters: {
            query: {
                /**
                 * @description Client id of the application.
                 * @example XQ5C0HZ0TL7E8KDN1V2M
                 */
                client_id: components["parameters"]["FlowClientId"];
                /**
                 * @description Where to go on; an address that the application has registered, or `/oauth/localapp` of this registry.
                 * @example https://deploy.example.com/callback
                 */
                redirect_uri: components["parameters"]["FlowRedirectUri"];
                /**
                 * @description Scopes, separated by spaces or commas. One that is not known makes all of them invalid.
                 * @example repo:read
                 */
                scope: components["parameters"]["FlowScope"];
                /**
                 * @description `code`, or `token` for a token in the fragment of the address.
                 * @example code
                 */
                response_type?: string;
                /**
                 * @description Given back to the application as it is.
                 * @example af0ifjsldkj
                 */
                state?: string;
                /**
                 * @description The assignment that lets you consent; only with `response_type=token`, and with `FEATURE_ASSIGN_OAUTH_TOKEN` on.
                 * @example 9a2d4c5e-1f37-4b1c-8f0e-6c1d7a3b5e90
                 */
                assignment_uuid?: string;
                /**
                 * @description PKCE (RFC 7636): base64url of the sha256 of the verifier.
                 * @example E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM
                 */
                code_challenge?: string;
                /**
                 * @description `S256`; other methods are refused.
                 * @example S256
                 */
                code_challenge_method?: string;
                /**
                 * @description A page for people, or the same as JSON.
                 * @example json
                 */
                format?: components["parameters"]["PageFormat"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The page, or what it would say. */
            200: {
                headers: {
                    "Cache-Control": components["headers"]["NoStore"];
                    /**
                     * @description Of the page; its form may lead to the application.
                     * @example default-src 'none'; form-action 'self' https://deploy.example.com
                     */
                    "Content-Security-Policy"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                    /**
                     * @example {
                     *       "scopes": [
                     *         {
                     *           "scope": "repo:read",
                     *           "title": "See and pull your repositories",
                     *           "description": "Every repository that you may read, private ones included.",
                     *           "icon": "fa-hdd-o",
                     *           "dangerous": false
                     *         }
                     *       ],
                     *       "has_dangerous_scopes": false,
                     *       "application": {
                     *         "name": "Deploy board",
                     *         "description": "Shows what runs where",
                     *         "url": "https://deploy.example.com",
                     *         "avatar": "{\"name\":\"Deploy board\",\"hash\":\"b5fc85e55755f9e0\",\"color\":\"#1f77b4\",\"kind\":\"app\"}",
                     *         "organization": {
                     *           "name": "acme",
                     *           "avatar": "{\"name\":\"acme\",\"hash\":\"0e6e0fbd1e2b0d9d\",\"color\":\"#2ca02c\",\"kind\":\"org\"}"
                     *         }
                     *       },
                     *       "response_type": "code",
                     *       "client_id": "XQ5C0HZ0TL7E8KDN1V2M",
                     *       "redirect_uri": "https://deploy.example.com/callback",
                     *       "scope": "repo:read",
                     *       "csrf_token_val": "q3V5gR0cLyyCkXf1v0cyu3X0p7bKcGv1yYz0m2oD4w8nJtqVbR6eH9sTfUaLxK5d",
                     *       "state": "af0ifjsldkj",
                     *       "assignment_uuid": null
                     *     }
                     */
                    "application/json": components["schemas"]["ConsentRequest"];
                };
            };
            302: components["responses"]["FlowGoesOn"];
            400: components["responses"]["FlowRefused"];
            401: components["responses"]["SignInFirstPage"];
            403: components["responses"]["NotAllowedPage"];
            404: components["responses"]["NotFoundPage"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    oauthAuthorizeApp: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "client_id": "XQ5C0HZ0TL7E8KDN1V2M",
                 *       "redirect_uri": "https://deploy.example.com/callback",
                 *       "scope": "repo:read",
                 *       "response_type": "code",
                 *       "state": "af0ifjsldkj",
                 *       "_csrf_token": "q3V5gR0cLyyCkXf1v0cyu3X0p7bKcGv1yYz0m2oD4w8nJtqVbR6eH9sTfUaLxK5d"
                 *     }
                 */
                "application/x-www-form-urlencoded": components["schemas"]["Consent"];
            };
        };
        responses: {
            302: components["responses"]["FlowGoesOn"];
            400: components["responses"]["FlowRefused"];
            401: components["responses"]["SignInFirstPage"];
            403: components["responses"]["NotAllowedPage"];
            404: components["responses"]["NotFoundPage"];
            408: components["responses"]["BodyTooSlow"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["NotAForm"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    oauthDenyApp: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "client_id": "XQ5C0HZ0TL7E8KDN1V2M",
                 *       "redirect_uri": "https://deploy.example.com/callback",
                 *       "scope": "repo:read",
                 *       "state": "af0ifjsldkj",
                 *       "_csrf_token": "q3V5gR0cLyyCkXf1v0cyu3X0p7bKcGv1yYz0m2oD4w8nJtqVbR6eH9sTfUaLxK5d"
                 *     }
                 */
                "application/x-www-form-urlencoded": components["schemas"]["Denial"];
            };
        };
        responses: {
            302: components["responses"]["FlowGoesOn"];
            400: components["responses"]["FlowRefused"];
            401: components["responses"]["SignInFirstPage"];
            403: components["responses"]["NotAllowedPage"];
            404: components["responses"]["NotFoundPage"];
            408: components["responses"]["BodyTooSlow"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["NotAForm"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    oauthAssignUser: {
        parameters: {
            query: {
                /**
                 * @description Client id of the application.
                 * @example XQ5C0HZ0TL7E8KDN1V2M
                 */
                client_id: components["parameters"]["FlowClientId"];
                /**
                 * @description Where to go on; an address that the application has registered, or `/oauth/localapp` of this registry.
                 * @example https://deploy.example.com/callback
                 */
                redirect_uri: components["parameters"]["FlowRedirectUri"];
                /**
                 * @description Scopes, separated by spaces or commas. One that is not known makes all of them invalid.
                 * @example repo:read
                 */
                scope: components["parameters"]["FlowScope"];
                /**
                 * @description Who is asked.
                 * @example ada
                 */
                username: string;
                /**
                 * @description Either is taken; an assignment gives a token, never a code.
                 * @example token
                 */
                response_type?: "token" | "code";
                /**
                 * @description Not looked at.
                 * @example af0ifjsldkj
                 */
                state?: string;
                /**
                 * @description A page for people, or the same as JSON.
                 * @example json
                 */
                format?: components["parameters"]["PageFormat"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                /**
                 * @example {
                 *       "_csrf_token": "q3V5gR0cLyyCkXf1v0cyu3X0p7bKcGv1yYz0m2oD4w8nJtqVbR6eH9sTfUaLxK5d"
                 *     }
                 */
                "application/x-www-form-urlencoded": components["schemas"]["AssignmentForm"];
                /**
                 * @example {
                 *       "_csrf_token": "q3V5gR0cLyyCkXf1v0cyu3X0p7bKcGv1yYz0m2oD4w8nJtqVbR6eH9sTfUaLxK5d"
                 *     }
                 */
                "multipart/form-data": components["schemas"]["AssignmentForm"];
            };
        };
        responses: {
            /** @description The user has been asked. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                    /**
                     * @example {
                     *       "message": "ada was asked to make a token"
                     *     }
                     */
                    "application/json": components["schemas"]["AssignmentMade"];
                };
            };
            400: components["responses"]["FlowRefused"];
            401: components["responses"]["SignInFirstPage"];
            403: components["responses"]["NotAllowedPage"];
            404: components["responses"]["NotFoundPage"];
            408: components["responses"]["BodyTooSlow"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["NotAForm"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    oauthAccessToken: {
        parameters: {
            query?: {
                /**
                 * @description As in the form.
                 * @example authorization_code
                 */
                grant_type?: string;
                /**
                 * @description As in the form.
                 * @example XQ5C0HZ0TL7E8KDN1V2M
                 */
                client_id?: string;
                /**
                 * @description As in the form.
                 * @example 2tYz0m2oD4w8nJtqVbR6eH9sTfUaLxK5dq3V5gR0
                 */
                client_secret?: string;
                /**
                 * @description As in the form.
                 * @example https://deploy.example.com/callback
                 */
                redirect_uri?: string;
                /**
                 * @description As in the form.
                 * @example Jt3V5gR0qVbR6eH9sTfUaLxK5d2tYz0m2oD4w8nq
                 */
                code?: string;
                /**
                 * @description As in the form.
                 * @example repo:read
                 */
                scope?: string;
                /**
                 * @description As in the form.
                 * @example dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk
                 */
                code_verifier?: string;
            };
            header?: {
                /**
                 * @description Client id and client secret as Basic credentials, in place of the fields.
                 * @example Basic WFE1QzBIWjpzZWNyZXQ=
                 */
                Authorization?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                /**
                 * @example {
                 *       "grant_type": "authorization_code",
                 *       "client_id": "XQ5C0HZ0TL7E8KDN1V2M",
                 *       "client_secret": "2tYz0m2oD4w8nJtqVbR6eH9sTfUaLxK5dq3V5gR0",
                 *       "redirect_uri": "https://deploy.example.com/callback",
                 *       "code": "Jt3V5gR0qVbR6eH9sTfUaLxK5d2tYz0m2oD4w8nq",
                 *       "code_verifier": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
                 *     }
                 */
                "application/x-www-form-urlencoded": components["schemas"]["CodeExchange"];
            };
        };
        responses: {
            /** @description The token. */
            200: {
                headers: {
                    "Cache-Control": components["headers"]["NoStore"];
                    Pragma: components["headers"]["PragmaNoCache"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "access_token": "2tYz0m2oD4w8nJtqVbR6eH9sTfUaLxK5dq3V5gR0",
                     *       "token_type": "Bearer",
                     *       "expires_in": 315576000,
                     *       "refresh_token": null
                     *     }
                     */
                    "application/json": components["schemas"]["AccessToken"];
                };
            };
            400: components["responses"]["GrantRefused"];
            401: components["responses"]["ClientRefused"];
            408: components["responses"]["GrantTooSlow"];
            413: components["responses"]["GrantTooLarge"];
            415: components["responses"]["GrantNotAForm"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    oauthLocalHandler: {
        parameters: {
            query?: {
                /**
                 * @description Scopes of the token.
                 * @example repo:read
                 */
                scope?: string;
                /**
                 * @description Not looked at.
                 * @example af0ifjsldkj
                 */
                state?: string;
                /**
                 * @description Why there is no token.
                 * @example authorization_denied
                 */
                error?: string;
                /**
                 * @description The same in words.
                 * @example the scope is not known
                 */
                error_description?: string;
                /**
                 * @description Given back with `format=json`.
                 * @example 2tYz0m2oD4w8nJtqVbR6eH9sTfUaLxK5dq3V5gR0
                 */
                access_token?: string;
                /**
                 * @description A page for people, or the same as JSON.
                 * @example json
                 */
                format?: components["parameters"]["PageFormat"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The page, or the token of the query. */
            200: {
                headers: {
                    "Cache-Control": components["headers"]["NoStore"];
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                    /**
                     * @example {
                     *       "access_token": "2tYz0m2oD4w8nJtqVbR6eH9sTfUaLxK5dq3V5gR0"
                     *     }
                     */
                    "application/json": components["schemas"]["LocalToken"];
                };
            };
            302: components["responses"]["FlowGoesOn"];
            400: components["responses"]["FlowRefused"];
            401: components["responses"]["SignInFirstPage"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    showSigninPage: {
        parameters: {
            query?: {
                /**
                 * @description Where to go after signing in: a path of this registry.
                 * @example /oauth/authorize?client_id=XQ5C0HZ0TL7E8KDN1V2M
                 */
                next?: string;
                /**
                 * @description Why the last attempt did not work.
                 * @example credentials
                 */
                refused?: "credentials" | "disabled" | "wait";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The page. */
            200: {
                headers: {
                    "Cache-Control": components["headers"]["NoStore"];
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            400: components["responses"]["BadRequest"];
            404: components["responses"]["SwitchedOff"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    signinOnPage: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "username": "ada",
                 *       "password": "correct-horse-battery",
                 *       "next": "/oauth/authorize?client_id=XQ5C0HZ0TL7E8KDN1V2M",
                 *       "_csrf_token": "q3V5gR0cLyyCkXf1v0cyu3X0p7bKcGv1yYz0m2oD4w8nJtqVbR6eH9sTfUaLxK5d"
                 *     }
                 */
                "application/x-www-form-urlencoded": components["schemas"]["SigninForm"];
            };
        };
        responses: {
            302: components["responses"]["FlowGoesOn"];
            400: components["responses"]["BadRequest"];
            403: components["responses"]["StaleForm"];
            404: components["responses"]["SwitchedOff"];
            408: components["responses"]["BodyTooSlow"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["NotAForm"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    listRepos: {
        parameters: {
            query?: {
                /**
                 * @description Repositories of this user or organization.
                 * @example acme
                 */
                namespace?: string;
                /**
                 * @description Repositories that you have starred; refused without a sign-in.
                 * @example false
                 */
                starred?: boolean;
                /**
                 * @description Public repositories too, also those of namespaces that are not yours.
                 * @example true
                 */
                public?: boolean;
                /**
                 * @description Say when a tag last changed.
                 * @example true
                 */
                last_modified?: boolean;
                /**
                 * @description Say how much each is used.
                 * @example false
                 */
                popularity?: boolean;
                /**
                 * @description There is one kind; another name gives an empty list.
                 * @example image
                 */
                repo_kind?: string;
                /**
                 * @description `next_page` of the page before. Opaque, and only good for the same question; one that does not work gives the first page.
                 * @example eyJhZnRlciI6ImFjbWUvbmdpbngifQ
                 */
                next_page?: components["parameters"]["NextPage"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of repositories. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "repositories": [
                     *         {
                     *           "namespace": "acme",
                     *           "name": "nginx",
                     *           "description": "Web server",
                     *           "is_public": true,
                     *           "kind": "image",
                     *           "state": "NORMAL",
                     *           "last_modified": 1577836800,
                     *           "is_starred": false
                     *         }
                     *       ],
                     *       "next_page": "eyJhZnRlciI6ImFjbWUvbmdpbngifQ"
                     *     }
                     */
                    "application/json": components["schemas"]["RepositoryList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    createRepo: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "namespace": "acme",
                 *       "repository": "nginx",
                 *       "visibility": "private",
                 *       "description": "Web server",
                 *       "repo_kind": "image"
                 *     }
                 */
                "application/json": components["schemas"]["NewRepo"];
            };
        };
        responses: {
            /** @description The repository is there. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "namespace": "acme",
                     *       "name": "nginx",
                     *       "kind": "image"
                     *     }
                     */
                    "application/json": components["schemas"]["CreatedRepo"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["NotAllowed"];
            408: components["responses"]["BodyTooSlow"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["NotJson"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getRepo: {
        parameters: {
            query?: {
                /**
                 * @description Give the live tags.
                 * @example true
                 */
                includeTags?: boolean;
                /**
                 * @description Give the number of actions on each of the last 92 days.
                 * @example false
                 */
                includeStats?: boolean;
            };
            header?: never;
            path: {
                /**
                 * @description Full name of the repository, `namespace/name`. Slashes may be sent as they are or as `%2F`. A name without a namespace means `library/name`.
                 * @example acme/nginx
                 */
                repository: components["parameters"]["Repository"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The repository. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "namespace": "acme",
                     *       "name": "nginx",
                     *       "kind": "image",
                     *       "description": "Web server",
                     *       "is_public": true,
                     *       "is_organization": true,
                     *       "is_starred": false,
                     *       "status_token": "",
                     *       "trust_enabled": false,
                     *       "tag_expiration_s": 1209600,
                     *       "is_free_account": true,
                     *       "state": "NORMAL",
                     *       "can_write": true,
                     *       "can_admin": false,
                     *       "tags": {
                     *         "stable": {
                     *           "name": "stable",
                     *           "size": 31357624,
                     *           "last_modified": "Wed, 01 Jan 2020 00:00:00 -0000",
                     *           "manifest_digest": "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
                     *         }
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["RepositoryView"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["NotFound"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    updateRepo: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Full name of the repository, `namespace/name`. Slashes may be sent as they are or as `%2F`. A name without a namespace means `library/name`.
                 * @example acme/nginx
                 */
                repository: components["parameters"]["Repository"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "description": "Web server"
                 *     }
                 */
                "application/json": components["schemas"]["RepoUpdate"];
            };
        };
        responses: {
            /** @description The description is as asked. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "success": true
                     *     }
                     */
                    "application/json": components["schemas"]["Success"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["NotFound"];
            408: components["responses"]["BodyTooSlow"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["NotJson"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    deleteRepository: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Full name of the repository, `namespace/name`. Slashes may be sent as they are or as `%2F`. A name without a namespace means `library/name`.
                 * @example acme/nginx
                 */
                repository: components["parameters"]["Repository"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The repository is gone. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["NotFound"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    changeRepoVisibility: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Full name of the repository, `namespace/name`. Slashes may be sent as they are or as `%2F`. A name without a namespace means `library/name`.
                 * @example acme/nginx
                 */
                repository: components["parameters"]["Repository"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "visibility": "public"
                 *     }
                 */
                "application/json": components["schemas"]["ChangeVisibility"];
            };
        };
        responses: {
            /** @description The visibility is as asked. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "success": true
                     *     }
                     */
                    "application/json": components["schemas"]["Success"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["NotFound"];
            408: components["responses"]["BodyTooSlow"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["NotJson"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    changeRepoState: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Full name of the repository, `namespace/name`. Slashes may be sent as they are or as `%2F`. A name without a namespace means `library/name`.
                 * @example acme/nginx
                 */
                repository: components["parameters"]["Repository"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "state": "READ_ONLY"
                 *     }
                 */
                "application/json": components["schemas"]["ChangeRepoState"];
            };
        };
        responses: {
            /** @description The state is as asked. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "success": true
                     *     }
                     */
                    "application/json": components["schemas"]["Success"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["NotFound"];
            408: components["responses"]["BodyTooSlow"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["NotJson"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    listRepoUserPermissions: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Full name of the repository, `namespace/name`. Slashes may be sent as they are or as `%2F`. A name without a namespace means `library/name`.
                 * @example acme/nginx
                 */
                repository: components["parameters"]["Repository"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The users and their roles. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "permissions": {
                     *         "ada": {
                     *           "role": "write",
                     *           "name": "ada",
                     *           "is_robot": false,
                     *           "is_org_member": true,
                     *           "avatar": {
                     *             "name": "ada",
                     *             "hash": "b5fc85e55755f9e0d030a10ab4429b6b2944855f5a0d3f3e0f1a7b2e2c9c7d11",
                     *             "color": "#1f77b4",
                     *             "kind": "user"
                     *           }
                     *         }
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["UserPermissions"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["NotFound"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getUserPermissions: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Full name of the repository, `namespace/name`. Slashes may be sent as they are or as `%2F`. A name without a namespace means `library/name`.
                 * @example acme/nginx
                 */
                repository: components["parameters"]["Repository"];
                /**
                 * @description Name of a user, or of a robot: `namespace+name`.
                 * @example ada
                 */
                username: components["parameters"]["Grantee"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The role. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "role": "write",
                     *       "name": "ada",
                     *       "is_robot": false,
                     *       "is_org_member": true,
                     *       "avatar": {
                     *         "name": "ada",
                     *         "hash": "b5fc85e55755f9e0d030a10ab4429b6b2944855f5a0d3f3e0f1a7b2e2c9c7d11",
                     *         "color": "#1f77b4",
                     *         "kind": "user"
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["UserPermission"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["NotFound"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    changeUserPermissions: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Full name of the repository, `namespace/name`. Slashes may be sent as they are or as `%2F`. A name without a namespace means `library/name`.
                 * @example acme/nginx
                 */
                repository: components["parameters"]["Repository"];
                /**
                 * @description Name of a user, or of a robot: `namespace+name`.
                 * @example ada
                 */
                username: components["parameters"]["Grantee"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "role": "write"
                 *     }
                 */
                "application/json": components["schemas"]["PermissionChange"];
            };
        };
        responses: {
            /** @description The user has the role. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "role": "write",
                     *       "name": "ada",
                     *       "is_robot": false,
                     *       "is_org_member": true,
                     *       "avatar": {
                     *         "name": "ada",
                     *         "hash": "b5fc85e55755f9e0d030a10ab4429b6b2944855f5a0d3f3e0f1a7b2e2c9c7d11",
                     *         "color": "#1f77b4",
                     *         "kind": "user"
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["UserPermission"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["NotFound"];
            408: components["responses"]["BodyTooSlow"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["NotJson"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    deleteUserPermissions: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Full name of the repository, `namespace/name`. Slashes may be sent as they are or as `%2F`. A name without a namespace means `library/name`.
                 * @example acme/nginx
                 */
                repository: components["parameters"]["Repository"];
                /**
                 * @description Name of a user, or of a robot: `namespace+name`.
                 * @example ada
                 */
                username: components["parameters"]["Grantee"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The user has no role of its own any more. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["NotFound"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getUserTransitivePermission: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Full name of the repository, `namespace/name`. Slashes may be sent as they are or as `%2F`. A name without a namespace means `library/name`.
                 * @example acme/nginx
                 */
                repository: components["parameters"]["Repository"];
                /**
                 * @description Name of a user, or of a robot: `namespace+name`.
                 * @example ada
                 */
                username: components["parameters"]["Grantee"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The roles. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "permissions": [
                     *         {
                     *           "role": "write"
                     *         },
                     *         {
                     *           "role": "read"
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["TransitivePermissions"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["NotFound"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    listRepoTeamPermissions: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Full name of the repository, `namespace/name`. Slashes may be sent as they are or as `%2F`. A name without a namespace means `library/name`.
                 * @example acme/nginx
                 */
                repository: components["parameters"]["Repository"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The teams and their roles. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "permissions": {
                     *         "builders": {
                     *           "role": "write",
                     *           "name": "builders",
                     *           "avatar": {
                     *             "name": "builders",
                     *             "hash": "b5fc85e55755f9e0d030a10ab4429b6b2944855f5a0d3f3e0f1a7b2e2c9c7d11",
                     *             "color": "#1f77b4",
                     *             "kind": "team"
                     *           }
                     *         }
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["TeamPermissions-2"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["NotFound"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getTeamPermissions: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Full name of the repository, `namespace/name`. Slashes may be sent as they are or as `%2F`. A name without a namespace means `library/name`.
                 * @example acme/nginx
                 */
                repository: components["parameters"]["Repository"];
                /**
                 * @description Name of a team of the organization.
                 * @example builders
                 */
                teamname: components["parameters"]["Teamname"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The role. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "role": "write"
                     *     }
                     */
                    "application/json": components["schemas"]["HeldRole"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["NotFound"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    changeTeamPermissions: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Full name of the repository, `namespace/name`. Slashes may be sent as they are or as `%2F`. A name without a namespace means `library/name`.
                 * @example acme/nginx
                 */
                repository: components["parameters"]["Repository"];
                /**
                 * @description Name of a team of the organization.
                 * @example builders
                 */
                teamname: components["parameters"]["Teamname"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "role": "write"
                 *     }
                 */
                "application/json": components["schemas"]["PermissionChange"];
            };
        };
        responses: {
            /** @description The team has the role. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "role": "write",
                     *       "name": "builders",
                     *       "avatar": {
                     *         "name": "builders",
                     *         "hash": "b5fc85e55755f9e0d030a10ab4429b6b2944855f5a0d3f3e0f1a7b2e2c9c7d11",
                     *         "color": "#1f77b4",
                     *         "kind": "team"
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["TeamPermission"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["NotFound"];
            408: components["responses"]["BodyTooSlow"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["NotJson"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    deleteTeamPermissions: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Full name of the repository, `namespace/name`. Slashes may be sent as they are or as `%2F`. A name without a namespace means `library/name`.
                 * @example acme/nginx
                 */
                repository: components["parameters"]["Repository"];
                /**
                 * @description Name of a team of the organization.
                 * @example builders
                 */
                teamname: components["parameters"]["Teamname"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The team has no role any more. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["NotFound"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    confirmRepoEmail: {
        parameters: {
            query: {
                /**
                 * @description The one-time code of the mail.
                 * @example q3V5gR0cLyyCkXf1v0cyu3X0p7bKcGv1yYz0m2oD
                 */
                code: components["parameters"]["MailCode"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page that asks, that says thank you, or that the code does not work. */
            200: {
                headers: {
                    "Cache-Control": components["headers"]["NoStore"];
                    "Referrer-Policy": components["headers"]["NoReferrer"];
                    [name: string]: unknown;
                };
                content: {
                    /** @example <!doctype html><title>Thank you</title> */
                    "text/html": string;
                };
            };
            400: components["responses"]["BadRequest"];
            404: components["responses"]["SwitchedOff"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    confirmRepoEmailOnPage: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "code": "q3V5gR0cLyyCkXf1v0cyu3X0p7bKcGv1yYz0m2oD",
                 *       "_csrf_token": "q3V5gR0cLyyCkXf1v0cyu3X0p7bKcGv1yYz0m2oD4w8nJtqVbR6eH9sTfUaLxK5d"
                 *     }
                 */
                "application/x-www-form-urlencoded": components["schemas"]["MailLinkForm"];
            };
        };
        responses: {
            /** @description A page that says thank you, or that the code does not work. */
            200: {
                headers: {
                    "Cache-Control": components["headers"]["NoStore"];
                    "Referrer-Policy": components["headers"]["NoReferrer"];
                    [name: string]: unknown;
                };
                content: {
                    /** @example <!doctype html><title>This link does not work</title> */
                    "text/html": string;
                };
            };
            400: components["responses"]["BadRequest"];
            403: components["responses"]["StaleForm"];
            404: components["responses"]["SwitchedOff"];
            408: components["responses"]["BodyTooSlow"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["NotAForm"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    checkRepoEmailAuthorized: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Full name of the repository, `namespace/name`. Slashes may be sent as they are or as `%2F`. A name without a namespace means `library/name`.
                 * @example acme/nginx
                 */
                repository: components["parameters"]["Repository"];
                /**
                 * @description The e-mail address.
                 * @example ops@example.com
                 */
                email: components["parameters"]["NotificationEmail"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The address was asked, and has agreed or not. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "email": "ops@example.com",
                     *       "namespace": "acme",
                     *       "repository": "nginx",
                     *       "confirmed": true
                     *     }
                     */
                    "application/json": components["schemas"]["RepositoryEmail"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["NotFound"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    sendAuthorizeRepoEmail: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Full name of the repository, `namespace/name`. Slashes may be sent as they are or as `%2F`. A name without a namespace means `library/name`.
                 * @example acme/nginx
                 */
                repository: components["parameters"]["Repository"];
                /**
                 * @description The e-mail address.
                 * @example ops@example.com
                 */
                email: components["parameters"]["NotificationEmail"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The address, and whether it has agreed. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "email": "ops@example.com",
                     *       "namespace": "acme",
                     *       "repository": "nginx",
                     *       "confirmed": false
                     *     }
                     */
                    "application/json": components["schemas"]["RepositoryEmail"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["NotFound"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    listRepoTags: {
        parameters: {
            query?: {
                /**
                 * @description Only the lives of this one tag.
                 * @example stable
                 */
                specificTag?: string;
                /**
                 * @description `like:TEXT` for names that hold TEXT, `eq:TEXT` for the exact name.
                 * @example like:sta
                 */
                filter_tag_name?: string;
                /**
                 * @description Tags a page, 1 to 100; other numbers are clamped.
                 * @example 50
                 */
                limit?: number;
                /**
                 * @description Page, from 1; smaller numbers are clamped.
                 * @example 1
                 */
                page?: number;
                /**
                 * @description Leave out tags that have ended.
                 * @example true
                 */
                onlyActiveTags?: boolean;
            };
            header?: never;
            path: {
                /**
                 * @description Full name of the repository, `namespace/name`. Slashes may be sent as they are or as `%2F`. A name without a namespace means `library/name`.
                 * @example acme/nginx
                 */
                repository: components["parameters"]["Repository"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of tags. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "tags": [
                     *         {
                     *           "name": "stable",
                     *           "reversion": false,
                     *           "start_ts": 1577836800,
                     *           "manifest_digest": "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                     *           "is_manifest_list": false,
                     *           "size": 31357624,
                     *           "last_modified": "Wed, 01 Jan 2020 00:00:00 -0000"
                     *         }
                     *       ],
                     *       "page": 1,
                     *       "has_additional": false
                     *     }
                     */
                    "application/json": components["schemas"]["TagList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["NotFound"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    changeTag: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Full name of the repository, `namespace/name`. Slashes may be sent as they are or as `%2F`. A name without a namespace means `library/name`.
                 * @example acme/nginx
                 */
                repository: components["parameters"]["Repository"];
                /**
                 * @description Name of the tag.
                 * @example stable
                 */
                tag: components["parameters"]["Tag"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "manifest_digest": "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
                 *     }
                 */
                "application/json": components["schemas"]["ChangeTag"];
            };
        };
        responses: {
            /** @description The tag is as asked. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /** @example Updated */
                    "application/json": components["schemas"]["Updated"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["NotFound"];
            408: components["responses"]["BodyTooSlow"];
            409: components["responses"]["TagIsImmutable"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["NotJson"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    deleteFullTag: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Full name of the repository, `namespace/name`. Slashes may be sent as they are or as `%2F`. A name without a namespace means `library/name`.
                 * @example acme/nginx
                 */
                repository: components["parameters"]["Repository"];
                /**
                 * @description Name of the tag.
                 * @example stable
                 */
                tag: components["parameters"]["Tag"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The tag is gone. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["TagIsImmutable"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    restoreTag: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Full name of the repository, `namespace/name`. Slashes may be sent as they are or as `%2F`. A name without a namespace means `library/name`.
                 * @example acme/nginx
                 */
                repository: components["parameters"]["Repository"];
                /**
                 * @description Name of the tag.
                 * @example stable
                 */
                tag: components["parameters"]["Tag"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "manifest_digest": "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
                 *     }
                 */
                "application/json": components["schemas"]["RestoreTag"];
            };
        };
        responses: {
            /** @description The tag points at the manifest again. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /** @example {} */
                    "application/json": components["schemas"]["EmptyObject"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["NotFound"];
            408: components["responses"]["BodyTooSlow"];
            409: components["responses"]["TagIsImmutable"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["NotJson"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    removeTagFromTimemachine: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Full name of the repository, `namespace/name`. Slashes may be sent as they are or as `%2F`. A name without a namespace means `library/name`.
                 * @example acme/nginx
                 */
                repository: components["parameters"]["Repository"];
                /**
                 * @description Name of the tag.
                 * @example stable
                 */
                tag: components["parameters"]["Tag"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "is_alive": true
                 *     }
                 */
                "application/json": components["schemas"]["ExpireTag"];
            };
        };
        responses: {
            /** @description It is forgotten. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /** @example  */
                    "application/json": components["schemas"]["EmptyText"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["NotFound"];
            408: components["responses"]["BodyTooSlow"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["NotJson"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getRepoManifest: {
        parameters: {
            query?: {
                /**
                 * @description Ignored until model cards are built.
                 * @example false
                 */
                include_modelcard?: boolean;
            };
            header?: never;
            path: {
                /**
                 * @description Full name of the repository, `namespace/name`. Slashes may be sent as they are or as `%2F`. A name without a namespace means `library/name`.
                 * @example acme/nginx
                 */
                repository: components["parameters"]["Repository"];
                /**
                 * @description Digest of the manifest.
                 * @example sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
                 */
                manifestref: components["parameters"]["ManifestRef"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The manifest. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "digest": "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                     *       "is_manifest_list": false,
                     *       "manifest_data": "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"config\":{},\"layers\":[]}",
                     *       "config_media_type": "application/vnd.oci.image.config.v1+json",
                     *       "layers_compressed_size": 31357624,
                     *       "layers": [
                     *         {
                     *           "index": 0,
                     *           "compressed_size": 31357624,
                     *           "is_remote": false,
                     *           "urls": null,
                     *           "command": [
                     *             "/bin/sh",
                     *             "-c",
                     *             "apt-get update"
                     *           ],
                     *           "comment": null,
                     *           "author": null,
                     *           "blob_digest": "sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
                     *           "created_datetime": "Wed, 01 Jan 2020 00:00:00 -0000"
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["ManifestView"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["NotFound"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getMatchingEntities: {
        parameters: {
            query?: {
                /**
                 * @description Look among the robots and teams of this user or organization too.
                 * @example acme
                 */
                namespace?: string;
                /**
                 * @description Find teams of `namespace` too.
                 * @example true
                 */
                includeTeams?: boolean;
                /**
                 * @description Find the organization `namespace` itself too.
                 * @example false
                 */
                includeOrgs?: boolean;
            };
            header?: never;
            path: {
                /**
                 * @description Start of the name. Accents, spaces and capital letters make no difference.
                 * @example ad
                 */
                prefix: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Who was found. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "results": [
                     *         {
                     *           "name": "ada",
                     *           "kind": "user",
                     *           "is_robot": false,
                     *           "is_org_member": true,
                     *           "avatar": {
                     *             "name": "ada",
                     *             "hash": "b5fc85e55755f9e0d030a10ab4429b6b2944855f5a0d3f3e0f1a7b2e2c9c7d11",
                     *             "color": "#1f77b4",
                     *             "kind": "user"
                     *           }
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["Entities"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getGlobalMessages: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The messages. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "messages": [
                     *         {
                     *           "uuid": "4f0c1a7e-8d0b-4a86-9a80-3c4f2f1d9e55",
                     *           "content": "Maintenance on **Friday**",
                     *           "severity": "warning",
                     *           "media_type": "text/markdown"
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["GlobalMessageList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    createGlobalMessage: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "message": {
                 *         "content": "Maintenance on **Friday**",
                 *         "severity": "warning",
                 *         "media_type": "text/markdown"
                 *       }
                 *     }
                 */
                "application/json": components["schemas"]["CreateMessage"];
            };
        };
        responses: {
            /** @description The message is published. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInAgain"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["SwitchedOff"];
            408: components["responses"]["BodyTooSlow"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["NotJson"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    deleteGlobalMessage: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of a message.
                 * @example 4f0c1a7e-8d0b-4a86-9a80-3c4f2f1d9e55
                 */
                uuid: components["parameters"]["MessageUuid"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description There is no such message any more. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInAgain"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["SwitchedOff"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getRegistryCapabilities: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What it can do. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "sparse_manifests": {
                     *         "supported": false,
                     *         "required_architectures": [],
                     *         "optional_architectures_allowed": false
                     *       },
                     *       "mirror_architectures": [
                     *         "amd64",
                     *         "arm64",
                     *         "ppc64le",
                     *         "s390x"
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["RegistryCapabilities"];
                };
            };
            400: components["responses"]["BadRequest"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getErrorDescription: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Name of the error; `error_type` of its body.
                 * @example not_found
                 */
                error_type: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The explanation. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "http://localhost:8080/api/v1/error/not_found",
                     *       "title": "not_found",
                     *       "description": "The thing asked for does not exist."
                     *     }
                     */
                    "application/json": components["schemas"]["ApiErrorDescription"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            404: components["responses"]["NotFound"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    listAllAppTokens: {
        parameters: {
            query?: {
                /**
                 * @description Only those near their end: with less than a tenth of `APP_SPECIFIC_TOKEN_EXPIRATION` left, or of four weeks where that is not set.
                 * @example false
                 */
                expiring?: boolean;
                /**
                 * @description `next_page` of the page before. Opaque, and only good for the same question; one that does not work gives the first page.
                 * @example eyJhZnRlciI6ImFjbWUvbmdpbngifQ
                 */
                next_page?: components["parameters"]["NextPage"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The tokens. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "tokens": [
                     *         {
                     *           "uuid": "9d2a1b7c-1a2b-4c3d-8e4f-5a6b7c8d9e0f",
                     *           "title": "laptop",
                     *           "created": "Wed, 01 Jan 2020 00:00:00 -0000",
                     *           "last_accessed": null,
                     *           "expiration": null
                     *         }
                     *       ],
                     *       "only_expiring": null
                     *     }
                     */
                    "application/json": components["schemas"]["AppTokenList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInAgain"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["SwitchedOff"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    listAllUsers: {
        parameters: {
            query?: {
                /**
                 * @description Users who cannot sign in too.
                 * @example true
                 */
                disabled?: boolean;
                /**
                 * @description Size of a page.
                 * @example 50
                 */
                limit?: components["parameters"]["SuperUserLimit"];
                /**
                 * @description `next_page` of the page before. Opaque, and only good for the same question; one that does not work gives the first page.
                 * @example eyJhZnRlciI6ImFjbWUvbmdpbngifQ
                 */
                next_page?: components["parameters"]["NextPage"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of users. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "users": [
                     *         {
                     *           "kind": "user",
                     *           "name": "ada",
                     *           "username": "ada",
                     *           "email": "ada@example.com",
                     *           "verified": true,
                     *           "avatar": {
                     *             "name": "ada",
                     *             "hash": "b5fc85e55755f9e0d030a10ab4429b6b2944855f5a0d3f3e0f1a7b2e2c9c7d11",
                     *             "color": "#1f77b4",
                     *             "kind": "user"
                     *           },
                     *           "super_user": false,
                     *           "global_readonly_super_user": false,
                     *           "enabled": true
                     *         }
                     *       ],
                     *       "next_page": "eyJhZnRlciI6NDJ9"
                     *     }
                     */
                    "application/json": components["schemas"]["SuUserList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInAgain"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["SwitchedOff"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    createInstallUser: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "username": "ada",
                 *       "email": "ada@example.com"
                 *     }
                 */
                "application/json": components["schemas"]["CreateInstallUser"];
            };
        };
        responses: {
            /** @description The user and the password. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "username": "ada",
                     *       "email": "ada@example.com",
                     *       "password": "7QHG2M0XW4ZKD9T1R8VBN5PYC3EJ6AFL"
                     *     }
                     */
                    "application/json": components["schemas"]["CreatedInstallUser"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInAgain"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["SwitchedOff"];
            408: components["responses"]["BodyTooSlow"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["NotJson"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getInstallUser: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Name of a user.
                 * @example ada
                 */
                username: components["parameters"]["Username"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The user. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "kind": "user",
                     *       "name": "ada",
                     *       "username": "ada",
                     *       "email": "ada@example.com",
                     *       "verified": true,
                     *       "avatar": {
                     *         "name": "ada",
                     *         "hash": "b5fc85e55755f9e0d030a10ab4429b6b2944855f5a0d3f3e0f1a7b2e2c9c7d11",
                     *         "color": "#1f77b4",
                     *         "kind": "user"
                     *       },
                     *       "super_user": false,
                     *       "global_readonly_super_user": false,
                     *       "enabled": true
                     *     }
                     */
                    "application/json": components["schemas"]["SuUser"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInAgain"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["NotFound"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    changeInstallUser: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Name of a user.
                 * @example ada
                 */
                username: components["parameters"]["Username"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "email": "ada@example.com",
                 *       "enabled": true
                 *     }
                 */
                "application/json": components["schemas"]["UpdateInstallUser"];
            };
        };
        responses: {
            /** @description The user. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "kind": "user",
                     *       "name": "ada",
                     *       "username": "ada",
                     *       "email": "ada@example.com",
                     *       "verified": true,
                     *       "avatar": {
                     *         "name": "ada",
                     *         "hash": "b5fc85e55755f9e0d030a10ab4429b6b2944855f5a0d3f3e0f1a7b2e2c9c7d11",
                     *         "color": "#1f77b4",
                     *         "kind": "user"
                     *       },
                     *       "super_user": false,
                     *       "global_readonly_super_user": false,
                     *       "enabled": true
                     *     }
                     */
                    "application/json": components["schemas"]["SuUser"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInAgain"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["NotFound"];
            408: components["responses"]["BodyTooSlow"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["NotJson"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    deleteInstallUser: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Name of a user.
                 * @example ada
                 */
                username: components["parameters"]["Username"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The user is gone. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInAgain"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["NotFound"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    sendInstallUserRecoveryEmail: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Name of a user.
                 * @example ada
                 */
                username: components["parameters"]["Username"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The mail is on its way. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "email": "ada@example.com"
                     *     }
                     */
                    "application/json": components["schemas"]["RecoverySent"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInAgain"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["NotFound"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    listAllOrganizations: {
        parameters: {
            query?: {
                /**
                 * @description Size of a page.
                 * @example 50
                 */
                limit?: components["parameters"]["SuperUserLimit"];
                /**
                 * @description `next_page` of the page before. Opaque, and only good for the same question; one that does not work gives the first page.
                 * @example eyJhZnRlciI6ImFjbWUvbmdpbngifQ
                 */
                next_page?: components["parameters"]["NextPage"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of organizations. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "organizations": [
                     *         {
                     *           "name": "acme",
                     *           "email": "acme@example.com",
                     *           "avatar": {
                     *             "name": "acme",
                     *             "hash": "0a1b5fc85e55755f9e0d030a10ab4429b6b2944855f5a0d3f3e0f1a7b2e2c9c7",
                     *             "color": "#2e7d32",
                     *             "kind": "org"
                     *           }
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["SuOrgList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInAgain"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["SwitchedOff"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    changeOrganization: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Name of an organization.
                 * @example acme
                 */
                name: components["parameters"]["OrganizationName"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "name": "acme-labs"
                 *     }
                 */
                "application/json": components["schemas"]["RenameOrganization"];
            };
        };
        responses: {
            /** @description The organization. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "name": "acme",
                     *       "email": "acme@example.com",
                     *       "avatar": {
                     *         "name": "acme",
                     *         "hash": "0a1b5fc85e55755f9e0d030a10ab4429b6b2944855f5a0d3f3e0f1a7b2e2c9c7",
                     *         "color": "#2e7d32",
                     *         "kind": "org"
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["SuOrg"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInAgain"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["SwitchedOff"];
            408: components["responses"]["BodyTooSlow"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["NotJson"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    deleteOrganization: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Name of an organization.
                 * @example acme
                 */
                name: components["parameters"]["OrganizationName"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The organization is gone. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInAgain"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["NotFound"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    takeOwnership: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Name of an organization or a user.
                 * @example acme
                 */
                namespace: components["parameters"]["TakenNamespace"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description You administer it. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "namespace": "acme"
                     *     }
                     */
                    "application/json": components["schemas"]["TakenNamespace"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInAgain"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["NotFound"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getSuperUserConfig: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The configuration. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "config": {
                     *         "SERVER_HOSTNAME": "registry.example.com",
                     *         "SECRET_KEY": "(hidden)",
                     *         "SESSION_TIMEOUT": "31d"
                     *       },
                     *       "warning": {},
                     *       "env": {},
                     *       "schema": {
                     *         "SERVER_HOSTNAME": {
                     *           "type": "string",
                     *           "description": "Host under which the registry is reached"
                     *         }
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["SuperUserConfig"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInAgain"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["SwitchedOff"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    listServiceKeys: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The keys. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "keys": [
                     *         {
                     *           "name": "Scanner 1",
                     *           "kid": "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs",
                     *           "service": "scanner",
                     *           "jwk": {
                     *             "kty": "EC",
                     *             "kid": "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs",
                     *             "use": "sig",
                     *             "alg": "ES256",
                     *             "crv": "P-256",
                     *             "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
                     *             "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
                     *           },
                     *           "metadata": {
                     *             "rack": "b2"
                     *           },
                     *           "created_date": "Wed, 01 Jan 2020 00:00:00 GMT",
                     *           "expiration_date": "Fri, 01 Jan 2021 00:00:00 GMT",
                     *           "rotation_duration": null,
                     *           "approval": null
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["ServiceKeyViewList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["SwitchedOff"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    createServiceKey: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "service": "scanner",
                 *       "name": "Scanner 1",
                 *       "metadata": {
                 *         "rack": "b2"
                 *       },
                 *       "notes": "For the new rack",
                 *       "expiration": null
                 *     }
                 */
                "application/json": components["schemas"]["CreateServiceKey"];
            };
        };
        responses: {
            /** @description The key pair. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "kid": "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs",
                     *       "name": "Scanner 1",
                     *       "service": "scanner",
                     *       "public_key": "-----BEGIN PUBLIC KEY-----\n…\n-----END PUBLIC KEY-----\n",
                     *       "private_key": "-----BEGIN RSA PRIVATE KEY-----\n…\n-----END RSA PRIVATE KEY-----\n"
                     *     }
                     */
                    "application/json": components["schemas"]["CreatedServiceKey"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInAgain"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["SwitchedOff"];
            408: components["responses"]["BodyTooSlow"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["NotJson"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getServiceKey: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of the key, its RFC 7638 thumbprint. Tokens name it in their `kid` header.
                 * @example NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs
                 */
                kid: components["parameters"]["KeyId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The key. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "name": "Scanner 1",
                     *       "kid": "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs",
                     *       "service": "scanner",
                     *       "jwk": {
                     *         "kty": "EC",
                     *         "kid": "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs",
                     *         "use": "sig",
                     *         "alg": "ES256",
                     *         "crv": "P-256",
                     *         "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
                     *         "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
                     *       },
                     *       "metadata": {
                     *         "rack": "b2"
                     *       },
                     *       "created_date": "Wed, 01 Jan 2020 00:00:00 GMT",
                     *       "expiration_date": "Fri, 01 Jan 2021 00:00:00 GMT",
                     *       "rotation_duration": null,
                     *       "approval": null
                     *     }
                     */
                    "application/json": components["schemas"]["ServiceKeyView"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInFirst"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["NotFound"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    updateServiceKey: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of the key, its RFC 7638 thumbprint. Tokens name it in their `kid` header.
                 * @example NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs
                 */
                kid: components["parameters"]["KeyId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "name": "Scanner 1",
                 *       "expiration": 1893456000
                 *     }
                 */
                "application/json": components["schemas"]["PutServiceKey"];
            };
        };
        responses: {
            /** @description The key. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "name": "Scanner 1",
                     *       "kid": "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs",
                     *       "service": "scanner",
                     *       "jwk": {
                     *         "kty": "EC",
                     *         "kid": "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs",
                     *         "use": "sig",
                     *         "alg": "ES256",
                     *         "crv": "P-256",
                     *         "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
                     *         "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
                     *       },
                     *       "metadata": {
                     *         "rack": "b2"
                     *       },
                     *       "created_date": "Wed, 01 Jan 2020 00:00:00 GMT",
                     *       "expiration_date": "Fri, 01 Jan 2021 00:00:00 GMT",
                     *       "rotation_duration": null,
                     *       "approval": null
                     *     }
                     */
                    "application/json": components["schemas"]["ServiceKeyView"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInAgain"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["NotFound"];
            408: components["responses"]["BodyTooSlow"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["NotJson"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    deleteServiceKey: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of the key, its RFC 7638 thumbprint. Tokens name it in their `kid` header.
                 * @example NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs
                 */
                kid: components["parameters"]["KeyId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The key is gone. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInAgain"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["NotFound"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    approveServiceKey: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of the key, its RFC 7638 thumbprint. Tokens name it in their `kid` header.
                 * @example NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs
                 */
                kid: components["parameters"]["KeyId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "notes": "Compared with the scanner's log"
                 *     }
                 */
                "application/json": components["schemas"]["ApproveServiceKey"];
            };
        };
        responses: {
            /** @description The key is approved. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["SignInAgain"];
            403: components["responses"]["NotAllowed"];
            404: components["responses"]["NotFound"];
            408: components["responses"]["BodyTooSlow"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["NotJson"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getCsrfToken: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The token. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "csrf_token": "q3V5gR0cLyyCkXf1v0cyu3X0p7bKcGv1yYz0m2oD4w8nJtqVbR6eH9sTfUaLxK5d"
                     *     }
                     */
                    "application/json": components["schemas"]["CsrfToken"];
                };
            };
            400: components["responses"]["BadRequest"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getUiConfig: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The settings. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "config": {
                     *         "SERVER_HOSTNAME": "localhost:8080",
                     *         "PREFERRED_URL_SCHEME": "http",
                     *         "AUTHENTICATION_TYPE": "Database"
                     *       },
                     *       "features": {
                     *         "ANONYMOUS_ACCESS": true,
                     *         "USER_CREATION": true
                     *       },
                     *       "oauth": {},
                     *       "external_login": [],
                     *       "registry_state": "normal",
                     *       "account_recovery_mode": false,
                     *       "version_number": "0.1.0"
                     *     }
                     */
                    "application/json": components["schemas"]["UiConfig"];
                };
            };
            400: components["responses"]["BadRequest"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    healthInstance: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The node works. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "data": {
                     *         "services": {
                     *           "web": true,
                     *           "registry": true,
                     *           "service_key": true
                     *         }
                     *       },
                     *       "status_code": 200
                     *     }
                     */
                    "application/json": components["schemas"]["HealthReport"];
                };
            };
            400: components["responses"]["BadRequest"];
            500: components["responses"]["ServerError"];
            /** @description Some part does not work. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "data": {
                     *         "services": {
                     *           "web": true,
                     *           "registry": true,
                     *           "service_key": false
                     *         }
                     *       },
                     *       "status_code": 503
                     *     }
                     */
                    "application/json": components["schemas"]["HealthReport"];
                };
            };
        };
    };
    healthInstanceAlias: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The node works. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "data": {
                     *         "services": {
                     *           "web": true,
                     *           "registry": true,
                     *           "service_key": true
                     *         }
                     *       },
                     *       "status_code": 200
                     *     }
                     */
                    "application/json": components["schemas"]["HealthReport"];
                };
            };
            400: components["responses"]["BadRequest"];
            500: components["responses"]["ServerError"];
            /** @description Some part does not work. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "data": {
                     *         "services": {
                     *           "web": true,
                     *           "registry": true,
                     *           "service_key": false
                     *         }
                     *       },
                     *       "status_code": 503
                     *     }
                     */
                    "application/json": components["schemas"]["HealthReport"];
                };
            };
        };
    };
    healthEndtoend: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All parts work. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "data": {
                     *         "services": {
                     *           "database": true,
                     *           "storage": true,
                     *           "auth": true
                     *         }
                     *       },
                     *       "status_code": 200
                     *     }
                     */
                    "application/json": components["schemas"]["HealthReport"];
                };
            };
            400: components["responses"]["BadRequest"];
            500: components["responses"]["ServerError"];
            /** @description Some part does not work. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "data": {
                     *         "services": {
                     *           "database": false,
                     *           "storage": true,
                     *           "auth": true
                     *         }
                     *       },
                     *       "status_code": 503
                     *     }
                     */
                    "application/json": components["schemas"]["HealthReport"];
                };
            };
        };
    };
    healthEndtoendAlias: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All parts work. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "data": {
                     *         "services": {
                     *           "database": true,
                     *           "storage": true,
                     *           "auth": true
                     *         }
                     *       },
                     *       "status_code": 200
                     *     }
                     */
                    "application/json": components["schemas"]["HealthReport"];
                };
            };
            400: components["responses"]["BadRequest"];
            500: components["responses"]["ServerError"];
            /** @description Some part does not work. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "data": {
                     *         "services": {
                     *           "database": false,
                     *           "storage": true,
                     *           "auth": true
                     *         }
                     *       },
                     *       "status_code": 503
                     *     }
                     */
                    "application/json": components["schemas"]["HealthReport"];
                };
            };
        };
    };
    listServicePublicKeys: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The service that signs with the keys: `INSTANCE_SERVICE_KEY_SERVICE`, by default `registry`, for this registry itself, or another that has registered its keys.
                 * @example registry
                 */
                service: components["parameters"]["KeyService"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The keys. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "keys": [
                     *         {
                     *           "kty": "EC",
                     *           "kid": "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs",
                     *           "use": "sig",
                     *           "alg": "ES256",
                     *           "crv": "P-256",
                     *           "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
                     *           "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["ServiceKeyList"];
                };
            };
            400: components["responses"]["BadRequest"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getServicePublicKey: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The service that signs with the keys: `INSTANCE_SERVICE_KEY_SERVICE`, by default `registry`, for this registry itself, or another that has registered its keys.
                 * @example registry
                 */
                service: components["parameters"]["KeyService"];
                /**
                 * @description Id of the key, its RFC 7638 thumbprint. Tokens name it in their `kid` header.
                 * @example NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs
                 */
                kid: components["parameters"]["KeyId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The key. */
            200: {
                headers: {
                    "Cache-Control": components["headers"]["KeyCacheControl"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "kty": "EC",
                     *       "kid": "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs",
                     *       "use": "sig",
                     *       "alg": "ES256",
                     *       "crv": "P-256",
                     *       "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
                     *       "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
                     *     }
                     */
                    "application/json": components["schemas"]["ServiceKey"];
                };
            };
            400: components["responses"]["BadRequest"];
            403: components["responses"]["KeyExpired"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["KeyNotApproved"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    putServicePublicKey: {
        parameters: {
            query?: {
                /**
                 * @description Seconds since 1970-01-01 UTC from which on the key is no longer served, in the future; never when it is left out.
                 * @example 1893456000
                 */
                expiration?: number;
                /**
                 * @description Seconds after which the service means to replace the key.
                 * @example 86400
                 */
                rotation?: number;
            };
            header?: never;
            path: {
                /**
                 * @description The service that signs with the keys: `INSTANCE_SERVICE_KEY_SERVICE`, by default `registry`, for this registry itself, or another that has registered its keys.
                 * @example registry
                 */
                service: components["parameters"]["KeyService"];
                /**
                 * @description Id of the key, its RFC 7638 thumbprint. Tokens name it in their `kid` header.
                 * @example NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs
                 */
                kid: components["parameters"]["KeyId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "kty": "EC",
                 *       "crv": "P-256",
                 *       "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
                 *       "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
                 *     }
                 */
                "application/json": components["schemas"]["SubmittedJwk"];
            };
        };
        responses: {
            /** @description The key is approved. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The key waits for approval. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            403: components["responses"]["KeyRefused"];
            408: components["responses"]["BodyTooSlow"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["NotJson"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    deleteServicePublicKey: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The service that signs with the keys: `INSTANCE_SERVICE_KEY_SERVICE`, by default `registry`, for this registry itself, or another that has registered its keys.
                 * @example registry
                 */
                service: components["parameters"]["KeyService"];
                /**
                 * @description Id of the key, its RFC 7638 thumbprint. Tokens name it in their `kid` header.
                 * @example NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs
                 */
                kid: components["parameters"]["KeyId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The key is gone. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            403: components["responses"]["KeyRefused"];
            404: components["responses"]["NotFound"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
}
