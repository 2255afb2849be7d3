/** The only place where this program sees its environment. */
export const variables = process.env
