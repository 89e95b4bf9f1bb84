import { spawn } from 'node:child_process'
import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** What softkey said when it failed. */
export class SoftkeyError extends Error {
  /**
   * @param {string} message
   * @param {{exitCode?: number | null, errorCode?: number, name?: string}} [details]
   */
  constructor (message, { exitCode = null, errorCode, name = 'SoftkeyError' } = {}) {
    super(message)
    /** That of the exception which a page would see, such as "NotAllowedError". */
    this.name = name
    /** Of the program: 1 failed, 2 wrong usage, 3 refused, by the key or as a browser would; null if it did not run to its end. */
    this.exitCode = exitCode
    /** Of the U2F JavaScript API, such as 4, DEVICE_INELIGIBLE. */
    this.errorCode = errorCode
  }
}

/**
 * Returns the path of the program softkey: given, or $SOFTKEY, or on the PATH.
 * @param {string} [given]
 */
export function findProgram (given = process.env.SOFTKEY) {
  if (given) return given
  const places = (process.env.PATH ?? '').split(delimiter).filter(Boolean).map((folder) => join(folder, 'softkey'))
  const found = places.find(isProgram)
  if (found) return found
  throw new SoftkeyError('softkey is not on the PATH: in its repository run "go build -o softkey ./cmd/softkey", and set SOFTKEY to the path of that file')
}

function isProgram (path) {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}

/**
 * Runs a softkey command that reads JSON and prints JSON.
 * @param {string} program
 * @param {string[]} args
 * @param {unknown} request
 * @param {NodeJS.ProcessEnv} [env] what is added to the environment
 * @returns {Promise<any>}
 */
export async function ask (program, args, request, env) {
  const child = spawn(program, args, { env: { ...process.env, ...env } })
  child.stdin.on('error', () => {}) // it ended without reading: its exit code tells why
  child.stdin.end(JSON.stringify(request))
  const [stdout, stderr, exitCode] = await Promise.all([read(child.stdout), read(child.stderr), end(child)])
  if (exitCode !== 0) throw failure(stdout, stderr, exitCode)
  return JSON.parse(stdout)
}

/** @param {import('node:stream').Readable} stream */
async function read (stream) {
  let text = ''
  for await (const part of stream.setEncoding('utf8')) text += part
  return text
}

/**
 * Waits for the end of a process, and gives its exit code, null after a signal.
 * @param {import('node:child_process').ChildProcess} child
 * @returns {Promise<number | null>}
 */
export function end (child) {
  return new Promise((resolve, reject) => {
    child.once('error', (err) => reject(new SoftkeyError(`softkey does not start: ${err.message}`)))
    child.once('close', resolve)
  })
}

// failure is the error of a command that ended with an exit code. What a page
// would see, an exception or a U2F error object, is on stdout.
function failure (stdout, stderr, exitCode) {
  const { name, errorCode } = stdout.startsWith('{') ? JSON.parse(stdout) : {}
  const message = stderr.replace(/^softkey: /gm, '').trim() || `softkey ended with ${exitCode}`
  return new SoftkeyError(name ? message.replace(`${name}: `, '') : message, { name, exitCode, errorCode })
}
