// A virtual security key for tests, and a browser's half of WebAuthn and U2F
// beside it. Both are the program softkey; this package starts and asks it.
//
//   const key = await startKey()
//   const response = await key.create(options) // as navigator.credentials.create
export { Key, startKey } from './key.js'
export { SoftkeyError, findProgram } from './program.js'
