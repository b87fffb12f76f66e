"""Hooks of the fuzzer (tools/ci/fuzz.ts): who is asking, and enough things that exist.

Schemathesis makes requests up from the documents; of what it makes up, hardly anything exists, and the
handlers would never be reached. So before each call some values are replaced by those of things that do
exist. What is replaced follows from the case alone and the seed: a run with the same seed asks the same.
"""

import atexit
import base64
import hashlib
import json
import os
import random
import threading
import time

import requests
import schemathesis
from hypothesis import strategies as st

WORLD = json.load(open(os.environ["FUZZ_WORLD"], encoding="utf-8"))
BASE = WORLD["base"]
SIGNED_IN = WORLD["signedIn"]
MANIFEST_TYPES = [
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
]
UPLOADS = ("getBlobUpload", "patchBlobUpload", "finishBlobUpload", "cancelBlobUpload")
SESSION_ONLY = ("signinUser", "createNewUser", "logout")
# What these do to a repository would spoil it for the others.
ROUGH = ("deleteRepository", "changeRepoState", "changeRepoVisibility")

local = threading.local()
lock = threading.Lock()
tally = {}
failures = []
granted = {"token": None, "until": 0.0}

for media_type in [*MANIFEST_TYPES, "application/octet-stream"]:
    schemathesis.openapi.media_type(media_type, st.binary(max_size=2048))


def session():
    if not hasattr(local, "session"):
        local.session = requests.Session()
    return local.session


def fetch(method, path, **options):
    return session().request(method, BASE + path, timeout=30, **options)


def registry_token():
    """A token of the keeper for all of the keeper's repositories; it lives for 300 seconds."""
    with lock:
        if time.monotonic() > granted["until"]:
            scopes = [f"repository:{name}:pull,push,delete,*" for name in WORLD["repositories"]]
            answer = requests.get(
                f"{BASE}/v2/auth",
                params={"service": WORLD["host"], "scope": scopes},
                auth=(WORLD["user"], WORLD["password"]),
                timeout=30,
            )
            answer.raise_for_status()
            granted["token"] = answer.json()["token"]
            granted["until"] = time.monotonic() + 120
        return granted["token"]


def basic():
    pair = f"{WORLD['user']}:{WORLD['password']}".encode()
    return f"Basic {base64.b64encode(pair).decode()}"


@schemathesis.hook
def before_call(context, case, kwargs):
    operation = case.operation.definition.raw.get("operationId")
    case.path_parameters = {**(case.path_parameters or {})}
    chance = random.Random(repr((WORLD["seed"], operation, case.path_parameters, case.query, case.body)))
    replace_path(case, operation, chance)
    if isinstance(case.body, dict):
        case.body = {**case.body}
        replace_fields(case, operation, chance)
    if SIGNED_IN:
        (identify_v1 if WORLD["api"] == "v1" else identify_v2)(case, operation, chance)
        if WORLD["api"] == "v2":
            prepare_content(case, operation, chance)


def replace_path(case, operation, chance):
    known = {
        "repository": WORLD["repositories"],
        "name": WORLD["repositories"],
        "tag": WORLD["tags"],
        "reference": WORLD["tags"] + WORLD["manifests"],
        "manifestref": WORLD["manifests"],
        "digest": WORLD["manifests"] if operation == "listReferrers" else WORLD["blobs"],
        "username": WORLD["usernames"],
        "kid": WORLD["keys"],
        "error_type": ["not_found", "invalid_request", "tag_immutable"],
    }
    for name in case.path_parameters or {}:
        if name in known and chance.random() < 0.8:
            case.path_parameters[name] = chance.choice(known[name])
    if operation in ROUGH and chance.random() < 0.5 and SIGNED_IN:
        name = f"rough-{chance.randrange(10**9)}"
        body = {"repository": name, "visibility": "private", "description": ""}
        fetch("POST", "/api/v1/repository", json=body, headers=oauth())
        case.path_parameters["repository"] = f"{WORLD['user']}/{name}"
    elif operation in ROUGH and case.path_parameters.get("repository") in WORLD["repositories"]:
        case.path_parameters["repository"] = f"{WORLD['user']}/nothing"


