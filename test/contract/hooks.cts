// Dredd loads hooks as CommonJS only, and goes on without them when that fails: the gate demands their report.
const { addHooks } = require('./add-hooks.ts')

addHooks(require('hooks'))
