"""Uploads, manifests and digests for the operations of v2."""

import hashlib
import json

from registry import WORLD, bearer, fetch

MANIFEST_TYPES = [
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
]
UPLOADS = ("getBlobUpload", "patchBlobUpload", "finishBlobUpload", "cancelBlobUpload")


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
