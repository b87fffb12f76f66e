// Written by npm run generate; do not edit.
import type { OperationPermission } from '#domain/permission.ts'

/** What each operation demands of its caller, by operationId. */
export const permissions = {
  changeTag: {"api":"v1","method":"put","path":"/api/v1/repository/{repository}/tag/{tag}","features":[],"security":[{"oauthToken":["repo:write"]},{"session":[],"csrf":[]}],"permission":{"require":"repo:write","repositoryState":"normal","restrictedUsers":"refused-in-own-namespace"}},
  deleteFullTag: {"api":"v1","method":"delete","path":"/api/v1/repository/{repository}/tag/{tag}","features":[],"security":[{"oauthToken":["repo:write"]},{"session":[],"csrf":[]}],"permission":{"require":"repo:write","repositoryState":"normal","restrictedUsers":"refused-in-own-namespace"}},
  listRepoTags: {"api":"v1","method":"get","path":"/api/v1/repository/{repository}/tag/","features":[],"security":[{},{"oauthToken":["repo:read"]},{"session":[]}],"permission":{"require":"repo:read","globalReadonlySuperuser":true}},
  removeTagFromTimemachine: {"api":"v1","method":"post","path":"/api/v1/repository/{repository}/tag/{tag}/expire","features":["PERMANENTLY_DELETE_TAGS"],"security":[{"oauthToken":["repo:write"]},{"session":[],"csrf":[]}],"permission":{"require":"repo:write"}},
  restoreTag: {"api":"v1","method":"post","path":"/api/v1/repository/{repository}/tag/{tag}/restore","features":[],"security":[{"oauthToken":["repo:write"]},{"session":[],"csrf":[]}],"permission":{"require":"repo:write","repositoryState":"normal","restrictedUsers":"refused-in-own-namespace"}},
} as const satisfies Record<string, OperationPermission>
