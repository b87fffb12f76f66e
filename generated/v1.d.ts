// Written by npm run generate; do not edit.

export interface paths {
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
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /**
         * @description `namespace/name`, where the name may have more segments.
         * @example acme/nginx
         */
        RepositoryFullName: string;
        /**
         * @description ASCII letters, digits, `_`, `.` and `-`; at most 128; the first no `.` or `-`.
         * @example stable
         */
        TagName: string;
        /**
         * @description Seconds since 1970-01-01 UTC.
         * @example 1577836800
         */
        EpochSeconds: number;
        /**
         * @description Content digest.
         * @example sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
         */
        Digest: string;
        /**
         * @description RFC 2822 date in UTC.
         * @example Wed, 01 Jan 2020 00:00:00 -0000
         */
        RfcDate: string;
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
        /** @example {} */
        EmptyObject: Record<string, never>;
        ExpireTag: {
            /** @description Needed unless `is_alive` is true. */
            manifest_digest?: string;
            /**
             * @description For an index also forget what keeps its manifests.
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
         * @description Full name of the repository, `namespace/name`. Slashes may be sent as they are or as `%2F`. A name without a namespace means `library/name`.
         * @example acme/nginx
         */
        Repository: components["schemas"]["RepositoryFullName"];
        /**
         * @description Name of the tag.
         * @example stable
         */
        Tag: components["schemas"]["TagName"];
    };
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
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
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["NotJson"];
            500: components["responses"]["ServerError"];
            503: components["responses"]["Unavailable"];
        };
    };
}
