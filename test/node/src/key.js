import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SoftkeyError, ask, findProgram } from './program.js'
import { Service } from './service.js'

/**
 * Plugs a security key in. It lives until stop, or the end of this process.
 * @param {import('./index.js').KeyOptions} [options]
 * @returns {Promise<Key>}
 */
export async function startKey (options = {}) {
  const program = findProgram(options.softkey)
  const folder = mkdtempSync(join(tmpdir(), 'softkey-'))
  const cleanUp = () => rmSync(folder, { recursive: true, force: true })
  const service = new Service(program, runArguments(folder, options), cleanUp)
  await service.ready(2)
  return new Key(program, service, folder, options)
}

function runArguments (folder, { presence = 'approve', presenceTimeout, verification, profile, pin, state, seed, flags = [] }) {
  const args = ['run', '--json', '--transport', `unix:${join(folder, 'hid.sock')}`,
    '--control', `unix:${join(folder, 'hand.sock')}`, '--presence', presence]
  const given = { '--presence-timeout': presenceTimeout, '--verification': verification, '--profile': profile, '--state': state, '--seed': seed }
  for (const [flag, value] of Object.entries(given)) {
    if (value !== undefined) args.push(flag, value)
  }
  if (state === undefined) args.push('--ephemeral')
  if (pin !== undefined) {
    const file = join(folder, 'pin')
    writeFileSync(file, `${pin}\n`, { mode: 0o600 })
    args.push('--pin-file', file)
  }
  return [...args, ...flags]
}

/** A security key that is plugged in; startKey makes one. */
export class Key {
  #program
  #service
  #hand
  #origin
  #stopped

  constructor (program, service, folder, { pin, origin }) {
    this.#program = program
    this.#service = service
    this.#hand = join(folder, 'hand.sock')
    this.#origin = origin
    /** The Unix socket of the key: each 64 bytes on it are a CTAPHID report. */
    this.path = join(folder, 'hid.sock')
    /** The key for `softkey … --device`. */
    this.address = `unix:${this.path}`
    this.pin = pin
  }

  /** Registers, as navigator.credentials.create. */
  create (options, page) {
    return this.#webauthn('create', options, page)
  }

  /** Signs in, as navigator.credentials.get. */
  get (options, page) {
    return this.#webauthn('get', options, page)
  }

  /** Registers in U2F: takes a server's request, in any dialect. */
  u2fRegister (request, page) {
    return this.#u2f('register', request, page)
  }

  /** Signs in, in U2F. */
  u2fSign (request, page) {
    return this.#u2f('authenticate', request, page)
  }

  async #webauthn (command, options, { origin = this.#origin ?? originOf(options) } = {}) {
    const env = this.pin === undefined ? {} : { SOFTKEY_PIN: this.pin }
    return ask(this.#program, ['webauthn', command, '--origin', origin, '--device', this.address], options, env)
  }

  async #u2f (command, request, { origin = this.#origin } = {}) {
    if (!origin) throw new SoftkeyError('whose page is it? Give { origin } to this call, or to startKey')
    return ask(this.#program, ['u2f', command, '--origin', origin, '--device', this.address], request)
  }

  /**
   * Touches the key, which was started with presence: 'control'. A touch that
   * comes before the prompt waits for it.
   */
  async touch (wait = '30s') {
    return (await this.#command('POST', `touch?wait=${wait}`)).prompt
  }

  /** Declines, likewise. */
  async refuse (wait = '30s') {
    return (await this.#command('POST', `refuse?wait=${wait}`)).prompt
  }

  /** Takes the key out. */
  async unplug () {
    await this.#command('POST', 'unplug')
  }

  /** Plugs it in again, powered up anew. */
  async plug () {
    await this.#command('POST', 'plug')
  }

  /** Tells whether it is plugged in, and what it asks. */
  state () {
    return this.#command('GET', 'state')
  }

  /** Ends the key; more than once does nothing more. */
  stop () {
    this.#stopped ??= this.#service.stop()
    return this.#stopped
  }

  [Symbol.asyncDispose] () {
    return this.stop()
  }

  // command asks the control socket of the key.
  async #command (method, path) {
    const response = await new Promise((resolve, reject) => {
      request({ socketPath: this.#hand, method, path: `/v1/${path}`, agent: false }, resolve).once('error', reject).end()
    })
    let text = ''
    for await (const part of response.setEncoding('utf8')) text += part
    const body = JSON.parse(text)
    if (response.statusCode !== 200) throw new SoftkeyError(body.error)
    return body
  }
}

// originOf returns the origin that goes with the RP ID of some options.
function originOf (options) {
  const { rp, rpId } = options.publicKey ?? options
  const id = rp?.id ?? rpId
  if (!id) throw new SoftkeyError('the options have no RP ID: give { origin } to this call, or to startKey')
  return `https://${id}`
}
