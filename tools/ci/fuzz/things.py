"""Makes the things that operations of v1 need and use up: so that none of those that are there for all is lost."""

import itertools

from registry import PEOPLE, SIGNED_IN, WORLD, browser, call, code_to, cookies_of, fetch, link_to

ORGANIZATION = PEOPLE.get("organization")
OWN = f"/api/v1/organization/{ORGANIZATION}"


numbers = itertools.count()
# The code of an invitation, and who may answer it.
INVITED = {}


def name():
    """A name that nothing has."""
    return f"made{WORLD['seed']}{'s' if SIGNED_IN else 'n'}{next(numbers)}"


def repository(chance):
    made = name()
    body = {"repository": made, "visibility": "private", "description": ""}
    call("POST", "/api/v1/repository", body)
    return {"repository": f"{WORLD['user']}/{made}"}


def organization(parameter):
    def make(chance):
        made = name()
        call("POST", "/api/v1/organization/", {"name": made, "email": f"{made}@example.com"})
        return {parameter: made}

    return make


def team(chance):
    made = name()
    call("PUT", f"{OWN}/team/{made}", {"role": "member"})
    return {"orgname": ORGANIZATION, "teamname": made}


def member(chance):
    made = f"{ORGANIZATION}+{organization_robot(chance)['robot_shortname']}"
    call("PUT", f"{OWN}/team/builders/members/{made}")
    return {"orgname": ORGANIZATION, "teamname": "builders", "membername": made}


def person_in_team(chance):
    made = person(chance)
    code = invite(made["email"])["code"]
    fetch("PUT", f"/api/v1/teaminvite/{code}", headers=made["headers"])
    return {"orgname": ORGANIZATION, "membername": made["username"]}


def invited(chance):
    email = f"{name()}@example.com"
    call("PUT", f"{OWN}/team/builders/invite/{email}")
    return {"orgname": ORGANIZATION, "teamname": "builders", "email": email}


def invite(email):
    call("PUT", f"{OWN}/team/{team(None)['teamname']}/invite/{email}")
    return {"code": code_to(email, "confirminvite")}


def own_invite(chance):
    """An invitation of somebody new, who alone may answer it."""
    made = person(chance)
    path = invite(made["email"])
    INVITED[path["code"]] = made["headers"]
    return path


def organization_robot(chance):
    made = name()
    call("PUT", f"{OWN}/robots/{made}")
    return {"orgname": ORGANIZATION, "robot_shortname": made}


def user_robot(chance):
    made = name()
    call("PUT", f"/api/v1/user/robots/{made}")
    return {"robot_shortname": made}


def application(chance):
    made = call("POST", f"{OWN}/applications", {"name": name()})
    return {"orgname": ORGANIZATION, "client_id": made.get("client_id", "none")}


def application_token(chance):
    client = PEOPLE["applications"][0]
    body = {"name": name(), "scope": "repo:read"}
    made = call("POST", f"{OWN}/applications/{client}/tokens", body)
    return {"orgname": ORGANIZATION, "client_id": client, "token_uuid": made.get("uuid", "none")}


def authorization(chance):
    return {"access_token_uuid": application_token(chance)["token_uuid"]}


def assignment(chance):
    flow = PEOPLE["flow"]
    query = {
        "client_id": flow["clientId"],
        "redirect_uri": flow["redirectUri"],
        "scope": "repo:read",
        "username": WORLD["user"],
    }
    fetch("POST", "/oauth/authorize/assignuser", params=query, headers=PEOPLE["session"])
    made = call("GET", "/api/v1/user/assignedauthorization").get("authorizations")
    return {"assigned_authorization_uuid": made[0]["uuid"]} if made else {}


def default_permission(chance):
    body = {"role": "read", "delegate": {"kind": "team", "name": team(chance)["teamname"]}}
    made = call("POST", f"{OWN}/prototypes", body)
    return {"orgname": ORGANIZATION, "prototypeid": made.get("id", "none")}


def app_token(chance):
    made = call("POST", "/api/v1/user/apptoken", {"title": name()})
    return {"token_uuid": made["token"]["uuid"]} if made else {}


def message(chance):
    body = {"content": name(), "severity": "info", "media_type": "text/plain"}
    call("POST", "/api/v1/messages", {"message": body})
    made = call("GET", "/api/v1/messages").get("messages")
    return {"uuid": made[-1]["uuid"]} if made else {}


def notification(chance):
    new_key(chance)
    made = call("GET", "/api/v1/user/notifications").get("notifications")
    return {"uuid": chance.choice(made)["id"]} if made else {}


def new_key(chance):
    """A key of the service that waits for a superuser's approval, unless it was approved before."""
    key = chance.choice(PEOPLE["newKeys"])
    path = {"service": key["service"], "kid": key["kid"]}
    url = f"/keys/services/{path['service']}/keys/{path['kid']}"
    fetch("PUT", url, json=key["jwk"], headers=signed(key))
    return path


def signed(key):
    return {"Authorization": f"Bearer {key['token']}"}


def user(chance):
    made = name()
    call("POST", "/api/v1/superuser/users/", {"username": made, "email": f"{made}@example.com"})
    return {"username": made}


