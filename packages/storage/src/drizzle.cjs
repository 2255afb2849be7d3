// drizzle-orm's ESM build costs hundreds of milliseconds at import on current Node, its CommonJS build does not.
// A plain require() gives both: Node loads the CommonJS build, and a bundler sees the call and takes it in.
module.exports = require('drizzle-orm/sqlite-core')
