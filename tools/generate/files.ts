import { bundle, serialize } from './bundle.ts'
import { describeDatabase } from './database.ts'
import { apis, pathOf, type Api } from './document.ts'
import { permissionTable } from './permissions.ts'
import { step } from './step.ts'
import { withEmptyDatabase } from './temporary-database.ts'
import { describeTypes } from './types.ts'

type PerApi<T> = Record<Api, T>

/** Everything in `generated/` except the SDKs: path from the root of the repository to content. Writes nothing. */
export async function generateFiles(): Promise<Map<string, string>> {
  const documents = await step('documents', () => perApi(bundle))
  const types = await step('types', () => perApi((api) => describeTypes(documents[api])))
  const database = await step('database types', () => withEmptyDatabase(describeDatabase))
  const files = new Map(apis.map((api) => [pathOf(api), serialize(documents[api])]))
  for (const api of apis) files.set(`generated/${api}.d.ts`, types[api])
  files.set('generated/permissions.ts', permissionTable(documents))
  return files.set('generated/db.d.ts', database)
}

async function perApi<T>(work: (api: Api) => Promise<T>): Promise<PerApi<T>> {
  const results = await Promise.all(apis.map(async (api) => [api, await work(api)] as const))
  return Object.fromEntries(results) as PerApi<T>
}
