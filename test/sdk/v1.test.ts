import { expect, test } from 'vitest'

import {
  Configuration,
  RepositoryApi,
  ResponseError,
  TagApi,
  UserApi,
  WebApi,
} from '#generated/sdk/v1/dist/index.js'
import { passwordOf, startServer } from '#test/support/server.ts'
import { keepSession } from '../../tools/generate/keep-session.ts'

const initial = { username: 'ada', password: 'correct-horse-battery', email: 'ada@example.com' }

test('the compiled v1 SDK signs in, and makes, shows, changes and deletes a repository', async () => {
  const server = await startServer()
  await server.user('ada')
  const configuration = new Configuration({ basePath: server.url, middleware: [keepSession()] })
  const repositories = new RepositoryApi(configuration)
  await new WebApi(configuration).getCsrfToken()
  const body = { username: 'ada', password: passwordOf('ada') }
  expect(await new UserApi(configuration).signinUser({ body })).toEqual({ success: true })
  expect(await new UserApi(configuration).getLoggedInUser()).toMatchObject({ username: 'ada' })

  const made = await repositories.createRepo({
    body: { namespace: 'ada', repository: 'team/app', visibility: 'private', description: 'App' },
  })
  expect(made).toEqual({ namespace: 'ada', name: 'team/app', kind: 'image' })
  const repository = 'ada/team/app'
  await server.repository(repository, ['edge', 'stable'])
  const { tags } = await new TagApi(configuration).listRepoTags({ repository })
  expect(tags.map(({ name }) => name).toSorted()).toEqual(['edge', 'stable'])

  await repositories.changeRepoVisibility({ repository, body: { visibility: 'public' } })
  const nobody = new RepositoryApi(new Configuration({ basePath: server.url }))
  expect(await nobody.getRepo({ repository })).toMatchObject({ is_public: true, can_write: false })

  await repositories.deleteRepository({ repository })
  const gone = await repositories.getRepo({ repository }).catch((error: unknown) => error)
  expect(gone).toBeInstanceOf(ResponseError)
  expect((gone as ResponseError).response.status).toBe(404)
})

test('the compiled v1 SDK acts with an OAuth token', async () => {
  const server = await startServer()
  const users = new UserApi(new Configuration({ basePath: server.url }))
  const first = await users.initializeUser({ body: { ...initial, access_token: true } })
  const configuration = new Configuration({
    basePath: server.url,
    accessToken: first.access_token!,
  })
  const repositories = new RepositoryApi(configuration)
  await repositories.createRepo({
    body: { namespace: 'ada', repository: 'app', visibility: 'public', description: '' },
  })
  const { repositories: found } = await repositories.listRepos({ namespace: 'ada' })
  expect(found.map(({ name }) => name)).toEqual(['app'])
  expect(await new UserApi(configuration).getLoggedInUser()).toMatchObject({ username: 'ada' })
})