def replace_fields(case, operation, chance):
    body = case.body
    if "manifest_digest" in body and chance.random() < 0.7:
        body["manifest_digest"] = chance.choice(WORLD["manifests"])
    if operation == "createRepo" and chance.random() < 0.7:
        body["namespace"] = WORLD["user"]
        if chance.random() < 0.7:
            body["repository"] = f"made-{chance.randrange(10**9)}"
    if operation == "createNewUser" and chance.random() < 0.5:
        body["username"] = f"made-{chance.randrange(10**9)}"
        body["email"] = f"{body['username']}@example.com"
        body["password"] = "a password-without-spaces".replace(" ", "-")
    if operation in ("signinUser", "verifyUser", "exchangeToken") and chance.random() < 0.4:
        body["password"] = WORLD["password"]
        if operation != "verifyUser":
            body["username"] = WORLD["user"]
        if operation == "exchangeToken":
            body["grant_type"] = "password"
    # The account that asks stays as it is.
    if operation == "changeUserDetails":
        body.pop("password", None)


def oauth():
    return {"Authorization": f"Bearer {WORLD['oauthToken']}"}


def identify_v1(case, operation, chance):
    if operation not in SESSION_ONLY:
        case.headers = {**(case.headers or {}), **oauth()}
    elif chance.random() < 0.9:
        answer = requests.get(f"{BASE}/csrf_token", timeout=30)
        cookies = "; ".join(f"{name}={value}" for name, value in answer.cookies.items())
        token = answer.json()["csrf_token"]
        case.headers = {**(case.headers or {}), "Cookie": cookies, "X-CSRF-Token": token}


def identify_v2(case, operation, chance):
    value = basic() if operation == "issueToken" else f"Bearer {registry_token()}"
    if operation != "exchangeToken":
        case.headers = {**(case.headers or {}), "Authorization": value}


def prepare_content(case, operation, chance):
    """Makes the upload that is asked for, the bytes that a digest names, the manifest that is to be deleted."""
    name = WORLD["repositories"][-1]
    if operation in UPLOADS and chance.random() < 0.7:
        open_upload(case, operation, name, chance)
    elif operation == "startBlobUpload" and chance.random() < 0.5:
        case.query = {**(case.query or {}), "digest": digest_of(body_bytes(case))}
    elif operation == "putManifest" and chance.random() < 0.6:
        case.body, case.media_type = manifest(chance), MANIFEST_TYPES[0]
        if chance.random() < 0.5:
            case.path_parameters["reference"] = digest_of(case.body)
    elif operation in ("deleteManifest", "deleteBlob"):
        # Only what was made for it: the rest is there for the others.
        content = manifest(chance) if operation == "deleteManifest" else chance.randbytes(64)
        digest = digest_of(content)
        if operation == "deleteManifest":
            headers = {**bearer(), "Content-Type": MANIFEST_TYPES[0]}
            fetch("PUT", f"/v2/{name}/manifests/{digest}", data=content, headers=headers)
            case.path_parameters["reference"] = digest
        else:
            fetch("POST", f"/v2/{name}/blobs/uploads/?digest={digest}", data=content, headers=bearer())
            case.path_parameters["digest"] = digest
        case.path_parameters["name"] = name


def open_upload(case, operation, name, chance):
    answer = fetch("POST", f"/v2/{name}/blobs/uploads/", headers=bearer())
    case.path_parameters.update(name=name, upload_uuid=answer.headers["Docker-Upload-UUID"])
    if operation == "finishBlobUpload" and chance.random() < 0.7:
        case.query = {**(case.query or {}), "digest": digest_of(body_bytes(case))}
    if case.headers and chance.random() < 0.7:
        case.headers.pop("Content-Range", None)


def bearer():
    return {"Authorization": f"Bearer {registry_token()}"}


def manifest(chance):
    document = json.loads(WORLD["manifest"])
    document["annotations"] = {"n": str(chance.randrange(10**12))}
    if chance.random() < 0.3:
        document["subject"] = {
            "mediaType": MANIFEST_TYPES[0],
            "digest": chance.choice(WORLD["manifests"]),
            "size": 1,
        }
    if chance.random() < 0.3:
        break_somewhere(document, chance)
    return json.dumps(document).encode()


def break_somewhere(document, chance):
    """Puts a value of another kind at a place of the manifest, or takes one away."""
    place = document
    while True:
        key = chance.choice(list(place) if isinstance(place, dict) else range(len(place)))
        if isinstance(place[key], (dict, list)) and place[key] and chance.random() < 0.6:
            place = place[key]
            continue
        place[key] = chance.choice([None, -1, 1e300, 2**53 - 1, "", "\u0000", "x" * 5000, [], {}, True])
        return


def body_bytes(case):
    return case.body if isinstance(case.body, bytes) else b""


def digest_of(content):
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


@schemathesis.hook
def after_call(context, case, response):
    operation = case.operation.definition.raw.get("operationId")
    key = f"{operation} {response.status_code}"
    with lock:
        tally[key] = tally.get(key, 0) + 1
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
