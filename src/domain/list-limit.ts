/** Entries of a list that the API gives without pages: more are left out. */
export const maxListed = 10_000
