"""How the hooks call the registry, and who they are."""

import base64
import json
import os
import threading
import time

import requests

WORLD = json.load(open(os.environ["FUZZ_WORLD"], encoding="utf-8"))
BASE = WORLD["base"]
SIGNED_IN = WORLD["signedIn"]
PEOPLE = WORLD.get("people") or {}

local = threading.local()
lock = threading.Lock()
granted = {}


def session():
    if not hasattr(local, "session"):
        local.session = requests.Session()
        # Each call says itself who it is.
        local.session.cookies.set_policy(NoCookies())
    return local.session


class NoCookies(requests.cookies.cookielib.DefaultCookiePolicy):
    def set_ok(self, cookie, request):
        return False


def fetch(method, path, **options):
    return session().request(method, BASE + path, timeout=30, allow_redirects=False, **options)


def oauth():
    return {"Authorization": f"Bearer {WORLD['oauthToken']}"}


def call(method, path, body=None):
    """Calls v1 as the first user, who has every scope. Gives the JSON of the answer, if there is any."""
    answer = fetch(method, path, headers=oauth(), **({} if body is None else {"json": body}))
    return answer.json() if answer.ok and answer.content else {}


def basic(login, password):
    pair = f"{login}:{password}".encode()
    return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}


def bearer(login=0):
    return {"Authorization": f"Bearer {registry_token(login)}"}


def registry_token(login=0):
    """A token of one of the logins for all of the keeper's repositories; it lives for 300 seconds."""
    with lock:
        token, until = granted.get(login, (None, 0.0))
        if time.monotonic() > until:
            scopes = [f"repository:{name}:pull,push,delete,*" for name in WORLD["repositories"]]
            query = {"service": WORLD["host"], "scope": scopes}
            answer = requests.get(
                f"{BASE}/v2/auth", params=query, auth=tuple(WORLD["logins"][login]), timeout=30
            )
            answer.raise_for_status()
            token = answer.json()["token"]
            granted[login] = (token, time.monotonic() + 120)
        return token


def browser(cookies=None):
    """Headers of a browser: of nobody's, or of the one with these cookies."""
    answer = fetch("GET", "/csrf_token", headers={"Cookie": cookies} if cookies else {})
    return {"Cookie": cookies or cookies_of(answer), "X-CSRF-Token": answer.json()["csrf_token"]}


def cookies_of(answer):
    return "; ".join(f"{name}={value}" for name, value in answer.cookies.items())


def link_to(email, about):
    """Path and query of the link in the mail that went there."""
    query = {"to": email, "about": about}
    answer = session().get(WORLD["postOffice"], params=query, timeout=30)
    return answer.text if answer.ok else f"/{about}?code=none"


def code_to(email, about):
    return link_to(email, about).rpartition("code=")[2]
