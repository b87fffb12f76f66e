// Written by npm run generate; do not edit.

export interface paths {
    "/v2/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Check that this is a registry, and that your token works
         * @description Clients call it first. Without a token it answers 401 with the address of the token service, on every registry, whatever may be pulled from it anonymously.
         */
        get: operations["checkApi"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v2/auth": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get a registry token
         * @description With user name and password (HTTP Basic), or without for what is public. The token covers those of the scopes that
         *     you have a right to; what you lack is left out and is no error. With credentials and no scope it only proves the login;
         *     without both it is refused, except where `FEATURE_PUBLIC_CATALOG` shows everybody the catalog.
         *     A scope for pushing to a repository that does not exist yet makes nothing; the first write does.
         */
        get: operations["issueToken"];
        put?: never;
        /**
         * Get a registry token by a form
         * @description The same service in the manner of OAuth 2: user name and password, or a refresh token, are fields of the form.
         *     Clients that keep a refresh token in place of a password use it.
         */
        post: operations["exchangeToken"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v2/_catalog": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List repositories
         * @description The repositories that the token's owner may pull from, by name. A token without scopes is enough; one that was got anonymously sees public repositories when the registry lists them (`FEATURE_PUBLIC_CATALOG`), and else none.
         */
        get: operations["listCatalog"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v2/_oci/ext/discover": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the extensions of this registry
         * @description What is offered under `/v2/` beyond the protocol, for clients that look. The list can be empty.
         */
        get: operations["discoverExtensions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v2/{name}/_oci/ext/discover": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the extensions of a repository
         * @description What is offered under `/v2/{name}/` beyond the protocol, for clients that look. The list can be empty.
         */
        get: operations["discoverRepositoryExtensions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v2/{name}/tags/list": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the tags of a repository
         * @description In byte order. Without `n` a page holds 10,000 tags.
         */
        get: operations["listTags"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v2/{name}/manifests/{reference}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Download a manifest
         * @description By tag or by digest, byte for byte and under the media type that it was pushed with. `Accept` is not looked at, and nothing is converted.
         */
        get: operations["getManifest"];
        /**
         * Push a manifest
         * @description Under a tag, which is made or moved, or under its digest. With a digest, `tag` names the tags to set in the same step.
         *     The blobs and manifests that it names are pushed first; its `subject` may come later or never. The bytes are kept as
         *     they are, at most 4 MiB. The first push makes the repository, if you may create one there.
         */
        put: operations["putManifest"];
        post?: never;
        /**
         * Remove a tag, or a manifest with all its tags
         * @description By tag only the tag goes, and the manifest stays reachable by its digest. By digest the manifest goes with every tag that points at it. Both hold for everybody as soon as the answer is there.
         */
        delete: operations["deleteManifest"];
        options?: never;
        /**
         * Ask for the digest, type and size of a manifest
         * @description The cheap way to see whether a tag has moved. It is not counted as a pull.
         */
        head: operations["headManifest"];
        patch?: never;
        trace?: never;
    };
    "/v2/{name}/blobs/{digest}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Download a blob, or parts of it
         * @description With `Range`, one range or several; a range that is not understood is passed over and the whole blob sent.
         */
        get: operations["getBlob"];
        put?: never;
        post?: never;
        /**
         * Remove a blob from a repository
         * @description The blob is gone from this repository at once. Other repositories that hold it keep it; its bytes go when none does.
         */
        delete: operations["deleteBlob"];
        options?: never;
        /**
         * Ask whether a blob is there, and how large it is
         * @description Clients ask before they upload. A blob that was found stays for a push that relies on it.
         */
        head: operations["headBlob"];
        patch?: never;
        trace?: never;
    };
    "/v2/{name}/blobs/uploads/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Upload a blob, begin an upload, or mount a blob
         * @description - Plain: begins an upload. Send the bytes to the `Location` of the answer.
         *     - With `digest` and a body: the whole blob in one request.
         *     - With `mount`: takes the blob from the repository `from`, or from any that you may pull from, without sending it again. When that cannot be done the answer is 202, and the upload goes on as usual. When you may pull from a repository that has it and only your token does not say so, the answer is 401 with the scope to ask for.
         *
         *     The first upload makes the repository, if you may create one there.
         */
        post: operations["startBlobUpload"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v2/{name}/blobs/uploads/{upload_uuid}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Ask how far an upload is
         * @description After a lost connection, go on with the byte after the last one of `Range`.
         */
        get: operations["getBlobUpload"];
        /**
         * Finish an upload
         * @description With the last bytes, all of them, or none. The digest is compared with what arrived; when it differs nothing is kept.
         */
        put: operations["finishBlobUpload"];
        post?: never;
        /**
         * Cancel an upload
         * @description What has arrived is thrown away. Uploads that nobody finishes or cancels expire by themselves.
         */
        delete: operations["cancelBlobUpload"];
        options?: never;
        head?: never;
        /**
         * Send the next bytes of an upload
         * @description A chunk with `Content-Range`, or a stream of any length without. Chunks come in order; one that does not begin where the upload ends is refused, and the upload stays as it was.
         */
        patch: operations["patchBlobUpload"];
        trace?: never;
    };
    "/v2/{name}/referrers/{digest}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List what points at a manifest
         * @description Signatures, SBOMs and other manifests of this repository whose `subject` is the digest. The subject itself need not be there, and a digest that nothing points at gives an empty index.
         */
        get: operations["listReferrers"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @example {} */
        EmptyObject: Record<string, never>;
        OciError: {
            /** @description Name of the error. */
            code: string;
            /** @description Which rule refused, and where it helps what to do next. */
            message: string;
            /** @description More for programs; its shape depends on `code`. */
            detail?: unknown;
        };
        /** @description What every refused call answers (OCI distribution specification, "Error Codes"). */
        OciErrors: {
            errors: components["schemas"]["OciError"][];
        };
        /** @description A registry token. It may cover less than was asked for. */
        TokenGrant: {
            /** @description The token, for `Authorization: Bearer`. */
            token: string;
            /** @description The same as `token`. */
            access_token: string;
            /** @description Seconds from `issued_at` that the token works. */
            expires_in: number;
            /**
             * Format: date-time
             * @description When the token was made.
             */
            issued_at: string;
        };
        /** @description A form of OAuth 2. Fields that are not known are not looked at. */
        TokenRequest: {
            /** @description `password` or `refresh_token`. */
            grant_type: string;
            /** @description The registry that the token is for, as in the challenge. Left out: this one. */
            service?: string;
            /** @description Name of the client software. A refresh token works only for the one that asked for it. */
            client_id?: string;
            /** @description `offline` asks for a refresh token, `online` (the default) does not. */
            access_type?: string;
            /** @description Scopes, separated by spaces: `repository:NAME:ACTIONS`. */
            scope?: string;
            /** @description For the grant `password`. */
            username?: string;
            /** @description For the grant `password`. */
            password?: string;
            /** @description For the grant `refresh_token`. */
            refresh_token?: string;
        };
        /** @description A registry token. It may cover less than was asked for; `scope` says what. */
        OAuthGrant: {
            /** @description The token, for `Authorization: Bearer`. */
            access_token: string;
            /** @description The same as `access_token`. */
            token: string;
            /** @description What the token covers, separated by spaces; empty when it covers nothing. */
            scope: string;
            /** @description Seconds from `issued_at` that the token works. */
            expires_in: number;
            /**
             * Format: date-time
             * @description When the token was made.
             */
            issued_at: string;
            /** @description Asked for by `access_type`: gets new tokens here without the password. */
            refresh_token?: string;
        };
        /** @description A refusal of the token form (RFC 6749, 5.2). */
        OAuthError: {
            /** @enum {string} */
            error: "invalid_request" | "invalid_client" | "invalid_grant" | "unauthorized_client" | "unsupported_grant_type" | "invalid_scope";
            /** @description Which rule refused, and where it helps what to do next. */
            error_description: string;
        };
        /**
         * @description `namespace/name`, where the name may have more segments.
         * @example acme/nginx
         */
        RepositoryFullName: string;
        RepositoryNames: {
            /** @description Full names in byte order. */
            repositories: components["schemas"]["RepositoryFullName"][];
        };
        Extension: {
            /** @description Name of the extension. */
            name: string;
            /**
             * Format: uri
             * @description Where it is described.
             */
            url: string;
            /** @description What it is for. */
            description?: string;
            /** @description Its paths below `/v2/`. */
            endpoints?: string[];
        };
        ExtensionList: {
            extensions: components["schemas"]["Extension"][];
        };
        /**
         * @description ASCII letters, digits, `_`, `.` and `-`; at most 128; the first no `.` or `-`.
         * @example stable
         */
        TagName: string;
        TagNames: {
            name: components["schemas"]["RepositoryFullName"];
            /** @description Tags in byte order. */
            tags: components["schemas"]["TagName"][];
        };
        /**
         * @description Content digest.
         * @example sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824
         */
        Digest: string;
        /**
         * Format: binary
         * @description The manifest, byte for byte as it was pushed. Its digest is taken over these bytes, so it is not to be parsed and written again.
         */
        ManifestBytes: Uint8Array;
        /** @enum {string} */
        ManifestType: "application/vnd.oci.image.manifest.v1+json" | "application/vnd.oci.image.index.v1+json" | "application/vnd.docker.distribution.manifest.v2+json" | "application/vnd.docker.distribution.manifest.list.v2+json";
        /**
         * Format: binary
         * @description Bytes of a blob.
         */
        BlobBytes: Uint8Array;
        Descriptor: {
            /** @description Media type of the manifest. */
            mediaType: string;
            digest: components["schemas"]["Digest"];
            /** @description Size of the manifest in bytes. */
            size: number;
            /** @description What the manifest is: its `artifactType`, or else the media type of its config. */
            artifactType?: string;
            /** @description All annotations of the manifest. */
            annotations?: {
                [key: string]: string;
            };
        };
        /** @description An image index made up for the answer; its entries are the manifests whose `subject` is the digest asked for. */
        ReferrersIndex: {
            /** @enum {integer} */
            schemaVersion: 2;
            /** @enum {string} */
            mediaType: "application/vnd.oci.image.index.v1+json";
            manifests: components["schemas"]["Descriptor"][];
        };
    };
    responses: {
        /** @description The request breaks a rule; `message` says which. */
        BadRequest: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "errors": [
                 *         {
                 *           "code": "DIGEST_INVALID",
                 *           "message": "'sha256:bad' is not a digest: expected sha256: and 64, or sha512: and 128, lower-case hex digits"
                 *         }
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["OciErrors"];
            };
        };
        /** @description This host speaks the protocol, to those who bring a token. */
        VersionUnauthorized: {
            headers: {
                "WWW-Authenticate": components["headers"]["Challenge"];
                "Docker-Distribution-Api-Version": components["headers"]["ApiVersion"];
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "errors": [
                 *         {
                 *           "code": "UNAUTHORIZED",
                 *           "message": "get a token and call again"
                 *         }
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["OciErrors"];
            };
        };
        /** @description User name and password do not work, or nobody asks for nothing in particular. */
        WrongCredentials: {
            headers: {
                "WWW-Authenticate": components["headers"]["BasicChallenge"];
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "errors": [
                 *         {
                 *           "code": "UNAUTHORIZED",
                 *           "message": "wrong user name or password"
                 *         }
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["OciErrors"];
            };
        };
        /** @description Too many wrong passwords for this account; even the right one is refused until `Retry-After` is over. */
        TooManyAttempts: {
            headers: {
                "Retry-After": components["headers"]["RetryAfter"];
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "errors": [
                 *         {
                 *           "code": "TOOMANYREQUESTS",
                 *           "message": "too many wrong passwords; try again in 16 seconds"
                 *         }
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["OciErrors"];
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
                 *       "error_description": "wrong user name or password"
                 *     }
                 */
                "application/json": components["schemas"]["OAuthError"];
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
                "application/json": components["schemas"]["OAuthError"];
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
                 *       "error_description": "the form is larger than 1048576 bytes"
                 *     }
                 */
                "application/json": components["schemas"]["OAuthError"];
            };
        };
        /** @description The body is not `application/x-www-form-urlencoded`. */
        NotAForm: {
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
                "application/json": components["schemas"]["OAuthError"];
            };
        };
        /** @description Too many wrong passwords for this account; even the right one is refused until `Retry-After` is over. */
        GrantTooManyAttempts: {
            headers: {
                "Retry-After": components["headers"]["RetryAfter"];
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "error": "invalid_grant",
                 *       "error_description": "too many wrong passwords; try again in 16 seconds"
                 *     }
                 */
                "application/json": components["schemas"]["OAuthError"];
            };
        };
        /** @description The call needs a token that covers it. Nothing is said about whether the repository exists. */
        Unauthorized: {
            headers: {
                "WWW-Authenticate": components["headers"]["Challenge"];
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "errors": [
                 *         {
                 *           "code": "UNAUTHORIZED",
                 *           "message": "get a token for repository:acme/nginx:pull and call again"
                 *         }
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["OciErrors"];
            };
        };
        /** @description Refused, and another token would not help: the repository is read-only or a mirror, a quota is used up, or the namespace is disabled. */
        Denied: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "errors": [
                 *         {
                 *           "code": "DENIED",
                 *           "message": "acme/nginx is read-only"
                 *         }
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["OciErrors"];
            };
        };
        /** @description There is no such repository. Told only to those whose token covers the name. */
        NameUnknown: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "errors": [
                 *         {
                 *           "code": "NAME_UNKNOWN",
                 *           "message": "there is no repository acme/nginx"
                 *         }
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["OciErrors"];
            };
        };
        /** @description The repository holds no such manifest, or there is no such repository (`NAME_UNKNOWN`). */
        ManifestUnknown: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "errors": [
                 *         {
                 *           "code": "MANIFEST_UNKNOWN",
                 *           "message": "acme/nginx has no tag stable"
                 *         }
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["OciErrors"];
            };
        };
        /** @description A rule forbids moving or deleting a tag that this call would change. */
        TagImmutable: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "errors": [
                 *         {
                 *           "code": "TAG_IMMUTABLE",
                 *           "message": "Cannot overwrite immutable tag 'stable'"
                 *         }
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["OciErrors"];
            };
        };
        /** @description The manifest is larger than 4 MiB. */
        ManifestTooLarge: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "errors": [
                 *         {
                 *           "code": "SIZE_INVALID",
                 *           "message": "the manifest is larger than 4194304 bytes"
                 *         }
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["OciErrors"];
            };
        };
        /** @description More `tag` parameters than one request may hold. */
        TooManyTags: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "errors": [
                 *         {
                 *           "code": "INVALID_REQUEST",
                 *           "message": "one request may set at most 100 tags"
                 *         }
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["OciErrors"];
            };
        };
        /** @description The content type is none of a manifest that this registry takes. Docker schema 1 is not. */
        NotAManifest: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "errors": [
                 *         {
                 *           "code": "MANIFEST_INVALID",
                 *           "message": "content type application/vnd.docker.distribution.manifest.v1+json is not taken: push the image with a client of this decade"
                 *         }
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["OciErrors"];
            };
        };
        /** @description The request breaks a rule; the same GET says which. */
        HeadBadRequest: {
            headers: {
                [name: string]: unknown;
            };
            content?: never;
        };
        /** @description The call needs a token that covers it. Nothing is said about whether the repository exists. */
        HeadUnauthorized: {
            headers: {
                "WWW-Authenticate": components["headers"]["Challenge"];
                [name: string]: unknown;
            };
            content?: never;
        };
        /** @description Refused, and another token would not help; the same GET says why. */
        HeadDenied: {
            headers: {
                [name: string]: unknown;
            };
            content?: never;
        };
        /** @description The repository holds nothing under this name, or there is no such repository. */
        HeadNotFound: {
            headers: {
                [name: string]: unknown;
            };
            content?: never;
        };
        /** @description The repository holds no such blob, or there is no such repository (`NAME_UNKNOWN`). */
        BlobUnknown: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "errors": [
                 *         {
                 *           "code": "BLOB_UNKNOWN",
                 *           "message": "acme/nginx has no blob sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
                 *         }
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["OciErrors"];
            };
        };
        /** @description No byte of the blob lies in the range. */
        RangeNotInBlob: {
            headers: {
                "Content-Range": components["headers"]["UnsatisfiedRange"];
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "errors": [
                 *         {
                 *           "code": "RANGE_INVALID",
                 *           "message": "the blob has 5 bytes"
                 *         }
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["OciErrors"];
            };
        };
        /** @description A manifest of the repository names the blob. Delete the manifest first. */
        BlobInUse: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "errors": [
                 *         {
                 *           "code": "DENIED",
                 *           "message": "a manifest of acme/nginx names sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824: delete the manifest first"
                 *         }
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["OciErrors"];
            };
        };
        /** @description The blob is larger than this registry takes (`MAXIMUM_LAYER_SIZE`). */
        BlobTooLarge: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "errors": [
                 *         {
                 *           "code": "SIZE_INVALID",
                 *           "message": "the blob is larger than 20 GiB"
                 *         }
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["OciErrors"];
            };
        };
        /** @description There is no such upload in this repository. It is finished, cancelled, expired, or belongs to another repository. */
        UploadUnknown: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "errors": [
                 *         {
                 *           "code": "BLOB_UPLOAD_UNKNOWN",
                 *           "message": "there is no such upload; start a new one"
                 *         }
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["OciErrors"];
            };
        };
        /** @description Another request is writing to this upload. Wait for it, then ask for the state with `getBlobUpload`. */
        UploadBusy: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "errors": [
                 *         {
                 *           "code": "BLOB_UPLOAD_INVALID",
                 *           "message": "another request is writing to this upload"
                 *         }
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["OciErrors"];
            };
        };
        /** @description The chunk does not begin where the upload ends. The upload is as it was; go on from `Range`. */
        ChunkOutOfOrder: {
            headers: {
                Location: components["headers"]["UploadLocation"];
                Range: components["headers"]["UploadRange"];
                "Docker-Upload-UUID": components["headers"]["UploadUuid"];
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "errors": [
                 *         {
                 *           "code": "RANGE_INVALID",
                 *           "message": "the next chunk begins at byte 5"
                 *         }
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["OciErrors"];
            };
        };
        /** @description The registry failed. The log holds the cause under the request id. */
        ServerError: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "errors": [
                 *         {
                 *           "code": "UNKNOWN",
                 *           "message": "the registry failed; its log says why under the request id",
                 *           "detail": {
                 *             "request_id": "4f0c1a7e-8d0b-4a86-9a80-3c4f2f1d9e55"
                 *           }
                 *         }
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["OciErrors"];
            };
        };
        /** @description A part that the registry needs does not answer, or the storage is full. Nothing was kept; try again later. */
        Unavailable: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "errors": [
                 *         {
                 *           "code": "UNAVAILABLE",
                 *           "message": "the database does not answer"
                 *         }
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["OciErrors"];
            };
        };
        /** @description Nothing of the body came for 25 seconds. What an upload had received is kept. */
        BodyTooSlow: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "errors": [
                 *         {
                 *           "code": "REQUEST_TIMEOUT",
                 *           "message": "the body did not come within 25 seconds: send it again"
                 *         }
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["OciErrors"];
            };
        };
    };
    parameters: {
        /**
         * @description At most so many entries. 0 gives an empty list; more than a page holds (10,000) gives a page.
         * @example 100
         */
        PageSize: number;
        /**
         * @description Full name of the repository, `namespace/name`. Slashes may be sent as they are or as `%2F`. A name without a namespace means `library/name`.
         * @example acme/nginx
         */
        Name: components["schemas"]["RepositoryFullName"];
        /**
         * @description Registry that the client means when it uses this one as a proxy; containerd sends it. Taken and not looked at.
         * @example docker.io
         */
        Namespace: string;
        /**
         * @description Tag or digest. Text with a colon is a digest.
         * @example stable
         */
        Reference: string;
        /**
         * @description ETags that the client holds. When one of them is the content's, the answer is 304 without a body.
         * @example "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
         */
        IfNoneMatch: string;
        /**
         * @description Digest of the content, `sha256:` or `sha512:` and lower-case hex digits.
         * @example sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824
         */
        Digest: string;
        /**
         * @description Id of the upload, as in the `Location` that `startBlobUpload` gave.
         * @example 0b8f2c1e-6d0e-4b1b-9a57-2f6f3d9f7c11
         */
        UploadUuid: string;
        /**
         * @description Taken and not looked at, because clients add it to the upload's address before they need it.
         * @example sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824
         */
        UploadDigest: string;
        /**
         * @description Which bytes of the blob this chunk holds, `FIRST-LAST`, both inclusive, from 0. Without it the chunk is appended.
         * @example 0-4
         */
        UploadContentRange: string;
    };
    requestBodies: never;
    headers: {
        /**
         * @description The protocol, for clients that look for it.
         * @example registry/2.0
         */
        ApiVersion: "registry/2.0";
        /**
         * @description Where to get a token, and the scope to ask for.
         * @example Bearer realm="http://localhost:8080/v2/auth",service="localhost:8080",scope="repository:acme/nginx:pull"
         */
        Challenge: string;
        /**
         * @description Tokens are not to be kept by caches.
         * @example no-store
         */
        NoStore: "no-store";
        /**
         * @description Asks for a user name and a password.
         * @example Basic realm="http://localhost:8080/v2/auth"
         */
        BasicChallenge: string;
        /**
         * @description Seconds to wait.
         * @example 16
         */
        RetryAfter: number;
        /**
         * @description Size of the content in bytes.
         * @example 5
         */
        ContentLength: number;
        /**
         * @description Digest of the content, in the algorithm that was asked for.
         * @example sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824
         */
        ContentDigest: components["schemas"]["Digest"];
        /**
         * @description The digest in quotes.
         * @example "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
         */
        ETag: string;
        /**
         * @description Address of the manifest by its digest.
         * @example /v2/acme/nginx/manifests/sha256:a60efebc6a582143b8b58f25bbfd6a28c45dbae054ce17dd8ef06b668fbaf53b
         */
        ManifestLocation: string;
        /**
         * @description The media type that the manifest was pushed with.
         * @example application/vnd.oci.image.manifest.v1+json
         */
        ManifestType: components["schemas"]["ManifestType"];
        /**
         * @description Parts can be asked for with `Range`.
         * @example bytes
         */
        AcceptRanges: "bytes";
        /**
         * @description What a digest names never changes; it may be kept, by the client alone.
         * @example private, max-age=31536000, immutable
         */
        ContentCaching: string;
        /**
         * @description Size of the content, `bytes *\/SIZE`.
         * @example bytes *\/5
         */
        UnsatisfiedRange: string;
        /**
         * @description Blobs are bytes, whatever a manifest calls them.
         * @example application/octet-stream
         */
        BlobType: "application/octet-stream";
        /**
         * @description Address of the blob.
         * @example /v2/acme/nginx/blobs/sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824
         */
        BlobLocation: string;
        /**
         * @description Address for the next request of this upload.
         * @example /v2/acme/nginx/blobs/uploads/0b8f2c1e-6d0e-4b1b-9a57-2f6f3d9f7c11
         */
        UploadLocation: string;
        /**
         * @description The bytes held so far, `0-LAST`, inclusive; `0-0` also when there is none.
         * @example 0-4
         */
        UploadRange: string;
        /**
         * @description Id of the upload.
         * @example 0b8f2c1e-6d0e-4b1b-9a57-2f6f3d9f7c11
         */
        UploadUuid: string;
    };
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    checkApi: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description This host speaks the protocol, and the token is good. */
            200: {
                headers: {
                    "Docker-Distribution-Api-Version": components["headers"]["ApiVersion"];
                    [name: string]: unknown;
                };
                content: {
                    /** @example {} */
                    "application/json": components["schemas"]["EmptyObject"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["VersionUnauthorized"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    issueToken: {
        parameters: {
            query?: {
                /**
                 * @description The registry that the token is for, as in the challenge. Left out: this one. Any other is refused.
                 * @example localhost:8080
                 */
                service?: string;
                /**
                 * @description What the token is for: `repository:NAME:ACTIONS` with actions `pull`, `push`, `delete` or `*`, separated by commas. The parameter can be repeated, and one can hold several scopes separated by spaces.
                 * @example [
                 *       "repository:acme/nginx:pull,push"
                 *     ]
                 */
                scope?: string[];
                /**
                 * @description User name that the client logs in with. Taken and not looked at.
                 * @example alice
                 */
                account?: string;
                /**
                 * @description Name of the client software. Taken and not looked at.
                 * @example docker
                 */
                client_id?: string;
                /**
                 * @description Taken and not looked at. Docker asks for a refresh token at each login and would keep it in place of the password, in a file that other tools read and cannot use then. `exchangeToken` gives refresh tokens.
                 * @example true
                 */
                offline_token?: boolean;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A token. Look at its scopes only if you must; a call that it does not cover is answered with a new challenge. */
            200: {
                headers: {
                    "Cache-Control": components["headers"]["NoStore"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "token": "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl",
                     *       "access_token": "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl",
                     *       "expires_in": 300,
                     *       "issued_at": "2020-01-01T00:00:00Z"
                     *     }
                     */
                    "application/json": components["schemas"]["TokenGrant"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["WrongCredentials"];
            429: components["responses"]["TooManyAttempts"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    exchangeToken: {
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
                 *       "grant_type": "password",
                 *       "service": "localhost:8080",
                 *       "client_id": "docker",
                 *       "access_type": "offline",
                 *       "scope": "repository:acme/nginx:pull,push",
                 *       "username": "alice",
                 *       "password": "correct horse battery staple"
                 *     }
                 */
                "application/x-www-form-urlencoded": components["schemas"]["TokenRequest"];
            };
        };
        responses: {
            /** @description A token. */
            200: {
                headers: {
                    "Cache-Control": components["headers"]["NoStore"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "access_token": "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl",
                     *       "token": "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl",
                     *       "scope": "repository:acme/nginx:pull,push",
                     *       "expires_in": 300,
                     *       "issued_at": "2020-01-01T00:00:00Z",
                     *       "refresh_token": "rt_4f0c1a7e8d0b4a869a803c4f2f1d9e55"
                     *     }
                     */
                    "application/json": components["schemas"]["OAuthGrant"];
                };
            };
            400: components["responses"]["GrantRefused"];
            408: components["responses"]["GrantTooSlow"];
            413: components["responses"]["GrantTooLarge"];
            415: components["responses"]["NotAForm"];
            429: components["responses"]["GrantTooManyAttempts"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    listCatalog: {
        parameters: {
            query?: {
                /**
                 * @description At most so many entries. 0 gives an empty list; more than a page holds (10,000) gives a page.
                 * @example 100
                 */
                n?: components["parameters"]["PageSize"];
                /**
                 * @description Only names after this one. It need not exist.
                 * @example acme/nginx
                 */
                last?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of names. */
            200: {
                headers: {
                    /**
                     * @description Address of the next page; absent on the last.
                     * @example </v2/_catalog?n=2&last=acme%2Fredis>; rel="next"
                     */
                    Link?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "repositories": [
                     *         "acme/nginx",
                     *         "acme/redis"
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["RepositoryNames"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    discoverExtensions: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The extensions. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "extensions": []
                     *     }
                     */
                    "application/json": components["schemas"]["ExtensionList"];
                };
            };
            400: components["responses"]["BadRequest"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    discoverRepositoryExtensions: {
        parameters: {
            query?: {
                /**
                 * @description Registry that the client means when it uses this one as a proxy; containerd sends it. Taken and not looked at.
                 * @example docker.io
                 */
                ns?: components["parameters"]["Namespace"];
            };
            header?: never;
            path: {
                /**
                 * @description Full name of the repository, `namespace/name`. Slashes may be sent as they are or as `%2F`. A name without a namespace means `library/name`.
                 * @example acme/nginx
                 */
                name: components["parameters"]["Name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The extensions. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "extensions": []
                     *     }
                     */
                    "application/json": components["schemas"]["ExtensionList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NameUnknown"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    listTags: {
        parameters: {
            query?: {
                /**
                 * @description At most so many entries. 0 gives an empty list; more than a page holds (10,000) gives a page.
                 * @example 100
                 */
                n?: components["parameters"]["PageSize"];
                /**
                 * @description Only tags after this one. It need not exist.
                 * @example stable
                 */
                last?: string;
                /**
                 * @description Registry that the client means when it uses this one as a proxy; containerd sends it. Taken and not looked at.
                 * @example docker.io
                 */
                ns?: components["parameters"]["Namespace"];
            };
            header?: never;
            path: {
                /**
                 * @description Full name of the repository, `namespace/name`. Slashes may be sent as they are or as `%2F`. A name without a namespace means `library/name`.
                 * @example acme/nginx
                 */
                name: components["parameters"]["Name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of tags. */
            200: {
                headers: {
                    /**
                     * @description Address of the next page; absent on the last.
                     * @example </v2/acme/nginx/tags/list?n=2&last=stable>; rel="next"
                     */
                    Link?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "name": "acme/nginx",
                     *       "tags": [
                     *         "edge",
                     *         "stable"
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["TagNames"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NameUnknown"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getManifest: {
        parameters: {
            query?: {
                /**
                 * @description Registry that the client means when it uses this one as a proxy; containerd sends it. Taken and not looked at.
                 * @example docker.io
                 */
                ns?: components["parameters"]["Namespace"];
            };
            header?: {
                /**
                 * @description ETags that the client holds. When one of them is the content's, the answer is 304 without a body.
                 * @example "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
                 */
                "If-None-Match"?: components["parameters"]["IfNoneMatch"];
            };
            path: {
                /**
                 * @description Full name of the repository, `namespace/name`. Slashes may be sent as they are or as `%2F`. A name without a namespace means `library/name`.
                 * @example acme/nginx
                 */
                name: components["parameters"]["Name"];
                /**
                 * @description Tag or digest. Text with a colon is a digest.
                 * @example stable
                 */
                reference: components["parameters"]["Reference"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The manifest. */
            200: {
                headers: {
                    "Content-Length": components["headers"]["ContentLength"];
                    "Docker-Content-Digest": components["headers"]["ContentDigest"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    /** @example {"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","artifactType":"text/plain","config":{"mediaType":"application/vnd.oci.empty.v1+json","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2},"layers":[{"mediaType":"text/plain","digest":"sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824","size":5}]} */
                    "application/vnd.oci.image.manifest.v1+json": components["schemas"]["ManifestBytes"];
                    /** @example {"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:a60efebc6a582143b8b58f25bbfd6a28c45dbae054ce17dd8ef06b668fbaf53b","size":385}]} */
                    "application/vnd.oci.image.index.v1+json": components["schemas"]["ManifestBytes"];
                    /** @example {"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.v2+json","config":{"mediaType":"application/vnd.docker.container.image.v1+json","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2},"layers":[{"mediaType":"application/vnd.docker.image.rootfs.diff.tar.gzip","digest":"sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824","size":5}]} */
                    "application/vnd.docker.distribution.manifest.v2+json": components["schemas"]["ManifestBytes"];
                    /** @example {"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.list.v2+json","manifests":[{"mediaType":"application/vnd.docker.distribution.manifest.v2+json","digest":"sha256:90922fbc33160c73a937e520a2d42cf121e3409e0dc9f7641ec20f5fe9b135a3","size":419,"platform":{"architecture":"amd64","os":"linux"}}]} */
                    "application/vnd.docker.distribution.manifest.list.v2+json": components["schemas"]["ManifestBytes"];
                };
            };
            /** @description You hold it already. */
            304: {
                headers: {
                    "Docker-Content-Digest": components["headers"]["ContentDigest"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Denied"];
            404: components["responses"]["ManifestUnknown"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    putManifest: {
        parameters: {
            query?: {
                /**
                 * @description Tag to set as well; can be repeated. Only when the reference is a digest.
                 * @example [
                 *       "edge",
                 *       "1.2"
                 *     ]
                 */
                tag?: string[];
                /**
                 * @description Registry that the client means when it uses this one as a proxy; containerd sends it. Taken and not looked at.
                 * @example docker.io
                 */
                ns?: components["parameters"]["Namespace"];
            };
            header?: never;
            path: {
                /**
                 * @description Full name of the repository, `namespace/name`. Slashes may be sent as they are or as `%2F`. A name without a namespace means `library/name`.
                 * @example acme/nginx
                 */
                name: components["parameters"]["Name"];
                /**
                 * @description Tag or digest. Text with a colon is a digest.
                 * @example stable
                 */
                reference: components["parameters"]["Reference"];
            };
            cookie?: never;
        };
        /** @description The manifest. Its `mediaType`, where it has one, is the content type of the request. */
        requestBody: {
            content: {
                /** @example {"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","artifactType":"text/plain","config":{"mediaType":"application/vnd.oci.empty.v1+json","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2},"layers":[{"mediaType":"text/plain","digest":"sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824","size":5}]} */
                "application/vnd.oci.image.manifest.v1+json": components["schemas"]["ManifestBytes"];
                /** @example {"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:a60efebc6a582143b8b58f25bbfd6a28c45dbae054ce17dd8ef06b668fbaf53b","size":385}]} */
                "application/vnd.oci.image.index.v1+json": components["schemas"]["ManifestBytes"];
                /** @example {"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.v2+json","config":{"mediaType":"application/vnd.docker.container.image.v1+json","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2},"layers":[{"mediaType":"application/vnd.docker.image.rootfs.diff.tar.gzip","digest":"sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824","size":5}]} */
                "application/vnd.docker.distribution.manifest.v2+json": components["schemas"]["ManifestBytes"];
                /** @example {"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.list.v2+json","manifests":[{"mediaType":"application/vnd.docker.distribution.manifest.v2+json","digest":"sha256:90922fbc33160c73a937e520a2d42cf121e3409e0dc9f7641ec20f5fe9b135a3","size":419,"platform":{"architecture":"amd64","os":"linux"}}]} */
                "application/vnd.docker.distribution.manifest.list.v2+json": components["schemas"]["ManifestBytes"];
            };
        };
        responses: {
            /** @description The manifest is in the repository, and its tags are set. */
            201: {
                headers: {
                    Location: components["headers"]["ManifestLocation"];
                    "Docker-Content-Digest": components["headers"]["ContentDigest"];
                    /**
                     * @description Digest of the `subject`, when the manifest has one; it is listed among its referrers from now on.
                     * @example sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824
                     */
                    "OCI-Subject"?: components["schemas"]["Digest"];
                    /**
                     * @description The tags that were set by `tag`, separated by commas.
                     * @example edge, 1.2
                     */
                    "OCI-Tag"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NameUnknown"];
            408: components["responses"]["BodyTooSlow"];
            409: components["responses"]["TagImmutable"];
            413: components["responses"]["ManifestTooLarge"];
            414: components["responses"]["TooManyTags"];
            415: components["responses"]["NotAManifest"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    deleteManifest: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Full name of the repository, `namespace/name`. Slashes may be sent as they are or as `%2F`. A name without a namespace means `library/name`.
                 * @example acme/nginx
                 */
                name: components["parameters"]["Name"];
                /**
                 * @description Tag or digest. Text with a colon is a digest.
                 * @example stable
                 */
                reference: components["parameters"]["Reference"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is gone. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Denied"];
            404: components["responses"]["ManifestUnknown"];
            409: components["responses"]["TagImmutable"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    headManifest: {
        parameters: {
            query?: {
                /**
                 * @description Registry that the client means when it uses this one as a proxy; containerd sends it. Taken and not looked at.
                 * @example docker.io
                 */
                ns?: components["parameters"]["Namespace"];
            };
            header?: {
                /**
                 * @description ETags that the client holds. When one of them is the content's, the answer is 304 without a body.
                 * @example "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
                 */
                "If-None-Match"?: components["parameters"]["IfNoneMatch"];
            };
            path: {
                /**
                 * @description Full name of the repository, `namespace/name`. Slashes may be sent as they are or as `%2F`. A name without a namespace means `library/name`.
                 * @example acme/nginx
                 */
                name: components["parameters"]["Name"];
                /**
                 * @description Tag or digest. Text with a colon is a digest.
                 * @example stable
                 */
                reference: components["parameters"]["Reference"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is there. */
            200: {
                headers: {
                    "Content-Type": components["headers"]["ManifestType"];
                    "Content-Length": components["headers"]["ContentLength"];
                    "Docker-Content-Digest": components["headers"]["ContentDigest"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description You hold it already. */
            304: {
                headers: {
                    "Docker-Content-Digest": components["headers"]["ContentDigest"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["HeadBadRequest"];
            401: components["responses"]["HeadUnauthorized"];
            403: components["responses"]["HeadDenied"];
            404: components["responses"]["HeadNotFound"];
            /** @description The registry failed. The log holds the cause under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A part that the registry needs does not answer, or the storage is full. Nothing was kept; try again later. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    getBlob: {
        parameters: {
            query?: {
                /**
                 * @description Registry that the client means when it uses this one as a proxy; containerd sends it. Taken and not looked at.
                 * @example docker.io
                 */
                ns?: components["parameters"]["Namespace"];
            };
            header?: {
                /**
                 * @description The bytes wanted: `bytes=FIRST-LAST`, `bytes=FIRST-`, `bytes=-COUNT`, several separated by commas.
                 * @example bytes=0-1
                 */
                Range?: string;
                /**
                 * @description ETag for which `Range` counts; with another the whole blob is sent.
                 * @example "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
                 */
                "If-Range"?: string;
                /**
                 * @description ETags that the client holds. When one of them is the content's, the answer is 304 without a body.
                 * @example "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
                 */
                "If-None-Match"?: components["parameters"]["IfNoneMatch"];
            };
            path: {
                /**
                 * @description Full name of the repository, `namespace/name`. Slashes may be sent as they are or as `%2F`. A name without a namespace means `library/name`.
                 * @example acme/nginx
                 */
                name: components["parameters"]["Name"];
                /**
                 * @description Digest of the content, `sha256:` or `sha512:` and lower-case hex digits.
                 * @example sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824
                 */
                digest: components["parameters"]["Digest"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The blob. */
            200: {
                headers: {
                    "Content-Length": components["headers"]["ContentLength"];
                    "Docker-Content-Digest": components["headers"]["ContentDigest"];
                    ETag: components["headers"]["ETag"];
                    "Accept-Ranges": components["headers"]["AcceptRanges"];
                    "Cache-Control": components["headers"]["ContentCaching"];
                    [name: string]: unknown;
                };
                content: {
                    /** @example hello */
                    "application/octet-stream": components["schemas"]["BlobBytes"];
                };
            };
            /** @description The part of the blob that was asked for, or a multipart body when there are several. */
            206: {
                headers: {
                    /**
                     * @description The bytes sent, `bytes FIRST-LAST/SIZE`; with several ranges it stands in each part.
                     * @example bytes 0-1/5
                     */
                    "Content-Range"?: string;
                    "Docker-Content-Digest": components["headers"]["ContentDigest"];
                    ETag: components["headers"]["ETag"];
                    "Accept-Ranges": components["headers"]["AcceptRanges"];
                    "Cache-Control": components["headers"]["ContentCaching"];
                    [name: string]: unknown;
                };
                content: {
                    /** @example he */
                    "application/octet-stream": components["schemas"]["BlobBytes"];
                    "multipart/byteranges": components["schemas"]["BlobBytes"];
                };
            };
            /** @description You hold it already. */
            304: {
                headers: {
                    "Docker-Content-Digest": components["headers"]["ContentDigest"];
                    ETag: components["headers"]["ETag"];
                    "Cache-Control": components["headers"]["ContentCaching"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Denied"];
            404: components["responses"]["BlobUnknown"];
            416: components["responses"]["RangeNotInBlob"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    deleteBlob: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Full name of the repository, `namespace/name`. Slashes may be sent as they are or as `%2F`. A name without a namespace means `library/name`.
                 * @example acme/nginx
                 */
                name: components["parameters"]["Name"];
                /**
                 * @description Digest of the content, `sha256:` or `sha512:` and lower-case hex digits.
                 * @example sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824
                 */
                digest: components["parameters"]["Digest"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is gone. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Denied"];
            404: components["responses"]["BlobUnknown"];
            405: components["responses"]["BlobInUse"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    headBlob: {
        parameters: {
            query?: {
                /**
                 * @description Registry that the client means when it uses this one as a proxy; containerd sends it. Taken and not looked at.
                 * @example docker.io
                 */
                ns?: components["parameters"]["Namespace"];
            };
            header?: {
                /**
                 * @description ETags that the client holds. When one of them is the content's, the answer is 304 without a body.
                 * @example "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
                 */
                "If-None-Match"?: components["parameters"]["IfNoneMatch"];
            };
            path: {
                /**
                 * @description Full name of the repository, `namespace/name`. Slashes may be sent as they are or as `%2F`. A name without a namespace means `library/name`.
                 * @example acme/nginx
                 */
                name: components["parameters"]["Name"];
                /**
                 * @description Digest of the content, `sha256:` or `sha512:` and lower-case hex digits.
                 * @example sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824
                 */
                digest: components["parameters"]["Digest"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is there. */
            200: {
                headers: {
                    "Content-Type": components["headers"]["BlobType"];
                    "Content-Length": components["headers"]["ContentLength"];
                    "Docker-Content-Digest": components["headers"]["ContentDigest"];
                    ETag: components["headers"]["ETag"];
                    "Accept-Ranges": components["headers"]["AcceptRanges"];
                    "Cache-Control": components["headers"]["ContentCaching"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description You hold it already. */
            304: {
                headers: {
                    "Docker-Content-Digest": components["headers"]["ContentDigest"];
                    ETag: components["headers"]["ETag"];
                    "Cache-Control": components["headers"]["ContentCaching"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["HeadBadRequest"];
            401: components["responses"]["HeadUnauthorized"];
            403: components["responses"]["HeadDenied"];
            404: components["responses"]["HeadNotFound"];
            /** @description The registry failed. The log holds the cause under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A part that the registry needs does not answer, or the storage is full. Nothing was kept; try again later. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    startBlobUpload: {
        parameters: {
            query?: {
                /**
                 * @description Digest of the blob in the body.
                 * @example sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824
                 */
                digest?: string;
                /**
                 * @description Algorithm of the digest that will end the upload, `sha256` or `sha512`. A hint: it saves reading the bytes twice.
                 * @example sha512
                 */
                "digest-algorithm"?: string;
                /**
                 * @description Digest of a blob to take from another repository.
                 * @example sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824
                 */
                mount?: string;
                /**
                 * @description Full name of the repository to take it from.
                 * @example acme/base
                 */
                from?: string;
                /**
                 * @description Registry that the repository of `from` is on; crane sends it. Taken and not looked at.
                 * @example localhost:8080
                 */
                origin?: string;
                /**
                 * @description Registry that the client means when it uses this one as a proxy; containerd sends it. Taken and not looked at.
                 * @example docker.io
                 */
                ns?: components["parameters"]["Namespace"];
            };
            header?: never;
            path: {
                /**
                 * @description Full name of the repository, `namespace/name`. Slashes may be sent as they are or as `%2F`. A name without a namespace means `library/name`.
                 * @example acme/nginx
                 */
                name: components["parameters"]["Name"];
            };
            cookie?: never;
        };
        /** @description The blob, when `digest` is given. The content type is not looked at. */
        requestBody?: {
            content: {
                /** @example hello */
                "application/octet-stream": components["schemas"]["BlobBytes"];
            };
        };
        responses: {
            /** @description The blob is in the repository. */
            201: {
                headers: {
                    Location: components["headers"]["BlobLocation"];
                    "Docker-Content-Digest": components["headers"]["ContentDigest"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The upload has begun. */
            202: {
                headers: {
                    Location: components["headers"]["UploadLocation"];
                    Range: components["headers"]["UploadRange"];
                    "Docker-Upload-UUID": components["headers"]["UploadUuid"];
                    /**
                     * @description Chunks but the last should have at least so many bytes.
                     * @example 1048576
                     */
                    "OCI-Chunk-Min-Length"?: number;
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NameUnknown"];
            408: components["responses"]["BodyTooSlow"];
            413: components["responses"]["BlobTooLarge"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getBlobUpload: {
        parameters: {
            query?: {
                /**
                 * @description Taken and not looked at, because clients add it to the upload's address before they need it.
                 * @example sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824
                 */
                digest?: components["parameters"]["UploadDigest"];
            };
            header?: never;
            path: {
                /**
                 * @description Full name of the repository, `namespace/name`. Slashes may be sent as they are or as `%2F`. A name without a namespace means `library/name`.
                 * @example acme/nginx
                 */
                name: components["parameters"]["Name"];
                /**
                 * @description Id of the upload, as in the `Location` that `startBlobUpload` gave.
                 * @example 0b8f2c1e-6d0e-4b1b-9a57-2f6f3d9f7c11
                 */
                upload_uuid: components["parameters"]["UploadUuid"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The upload is open. */
            204: {
                headers: {
                    Location: components["headers"]["UploadLocation"];
                    Range: components["headers"]["UploadRange"];
                    "Docker-Upload-UUID": components["headers"]["UploadUuid"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Denied"];
            404: components["responses"]["UploadUnknown"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    finishBlobUpload: {
        parameters: {
            query: {
                /**
                 * @description Digest of the whole blob.
                 * @example sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824
                 */
                digest: string;
            };
            header?: {
                /**
                 * @description Which bytes of the blob this chunk holds, `FIRST-LAST`, both inclusive, from 0. Without it the chunk is appended.
                 * @example 0-4
                 */
                "Content-Range"?: components["parameters"]["UploadContentRange"];
            };
            path: {
                /**
                 * @description Full name of the repository, `namespace/name`. Slashes may be sent as they are or as `%2F`. A name without a namespace means `library/name`.
                 * @example acme/nginx
                 */
                name: components["parameters"]["Name"];
                /**
                 * @description Id of the upload, as in the `Location` that `startBlobUpload` gave.
                 * @example 0b8f2c1e-6d0e-4b1b-9a57-2f6f3d9f7c11
                 */
                upload_uuid: components["parameters"]["UploadUuid"];
            };
            cookie?: never;
        };
        /** @description The bytes that are still missing. The content type is not looked at. */
        requestBody?: {
            content: {
                /** @example hello */
                "application/octet-stream": components["schemas"]["BlobBytes"];
            };
        };
        responses: {
            /** @description The blob is in the repository, and safe on disk. */
            201: {
                headers: {
                    Location: components["headers"]["BlobLocation"];
                    "Docker-Content-Digest": components["headers"]["ContentDigest"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Denied"];
            404: components["responses"]["UploadUnknown"];
            408: components["responses"]["BodyTooSlow"];
            409: components["responses"]["UploadBusy"];
            413: components["responses"]["BlobTooLarge"];
            416: components["responses"]["ChunkOutOfOrder"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    cancelBlobUpload: {
        parameters: {
            query?: {
                /**
                 * @description Taken and not looked at, because clients add it to the upload's address before they need it.
                 * @example sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824
                 */
                digest?: components["parameters"]["UploadDigest"];
            };
            header?: never;
            path: {
                /**
                 * @description Full name of the repository, `namespace/name`. Slashes may be sent as they are or as `%2F`. A name without a namespace means `library/name`.
                 * @example acme/nginx
                 */
                name: components["parameters"]["Name"];
                /**
                 * @description Id of the upload, as in the `Location` that `startBlobUpload` gave.
                 * @example 0b8f2c1e-6d0e-4b1b-9a57-2f6f3d9f7c11
                 */
                upload_uuid: components["parameters"]["UploadUuid"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is cancelled. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Denied"];
            404: components["responses"]["UploadUnknown"];
            409: components["responses"]["UploadBusy"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    patchBlobUpload: {
        parameters: {
            query?: {
                /**
                 * @description Taken and not looked at, because clients add it to the upload's address before they need it.
                 * @example sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824
                 */
                digest?: components["parameters"]["UploadDigest"];
            };
            header?: {
                /**
                 * @description Which bytes of the blob this chunk holds, `FIRST-LAST`, both inclusive, from 0. Without it the chunk is appended.
                 * @example 0-4
                 */
                "Content-Range"?: components["parameters"]["UploadContentRange"];
            };
            path: {
                /**
                 * @description Full name of the repository, `namespace/name`. Slashes may be sent as they are or as `%2F`. A name without a namespace means `library/name`.
                 * @example acme/nginx
                 */
                name: components["parameters"]["Name"];
                /**
                 * @description Id of the upload, as in the `Location` that `startBlobUpload` gave.
                 * @example 0b8f2c1e-6d0e-4b1b-9a57-2f6f3d9f7c11
                 */
                upload_uuid: components["parameters"]["UploadUuid"];
            };
            cookie?: never;
        };
        /** @description The bytes. The content type is not looked at. */
        requestBody?: {
            content: {
                /** @example hello */
                "application/octet-stream": components["schemas"]["BlobBytes"];
            };
        };
        responses: {
            /** @description The bytes are held. */
            202: {
                headers: {
                    Location: components["headers"]["UploadLocation"];
                    Range: components["headers"]["UploadRange"];
                    "Docker-Upload-UUID": components["headers"]["UploadUuid"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Denied"];
            404: components["responses"]["UploadUnknown"];
            408: components["responses"]["BodyTooSlow"];
            409: components["responses"]["UploadBusy"];
            413: components["responses"]["BlobTooLarge"];
            416: components["responses"]["ChunkOutOfOrder"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
    listReferrers: {
        parameters: {
            query?: {
                /**
                 * @description Only referrers of this type.
                 * @example application/spdx+json
                 */
                artifactType?: string;
                /**
                 * @description Only referrers after the one with this digest; part of the address in `Link`.
                 * @example sha256:a60efebc6a582143b8b58f25bbfd6a28c45dbae054ce17dd8ef06b668fbaf53b
                 */
                last?: string;
                /**
                 * @description Registry that the client means when it uses this one as a proxy; containerd sends it. Taken and not looked at.
                 * @example docker.io
                 */
                ns?: components["parameters"]["Namespace"];
            };
            header?: never;
            path: {
                /**
                 * @description Full name of the repository, `namespace/name`. Slashes may be sent as they are or as `%2F`. A name without a namespace means `library/name`.
                 * @example acme/nginx
                 */
                name: components["parameters"]["Name"];
                /**
                 * @description Digest of the content, `sha256:` or `sha512:` and lower-case hex digits.
                 * @example sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824
                 */
                digest: components["parameters"]["Digest"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description An index of the referrers. */
            200: {
                headers: {
                    /**
                     * @description `artifactType` when the list was filtered by it.
                     * @example artifactType
                     */
                    "OCI-Filters-Applied"?: "artifactType";
                    /**
                     * @description Address of the next page; absent on the last.
                     * @example </v2/acme/nginx/referrers/sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824?last=sha256:a60efebc6a582143b8b58f25bbfd6a28c45dbae054ce17dd8ef06b668fbaf53b>; rel="next"
                     */
                    Link?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "schemaVersion": 2,
                     *       "mediaType": "application/vnd.oci.image.index.v1+json",
                     *       "manifests": [
                     *         {
                     *           "mediaType": "application/vnd.oci.image.manifest.v1+json",
                     *           "digest": "sha256:a60efebc6a582143b8b58f25bbfd6a28c45dbae054ce17dd8ef06b668fbaf53b",
                     *           "size": 385,
                     *           "artifactType": "application/spdx+json",
                     *           "annotations": {
                     *             "org.opencontainers.image.created": "2020-01-01T00:00:00Z"
                     *           }
                     *         }
                     *       ]
                     *     }
                     */
                    "application/vnd.oci.image.index.v1+json": components["schemas"]["ReferrersIndex"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NameUnknown"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
}