def person(chance):
    """Somebody with a browser session, begun by the link in the mail."""
    made = user(chance)["username"]
    email = f"{made}@example.com"
    answer = fetch("GET", link_to(email, "confirm"))
    return {"username": made, "email": email, "headers": browser(cookies_of(answer))}


def confirm_code(chance):
    return {"code": code_to(f"{user(chance)['username']}@example.com", "confirm")}


def recovery_code(chance):
    made = person(chance)
    headers = browser()
    fetch("POST", "/api/v1/recovery", json={"email": made["email"]}, headers=headers)
    return {"code": code_to(made["email"], "recovery")}


def address_code(chance):
    email = f"{name()}@example.com"
    call("POST", f"/api/v1/repository/{WORLD['repositories'][0]}/authorizedemail/{email}")
    return {"code": code_to(email, "authrepoemail")}


def asked_address(chance):
    email = f"{name()}@example.com"
    repository_name = WORLD["repositories"][0]
    call("POST", f"/api/v1/repository/{repository_name}/authorizedemail/{email}")
    return {"repository": repository_name, "email": email}


def authorization_code(chance):
    """A code of the OAuth flow, as its consent page gives it."""
    flow = PEOPLE["flow"]
    form = {"client_id": flow["clientId"], "redirect_uri": flow["redirectUri"], "scope": "repo:read"}
    answer = fetch("POST", "/oauth/authorizeapp", data=form, headers=PEOPLE["session"])
    return answer.headers.get("Location", "").partition("code=")[2].partition("&")[0]


# What an operation uses up: the maker of it, and how often it is made. What takes an account is dear.
MAKERS = {
    "deleteRepository": (repository, 0.5),
    "changeRepoState": (repository, 0.5),
    "changeRepoVisibility": (repository, 0.5),
    "deleteAdminedOrganization": (organization("orgname"), 0.5),
    "deleteOrganization": (organization("name"), 0.5),
    "changeOrganization": (organization("name"), 0.5),
    "takeOwnership": (organization("namespace"), 0.5),
    "deleteOrganizationTeam": (team, 0.5),
    "deleteOrganizationTeamMember": (member, 0.5),
    "removeOrganizationMember": (person_in_team, 0.1),
    "deleteTeamMemberEmailInvite": (invited, 0.5),
    "deleteOrgRobot": (organization_robot, 0.5),
    "deleteUserRobot": (user_robot, 0.5),
    "deleteOrganizationApplication": (application, 0.5),
    "deleteOrganizationApplicationToken": (application_token, 0.5),
    "getUserAuthorization": (authorization, 0.3),
    "deleteUserAuthorization": (authorization, 0.5),
    "deleteAssignedAuthorization": (assignment, 0.5),
    "updateOrganizationPrototypePermission": (default_permission, 0.5),
    "deleteOrganizationPrototypePermission": (default_permission, 0.5),
    "getAppToken": (app_token, 0.3),
    "revokeAppToken": (app_token, 0.5),
    "deleteGlobalMessage": (message, 0.5),
    "getUserNotification": (notification, 0.1),
    "updateUserNotification": (notification, 0.1),
    "getServiceKey": (new_key, 0.3),
    "updateServiceKey": (new_key, 0.5),
    "deleteServiceKey": (new_key, 0.5),
    "deleteServicePublicKey": (new_key, 0.5),
    "approveServiceKey": (new_key, 0.2),
    "changeInstallUser": (user, 0.3),
    "deleteInstallUser": (user, 0.3),
    "sendInstallUserRecoveryEmail": (user, 0.3),
    "checkRepoEmailAuthorized": (asked_address, 0.3),
}
# The same for codes: those in a path, in a query, and in a form.
CODES = {
    "acceptOrganizationTeamInvite": ("path", own_invite, 0.2),
    "declineOrganizationTeamInvite": ("path", own_invite, 0.2),
    "confirmEmail": ("query", confirm_code, 0.2),
    "confirmRecovery": ("query", recovery_code, 0.2),
    "confirmRepoEmail": ("query", address_code, 0.2),
    "answerInviteOnPage": ("body", own_invite, 0.2),
    "confirmEmailOnPage": ("body", confirm_code, 0.2),
    "confirmRecoveryOnPage": ("body", recovery_code, 0.2),
    "confirmRepoEmailOnPage": ("body", address_code, 0.2),
}
# What these do to the parameter would be missed by the others.
ROUGH = {
    "deleteRepository": "repository",
    "changeRepoState": "repository",
    "changeRepoVisibility": "repository",
    "deleteAdminedOrganization": "orgname",
    "deleteOrganization": "name",
    "changeOrganization": "name",
    "takeOwnership": "namespace",
    "deleteOrganizationTeam": "teamname",
    "deleteOrganizationTeamMember": "membername",
    "removeOrganizationMember": "membername",
    "deleteOrgRobot": "robot_shortname",
    "deleteUserRobot": "robot_shortname",
    "deleteOrganizationApplication": "client_id",
    "changeInstallUser": "username",
    "deleteInstallUser": "username",
    "deleteServiceKey": "kid",
    "updateServiceKey": "kid",
    "deleteServicePublicKey": "kid",
}
# Somebody else asks: the account that asks is gone, or another one, afterwards.
PARTING = ("deleteCurrentUser", "convertUserToOrganization")
