import type { Kind } from './config-kinds.ts'

/** One key that the registry understands. */
export interface ConfigKey<T> {
  readonly kind: Kind<T & {}>
  /** What it does, one sentence without its full stop. */
  readonly meaning: string
  /** Default as it would be written in the file; absent when there is none, or when others decide it. */
  readonly initial?: unknown
  /** Default that depends on the other keys, and how, in words. */
  readonly derived?: { readonly from: (written: Written) => T; readonly rule: string }
  /** `whole`: never shown. `password`: shown without the password that the URL holds. */
  readonly secret?: 'whole' | 'password'
  /** Told to everybody by `GET /config`. */
  readonly clientVisible?: true
  /** Only the type matters: what the program reads. */
  readonly type?: T
}

/** What has been written, static defaults filled in; it may hold keys of Quay's that are not built. */
export type Written = Readonly<Record<string, unknown>>

/** A key that `GET /config` tells to everybody. */
export const told = { clientVisible: true } as const

type Extra = Pick<ConfigKey<unknown>, 'secret' | 'clientVisible'>

/** A key that always has a value. */
export function key<T extends {}>(
  kind: Kind<T>,
  initial: unknown,
  meaning: string,
  extra: Extra = {},
): ConfigKey<T> {
  return { kind, initial, meaning, ...extra }
}

/** A key that may be left out and then has no value. */
export function unset<T extends {}>(
  kind: Kind<T>,
  meaning: string,
  extra: Extra = {},
): ConfigKey<T | undefined> {
  return { kind, meaning, ...extra }
}
