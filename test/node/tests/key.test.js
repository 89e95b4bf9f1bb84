// The hand on the key, and its process.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { promisify } from 'node:util'
import { SoftkeyError, findProgram, startKey } from 'softkey-testing'

const options = {
  rp: { id: 'example.com', name: 'Example' },
  user: { id: 'YWRh', name: 'ada', displayName: 'Ada' },
  challenge: 'Y2hhbGxlbmdl',
  pubKeyCredParams: [{ type: 'public-key', alg: -7 }]
}

async function plugIn (t, options) {
  const key = await startKey(options)
  t.after(() => key.stop())
  return key
}

test('a touch agrees, whenever it comes', async (t) => {
  const key = await plugIn(t, { presence: 'control' })
  const [response, prompt] = await Promise.all([key.create(options), key.touch()])
  assert.equal(response.type, 'public-key')
  assert.equal(prompt.rpId, 'example.com')
  assert.equal(prompt.user, 'ada')
})

test('a refusal is a NotAllowedError', async (t) => {
  const key = await plugIn(t, { presence: 'control' })
  await Promise.all([assert.rejects(key.create(options), { name: 'NotAllowedError' }), key.refuse()])
})

test('what is not asked cannot be touched', async (t) => {
  const key = await plugIn(t, { presence: 'control' })
  await assert.rejects(key.touch('0s'), /the key asks nothing/)
  const other = await plugIn(t)
  await assert.rejects(other.touch(), /not started with --presence control/)
})

test('a user who refuses, and one who is not there', async (t) => {
  await assert.rejects((await plugIn(t, { presence: 'deny' })).create(options), { name: 'NotAllowedError' })
  const absent = await plugIn(t, { presence: 'ignore', presenceTimeout: '10ms' })
  await assert.rejects(absent.create(options), { name: 'NotAllowedError' })
})

test('a key can be unplugged and plugged in', async (t) => {
  const key = await plugIn(t)
  assert.deepEqual(await key.state(), { addresses: [key.address], plugged: true, prompt: null })
  await key.unplug()
  assert.equal((await key.state()).plugged, false)
  await assert.rejects(key.create(options), { exitCode: 1 })
  await key.plug()
  assert.equal((await key.create(options)).type, 'public-key')
})

test('a state directory outlives the key', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'softkey-test-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const state = join(folder, 'state')
  const resident = { ...options, authenticatorSelection: { residentKey: 'required' } }
  const first = await startKey({ state })
  const { id } = await first.create(resident)
  await assert.rejects(startKey({ state }), /softkey ended with 1: .*process/s)
  await first.stop()
  const second = await plugIn(t, { state })
  assert.equal((await second.get({ rpId: 'example.com', challenge: 'abc' })).id, id)
})

test('further flags are passed on', async (t) => {
  await assert.rejects(startKey({ flags: ['--no-such-flag'] }), { name: 'SoftkeyError', exitCode: 2, message: /unknown flag: --no-such-flag/ })
  const key = await plugIn(t, { flags: ['--no-client-pin'], seed: '00'.repeat(16) })
  assert.equal((await key.create(options)).type, 'public-key')
})

test('stop ends the key, more than once too', async () => {
  const key = await startKey()
  await Promise.all([key.stop(), key.stop()])
  await key.stop()
  assert(!existsSync(key.path))
  await assert.rejects(key.state(), { code: 'ENOENT' })
})

test('a process that ends without stop takes its keys along', async () => {
  const script = "import { startKey } from 'softkey-testing'; console.log((await startKey()).path)"
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], { cwd: import.meta.dirname })
  for (const path = stdout.trim(); await answers(path);) await new Promise((resolve) => setTimeout(resolve, 20))
})

// answers tells whether a key is at a Unix socket.
function answers (path) {
  return new Promise((resolve) => {
    const socket = connect(path, () => { socket.destroy(); resolve(true) }).once('error', () => resolve(false))
  })
}

test('a program that is missing is an error with advice', async (t) => {
  await assert.rejects(startKey({ softkey: '/none/softkey' }), { name: 'SoftkeyError', message: /does not start: .*ENOENT/ })
  const { SOFTKEY, PATH } = process.env
  t.after(() => Object.assign(process.env, { SOFTKEY, PATH }))
  assert.equal(findProgram(), SOFTKEY)
  delete process.env.SOFTKEY
  process.env.PATH = import.meta.dirname
  assert.throws(() => findProgram(), (err) => err instanceof SoftkeyError && /go build -o softkey/.test(err.message))
})
