import { expect, test } from 'vitest'

import { sdkInput } from '../../tools/generate/sdk-input.ts'
import { documentWith } from './document.ts'

test('the generator is told to call request bodies `body`, and OAuth tokens bearer tokens', () => {
  const input = sdkInput(documentWith({ requestBody: { content: {} } }))
  expect(input.paths['/tag/{tag}']?.delete).toHaveProperty('x-codegen-request-body-name', 'body')
  expect(input.components?.['securitySchemes']?.['oauthToken']).toMatchObject({
    type: 'http',
    scheme: 'bearer',
  })
})

test('the document itself stays as it is', () => {
  const document = documentWith({ requestBody: { content: {} } })
  const before = structuredClone(document)
  sdkInput(document)
  expect(document).toEqual(before)
})
