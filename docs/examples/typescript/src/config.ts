/** The only place where this program sees its environment; docs/configuration.md has the settings of every agent. */
export const variables = process.env

export const shopUrl = variables.SHOP_URL ?? 'http://127.0.0.1:8480'
