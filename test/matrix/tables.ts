/**
 * Who may do what: the tables behind `outcomes.ts`, written by hand from Quay's permission model.
 */

/**
 * The right that an identity has on each repository: r(ead), w(rite), a(dmin), g: reads everything that is open
 * to global read-only superusers, c: may only create it. Of a missing one: the right it has on every repository
 * of the namespace. A dot: not asked, because another column says it already.
 *
 * OAuth scopes cap what their owner has (permissions.md 3); full access needs super:user and the scope that the
 * operation is about, both.
 */
export const rights = read(`
                     public private missing read-only own own-missing org org-missing nowhere disabled
anonymous            -      -       -       -         .   .           -   -           -       -
nobody               -      -       -       -         .   .           -   -           -       -
stranger             -      -       -       -         a   a           -   -           -       -
owner                a      a       a       a         .   .           -   -           -       -
reader               r      r       -       r         a   a           -   -           -       -
writer               w      w       -       w         a   a           -   -           -       -
admin                a      a       -       a         a   a           -   -           -       -
member               -      -       -       -         a   a           -   -           -       -
creator              -      -       -       -         a   a           -   c           -       -
teamreader           -      -       -       -         a   a           r   -           -       -
teamwriter           -      -       -       -         a   a           w   -           -       -
teamadmin            -      -       -       -         a   a           a   -           -       -
orgadmin             -      -       -       -         a   a           a   a           -       -
super                -      -       -       -         a   a           -   -           -       -
super+               a      a       a       a         a   a           a   a           a       a
auditor              g      g       g       g         a   a           g   g           g       g
chief+               g      g       g       g         a   a           g   g           g       g
restricted           w      w       -       w         a   a           -   -           -       -
disabled             -      -       -       -         .   .           -   -           -       -
stale                a      a       a       a         .   .           -   -           -       -
orgstale             -      -       -       -         .   .           a   a           -       -
superstale           -      -       -       -         .   .           -   -           -       -
superstale+          a      a       a       a         .   .           a   a           a       a
robot                -      -       -       -         .   .           -   -           -       -
robotreader          r      r       -       r         .   .           -   -           -       -
robotwriter          w      w       -       w         .   .           -   -           -       -
robotadmin           a      a       -       a         .   .           -   -           -       -
robotmaker           -      -       -       -         .   .           -   c           -       -
robotlimited         -      -       -       -         w   -           -   -           -       -
forged               a      a       a       a         .   .           -   -           -       -
owner/repo:read      r      r       r       r         .   .           -   -           -       -
owner/repo:write     w      w       w       w         .   .           -   -           -       -
owner/repo:admin     a      a       a       a         .   .           -   -           -       -
owner/repo:create    -      -       -       -         .   .           -   -           -       -
owner/user:read      -      -       -       -         .   .           -   -           -       -
owner/user:admin     -      -       -       -         .   .           -   -           -       -
owner/org:admin      -      -       -       -         .   .           -   -           -       -
owner/super:user     -      -       -       -         .   .           -   -           -       -
owner/all            a      a       a       a         .   .           -   -           -       -
orgadmin/repo:read   -      -       -       -         r   r           r   r           -       -
orgadmin/repo:create -      -       -       -         -   -           -   -           -       -
orgadmin/user:admin  -      -       -       -         -   -           -   -           -       -
orgadmin/super:user  -      -       -       -         -   -           -   -           -       -
orgadmin/org:admin   -      -       -       -         -   -           -   -           -       -
orgadmin/repo:admin  -      -       -       -         a   a           a   a           -       -
auditor/user:read    g      g       g       g         g   g           g   g           g       g
super/super:user     -      -       -       -         -   -           -   -           -       -
super/repo:admin     -      -       -       -         a   a           -   -           -       -
super/all            -      -       -       -         a   a           -   -           -       -
super+/super:user    -      -       -       -         -   -           -   -           -       -
super+/repo:admin    -      -       -       -         a   a           -   -           -       -
super+/all           a      a       a       a         a   a           a   a           a       a
restricted/all       w      w       -       w         a   a           -   -           -       -
disabled/all         -      -       -       -         .   .           -   -           -       -
nobody/unknown       -      -       -       -         .   .           -   -           -       -
`)

/**
 * Where an identity may create a repository (+), its role on its own account: n(one), r(ead) or a(dmin), and what it
 * is to the operations for superusers: s(uperuser), f(ull access too), g(lobal read-only). Restricted users may not in their own namespace; a namespace that is missing or disabled takes nothing.
 */
