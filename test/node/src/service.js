import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { SoftkeyError, end } from './program.js'

const patience = 60_000 // milliseconds until a softkey that says nothing is given up

/** The processes to end when this one does. They hold no test runner up. */
const running = new Set()
process.on('exit', () => { for (const service of running) service.kill() })

/** A softkey command that runs until it is stopped: `run`, or `u2f serve`. */
export class Service {
  #child
  #ended
  #messages = ''
  #cleanUp

  /**
   * @param {string} program
   * @param {string[]} args
   * @param {() => void} cleanUp called after the end
   */
  constructor (program, args, cleanUp = () => {}) {
    this.#cleanUp = cleanUp
    this.#child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    this.#child.stderr.setEncoding('utf8').on('data', (text) => { this.#messages += text })
    this.#ended = end(this.#child).finally(() => this.#forget())
    this.#ended.catch(() => {}) // told by ready and stop
    running.add(this)
  }

  /**
   * Waits for n ready lines, and returns them, parsed.
   * @param {number} n
   * @returns {Promise<{event: string, transport: string, address: string}[]>}
   */
  async ready (n) {
    const impatient = setTimeout(() => this.#child.kill('SIGKILL'), patience)
    try {
      const events = []
      for await (const line of createInterface({ input: this.#child.stdout })) {
        events.push(JSON.parse(line))
        if (events.length === n) return events
      }
      throw this.#failure(await this.#ended)
    } finally {
      clearTimeout(impatient)
      this.#hold('unref')
    }
  }

  /** Ends the process as a service manager does, and waits for it. */
  async stop () {
    this.#hold('ref')
    this.#child.kill()
    const code = await this.#ended
    if (code !== 0) throw this.#failure(code)
  }

  /** Ends the process without waiting for it. */
  kill () {
    this.#child.kill()
    this.#forget()
  }

  #failure (exitCode) {
    return new SoftkeyError(`softkey ended with ${exitCode}: ${this.#messages.trim()}`, { exitCode })
  }

  #forget () {
    if (running.delete(this)) this.#cleanUp()
  }

  // hold has the event loop wait for the process (ref), or not (unref).
  #hold (how) {
    for (const part of [this.#child, this.#child.stdout, this.#child.stderr]) part[how]()
  }
}
