import type { World } from './world.ts'
import type { Stage } from './stage.ts'

/** A request as a fixture wants it sent; what it leaves out is as the document's examples have it. */
export interface Sent {
  server?: keyof Stage['servers']
  /** Path parameters, decoded. */
  path?: Record<string, string>
  /** A list repeats its parameter. */
  query?: Record<string, string | string[]>
  headers?: Record<string, string>
  /** Values are sent as JSON, text and bytes as they are. */
  body?: unknown
  /** Only the first byte of a body is sent, and the rest never comes. */
  unfinished?: true
}

/** What dredd is about to try: where the document names several media types, one of them. */
export interface Wanted {
  operationId: string
  /** Media type of the request's body; empty when there is none. */
  requestType: string
  /** Media type of the expected body; empty when there is none. */
  responseType: string
}

/** Makes the state, over HTTP, in which an operation answers with a status; gives the request that asks for it. */
export type Fixture = (world: World, wanted: Wanted) => Sent | Promise<Sent>

/** Fixtures by `operationId status`. */
export type Fixtures = Record<string, Fixture>