export const standing = read(`
                     own owner org nowhere disabled account super
anonymous            .   -     -   -       -        n       -
stranger             +   -     -   -       -        a       -
owner                .   +     -   -       -        a       -
reader               +   -     -   -       -        a       -
writer               +   -     -   -       -        a       -
admin                +   -     -   -       -        a       -
member               +   -     -   -       -        a       -
creator              +   -     +   -       -        a       -
teamreader           +   -     -   -       -        a       -
teamwriter           +   -     -   -       -        a       -
teamadmin            +   -     -   -       -        a       -
orgadmin             +   -     +   -       -        a       -
super                +   -     -   -       -        a       s
super+               +   +     +   -       -        a       f
auditor              +   -     -   -       -        a       g
chief+               +   -     -   -       -        a       g
restricted           -   -     -   -       -        a       -
disabled             .   -     -   -       -        n       -
stale                .   +     -   -       -        a       -
orgstale             .   -     +   -       -        a       -
superstale           .   -     -   -       -        a       s
superstale+          .   +     +   -       -        a       f
forged               .   +     -   -       -        a       -
owner/repo:read      .   -     -   -       -        n       -
owner/repo:write     .   -     -   -       -        n       -
owner/repo:admin     .   -     -   -       -        n       -
owner/repo:create    .   +     -   -       -        n       -
owner/user:read      .   -     -   -       -        r       -
owner/user:admin     .   -     -   -       -        a       -
owner/org:admin      .   +     -   -       -        n       -
owner/super:user     .   -     -   -       -        n       -
owner/all            .   +     -   -       -        a       -
orgadmin/repo:read   -   -     -   -       -        n       -
orgadmin/user:admin  -   -     -   -       -        a       -
orgadmin/super:user  -   -     -   -       -        n       -
orgadmin/repo:create +   -     +   -       -        n       -
orgadmin/org:admin   +   -     +   -       -        n       -
orgadmin/repo:admin  -   -     -   -       -        n       -
auditor/user:read    -   -     -   -       -        r       g
super/super:user     -   -     -   -       -        n       s
super/repo:admin     -   -     -   -       -        n       -
super/all            +   -     -   -       -        a       s
super+/super:user    -   -     -   -       -        n       f
super+/repo:admin    -   -     -   -       -        n       -
super+/all           +   +     +   -       -        a       f
restricted/all       -   -     -   -       -        a       -
disabled/all         .   -     -   -       -        n       -
nobody/unknown       .   -     -   -       -        n       -
`)

/**
 * The role of an identity in the organization, in the user namespace of its own (`self`), in another user's, and in
 * one that does not exist: m(ember), c(reator), a(dmin), g: global read-only. `member` is in the team that is asked
 * for, `creator` in another. A token keeps what repo:create (creator) and org:admin leave of it.
 */
export const memberships = read(`
                     org self user nowhere
anonymous            -   .    -    -
stranger             -   a    -    -
owner                -   a    .    -
reader               -   a    -    -
writer               -   a    -    -
admin                -   a    -    -
member               m   a    -    -
creator              c   a    -    -
teamreader           m   a    -    -
teamwriter           m   a    -    -
teamadmin            m   a    -    -
orgadmin             a   a    -    -
super                -   a    -    -
super+               a   a    a    a
auditor              g   a    g    g
chief+               g   a    g    g
restricted           -   a    -    -
disabled             -   .    -    -
stale                -   a    .    -
orgstale             a   a    -    -
superstale           -   a    -    -
superstale+          a   a    a    a
forged               -   a    .    -
owner/repo:read      -   -    .    -
owner/repo:write     -   -    .    -
owner/repo:admin     -   -    .    -
owner/repo:create    -   c    .    -
owner/user:read      -   -    .    -
owner/user:admin     -   -    .    -
owner/org:admin      -   a    .    -
owner/super:user     -   -    .    -
owner/all            -   a    .    -
orgadmin/repo:read   -   -    -    -
orgadmin/repo:create c   c    -    -
orgadmin/user:admin  -   -    -    -
orgadmin/super:user  -   -    -    -
orgadmin/org:admin   a   a    -    -
orgadmin/repo:admin  -   -    -    -
auditor/user:read    g   g    g    g
super/super:user     -   -    -    -
super/repo:admin     -   -    -    -
super/all            -   a    -    -
super+/super:user    -   -    -    -
super+/repo:admin    -   -    -    -
super+/all           a   a    a    a
restricted/all       -   a    -    -
disabled/all         -   .    -    -
nobody/unknown       -   .    -    -
`)

function read(text: string): Map<string, Map<string, string>> {
  const [head = '', ...lines] = text.trim().split('\n')
  const columns = head.trim().split(/ +/)
  return new Map(
    lines.map((line) => {
      const [name = '', ...values] = line.split(/ +/)
      return [name, new Map(values.map((value, index) => [columns[index] ?? '', value]))]
    }),
  )
}

/** A cell of a table; throws when there is none. */
export function lookUp(
  table: Map<string, Map<string, string>>,
  row: string,
  column: string,
): string {
  const value = table.get(row)?.get(column)
  if (value === undefined) throw new Error(`outcomes.ts has no cell ${row} x ${column}`)
  return value
}
