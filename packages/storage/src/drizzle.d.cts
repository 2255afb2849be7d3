export * from 'drizzle-orm/sqlite-core'
