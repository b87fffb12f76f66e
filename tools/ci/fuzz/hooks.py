"""Hooks of the fuzzer (tools/ci/fuzz.ts): who is asking, and enough things that exist.

Schemathesis makes requests up from the documents; of what it makes up, hardly anything exists, and the
handlers would never be reached. So before each call some values are replaced by those of things that do
exist, or that are made for it. What is replaced follows from the case alone and the seed: a run with the same
seed asks the same.
"""

import atexit
import collections
import json
import os
import random
import sys

import schemathesis
from hypothesis import strategies as st

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from content import MANIFEST_TYPES, digest_of, prepare_content
from known import replace_fields, replace_path, replace_query
from registry import PEOPLE, SIGNED_IN, WORLD, basic, bearer, browser, lock, oauth
from things import CODES, INVITED, MAKERS, PARTING, ROUGH, person, signed

ON_PAGE = ("signinOnPage", "confirmEmailOnPage", "confirmRecoveryOnPage", "confirmRepoEmailOnPage")
# They are called here as browsers do, with a CSRF token; most take an OAuth token too.
BROWSER_ONLY = (
    "signinUser",
    "createNewUser",
    "logout",
    "requestRecoveryEmail",
    "retrieveExternalLoginAuthorizationUrl",
    *ON_PAGE,
)
# They take the session of somebody who has signed in.
SESSION_ONLY = (
    "oauthAuthorizeApp",
    "oauthDenyApp",
    "oauthAssignUser",
    "oauthLocalHandler",
    "answerInviteOnPage",
)
OF_SERVICES = ("putServicePublicKey", "deleteServicePublicKey")
# They have no input, so all their cases are the same.
ALL_ALIKE = ("logout", "deleteCurrentUser")

KNOWN = json.dumps(WORLD)

asked = collections.Counter()
tally = collections.Counter()
failures = []

for media_type in [*MANIFEST_TYPES, "application/octet-stream"]:
    schemathesis.openapi.media_type(media_type, st.binary(max_size=2048))


@schemathesis.hook
def before_call(context, case, kwargs):
    operation = case.operation.definition.raw.get("operationId")
    case.path_parameters = {**(case.path_parameters or {})}
    content = (case.path_parameters, case.query, case.body)
    if operation in ALL_ALIKE:
        content = asked[operation] = asked[operation] + 1
    chance = random.Random(repr((WORLD["seed"], operation, content)))
    replace_path(case, operation, chance)
    replace_query(case, operation, chance)
    if isinstance(case.body, (dict, list)):
        case.body = json.loads(json.dumps(case.body))
        replace_fields(case, operation, chance)
    if not SIGNED_IN:
        return
    if WORLD["api"] == "v1":
        make_things(case, operation, chance)
        identify_v1(case, operation, chance)
    else:
        identify_v2(case, operation, chance)
        prepare_content(case, operation, chance)


def make_things(case, operation, chance):
    maker, often = MAKERS.get(operation, (None, 0))
    parameter = ROUGH.get(operation)
    if chance.random() < often:
        case.path_parameters.update(maker(chance))
    elif parameter and is_known(case.path_parameters.get(parameter)):
        case.path_parameters[parameter] = "admin/nothing" if parameter == "repository" else "nothing"
    place, maker, often = CODES.get(operation, (None, None, 0))
    if chance.random() < often and place == "path":
        case.path_parameters.update(maker(chance))
    elif place == "query" and chance.random() < often:
        case.query = {**(case.query or {}), **maker(chance)}
    elif place == "body" and isinstance(case.body, dict) and chance.random() < often:
        case.body.update(maker(chance))


def is_known(value):
    return json.dumps(value) in KNOWN


def identify_v1(case, operation, chance):
    headers = identity_of(case, operation, chance)
    if headers:
        case.headers = {**(case.headers or {}), **headers}


def identity_of(case, operation, chance):
    if operation in PARTING:
        return person(chance)["headers"] if chance.random() < 0.15 else None
    form = case.body if isinstance(case.body, dict) else {}
    invited = INVITED.get(str(case.path_parameters.get("code") or form.get("code")))
    if operation == "answerInviteOnPage" and "code" in form:
        form["_csrf_token"] = (invited or PEOPLE["session"])["X-CSRF-Token" if invited else "x-csrf-token"]
    if invited:
        return invited
    if operation in SESSION_ONLY:
        return PEOPLE["session"]
    if operation in OF_SERVICES:
        return signed(service_key(case, operation, chance))
    if operation == "robotFederationToken":
        return basic(*PEOPLE["federated"])
    if operation not in BROWSER_ONLY:
        return oauth()
    if chance.random() > 0.9:
        return None
    headers = browser()
    if operation in ON_PAGE and isinstance(case.body, dict):
        case.body["_csrf_token"] = headers["X-CSRF-Token"]
    return headers


def service_key(case, operation, chance):
    """The key that speaks for itself: the one in the path, or another one that is put there with its bytes."""
    keys = PEOPLE["newKeys"]
    found = [key for key in keys if key["kid"] == case.path_parameters.get("kid")]
    key = found[0] if found else chance.choice(keys)
    if operation == "putServicePublicKey" and chance.random() < 0.7:
        case.path_parameters.update(service=key["service"], kid=key["kid"])
        if isinstance(case.body, dict) and chance.random() < 0.7:
            case.body = key["jwk"]
    return key


def identify_v2(case, operation, chance):
    login = chance.randrange(len(WORLD["logins"]))
    value = basic(*WORLD["logins"][login]) if operation == "issueToken" else bearer(login)
    if operation != "exchangeToken":
        case.headers = {**(case.headers or {}), **value}


@schemathesis.hook
def after_call(context, case, response):
    operation = case.operation.definition.raw.get("operationId")
    # Schemathesis also tries methods that the path does not have.
    is_asked = case.method.upper() == case.operation.method.upper()
    key = f"{operation if is_asked else case.method + '-of-' + operation} {response.status_code}"
    with lock:
        tally[key] += 1
        if response.status_code >= 500 and not is_refusal(response):
            failures.append(f"{operation} {response.status_code}: {case.as_curl_command()}")


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """Keeps what counts. Told apart here is what the documents mean and schemathesis cannot know."""
    operation = case.operation.definition.raw.get("operationId")
    # The parser refuses a head of more than 32 KiB before anybody knows which operation it is for.
    if response.status_code == 431:
        return len(response.request.url) < 30_000
    if is_refusal(response):
        return False
    # A manifest is declared as bytes, though its media type ends in +json; its digest says whether they are right.
    if operation == "getManifest" and type(failure).__name__ == "JsonSchemaError":
        return digest_of(response.content) != response.headers["docker-content-digest"][0]
    return True


def is_refusal(response):
    """Quay's status for a repository that takes no changes is 503."""
    return response.status_code == 503 and b"repository_not_normal" in response.content


@atexit.register
def write_tally():
    with open(os.environ["FUZZ_TALLY"], "w", encoding="utf-8") as file:
        json.dump({"statuses": tally, "failures": failures}, file)
