"""Puts names of things that exist into the parameters and bodies of a case."""

from registry import PEOPLE, SIGNED_IN, WORLD
from things import authorization_code, name

OF_REPOSITORY_TEAMS = ("getTeamPermissions", "changeTeamPermissions", "deleteTeamPermissions")
CREATING = {
    "createUserRobot": "robot_shortname",
    "createOrgRobot": "robot_shortname",
    "updateOrganizationTeam": "teamname",
}
FLOW = ("oauthAuthorize", "oauthAssignUser", "oauthAuthorizeApp", "oauthDenyApp")


def known_values(operation):
    everybody = WORLD["usernames"]
    robots = [f"{PEOPLE['organization']}+{each}" for each in PEOPLE["robots"]] if PEOPLE else []
    values = {
        "repository": WORLD["repositories"],
        "tag": WORLD["tags"],
        "reference": WORLD["tags"] + WORLD["manifests"],
        "manifestref": WORLD["manifests"],
        "digest": WORLD["manifests"] if operation == "listReferrers" else WORLD["blobs"],
        "username": [*everybody, *robots] if "Permission" in operation else everybody,
        "error_type": ["not_found", "invalid_request", "tag_immutable"],
        "prefix": ["ad", "kee", "har", "bu"],
        "kid": WORLD["keys"],
        "service": ["registry"],
    }
    if WORLD["api"] == "v2":
        values["name"] = WORLD["repositories"]
    if PEOPLE:
        values |= {
            "orgname": [PEOPLE["organization"]],
            "name": [PEOPLE["organization"]],
            "namespace": [PEOPLE["organization"]],
            "teamname": PEOPLE["teams"],
            "membername": [*everybody, *robots],
            "robot_shortname": PEOPLE["robots"],
            "client_id": PEOPLE["applications"],
            "email": ["admin@example.com", "guest@example.com"],
        }
        if operation not in ("getServicePublicKey", "listServicePublicKeys"):
            values |= {"kid": [PEOPLE["service"]["kid"]], "service": [PEOPLE["service"]["name"]]}
    return values


def replace_path(case, operation, chance):
    values = known_values(operation)
    for parameter in case.path_parameters:
        if parameter in values and chance.random() < 0.8:
            case.path_parameters[parameter] = chance.choice(values[parameter])
    if operation in OF_REPOSITORY_TEAMS and PEOPLE and chance.random() < 0.8:
        case.path_parameters["repository"] = WORLD["repositories"][-1]
    if operation in CREATING and chance.random() < 0.5:
        case.path_parameters[CREATING[operation]] = name()


def replace_query(case, operation, chance):
    if not PEOPLE or chance.random() < 0.3:
        return
    if operation in FLOW[:2]:
        flow = PEOPLE["flow"]
        case.query = {
            **(case.query or {}),
            "client_id": flow["clientId"],
            "redirect_uri": flow["redirectUri"],
            "scope": chance.choice(["repo:read", "repo:read user:admin", "nonsense"]),
            **({"username": chance.choice(WORLD["usernames"])} if operation == FLOW[1] else {}),
        }
        if chance.random() < 0.5:
            for rest in ("assignment_uuid", "response_type", "code_challenge", "code_challenge_method"):
                case.query.pop(rest, None)
    elif case.query and "namespace" in case.query:
        case.query = {**case.query, "namespace": PEOPLE["organization"]}


def replace_fields(case, operation, chance):
    body = case.body
    if isinstance(body, list):
        if operation.endswith("RobotFederation") and chance.random() < 0.5:
            case.body = [{"issuer": "https://ci.example.com", "subject": "a"}]
        return
    if "manifest_digest" in body and chance.random() < 0.7:
        body["manifest_digest"] = chance.choice(WORLD["manifests"])
    # The account that asks stays as it is.
    if operation == "changeUserDetails":
        body.pop("password", None)
        body.pop("username", None)
    often, fields = FIELDS.get(operation, (0, None))
    if chance.random() < often:
        body.update(fields(chance))
    if operation in PEOPLES and PEOPLE and chance.random() < 0.6:
        body.update(PEOPLES[operation](chance))


def new_repository(chance):
    return {
        "namespace": chance.choice([WORLD["user"], PEOPLE.get("organization", WORLD["user"])]),
        "repository": chance.choice([name(), "app"]),
    }


def account(chance):
    made = name()
    return {"username": made, "email": f"{made}@example.com"}


def login(chance):
    user, password = chance.choice(WORLD["logins"])
    return {"username": user, "password": password}


# How often which fields get values that make sense.
FIELDS = {
    "createRepo": (0.7, new_repository),
    "createNewUser": (0.5, lambda chance: {**account(chance), "password": "a-password-without-spaces"}),
    "createInstallUser": (0.4, account),
    "signinUser": (0.4, login),
    "signinOnPage": (0.4, login),
    "exchangeToken": (0.4, lambda chance: {**login(chance), "grant_type": "password"}),
    "verifyUser": (0.4, lambda chance: {"password": WORLD["password"]}),
    "requestRecoveryEmail": (
        0.4,
        lambda chance: {"email": f"{chance.choice(WORLD['usernames'])}@example.com"},
    ),
    "changeUserDetails": (0.3, lambda chance: {"email": f"{name()}@example.com"}),
    "createOrganization": (
        0.5,
        lambda chance: {"name": name(), "email": f"{name()}@example.com"},
    ),
    "changeOrganization": (0.5, lambda chance: {"name": name()}),
    "changeInstallUser": (0.4, lambda chance: {"email": f"{name()}@example.com"}),
    "createAppToken": (0.5, lambda chance: {"title": "laptop"}),
    "convertUserToOrganization": (
        0.6,
        lambda chance: {"adminUser": WORLD["user"], "adminPassword": WORLD["password"]},
    ),
}


def delegate(chance):
    team, user = {"kind": "team", "name": "builders"}, {"kind": "user", "name": "keeper"}
    return {
        "delegate": chance.choice([team, user]),
        "activating_user": chance.choice([None, {"name": "admin"}, {"name": "keeper"}]),
        "role": chance.choice(["read", "write", "admin"]),
    }


def consent(chance):
    flow = PEOPLE["flow"]
    return {
        "client_id": flow["clientId"],
        "redirect_uri": flow["redirectUri"],
        "scope": chance.choice(["repo:read", "repo:read org:admin", "nonsense"]),
        "response_type": chance.choice(["code", "token"]),
        "_csrf_token": PEOPLE["session"]["x-csrf-token"],
    }


def code_exchange(chance):
    flow = PEOPLE["flow"]
    return {
        "grant_type": "authorization_code",
        "client_id": flow["clientId"],
        "client_secret": flow["clientSecret"],
        "redirect_uri": flow["redirectUri"],
        "code": authorization_code(chance) if SIGNED_IN and chance.random() < 0.5 else "none",
    }


PEOPLES = {
    "createOrganizationPrototypePermission": delegate,
    "createOrganizationApplicationToken": lambda chance: {
        "name": "nightly",
        "scope": chance.choice(["repo:read", "repo:read repo:write", "nonsense"]),
    },
    "createStar": lambda chance: dict(
        zip(("namespace", "repository"), chance.choice(WORLD["repositories"]).split("/", 1))
    ),
    "createServiceKey": lambda chance: {"service": PEOPLE["service"]["name"], "expiration": None},
    "createGlobalMessage": lambda chance: {
        "message": {"content": name(), "severity": "info", "media_type": "text/plain"}
    },
    "oauthAuthorizeApp": consent,
    "oauthDenyApp": consent,
    "oauthAccessToken": code_exchange,
}
