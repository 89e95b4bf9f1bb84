// The npm package u2f judges what window.u2f answered, and what the key did
// without it.
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import test from 'node:test'
import server from 'u2f'
import { startKey } from 'softkey-testing'
import { startU2F } from 'softkey-testing/u2f'

const appId = 'https://example.com'

async function open (t, options) {
  const bridge = await startU2F({ origin: appId, ...options })
  t.after(() => bridge.stop())
  return bridge.u2f
}

/** Calls a function of window.u2f, and waits for its callback. */
function call (f, ...args) {
  return new Promise((resolve) => f(...args, resolve))
}

/** Enrols a key by API 1.1; returns what the server keeps. */
async function enrol (u2f) {
  const request = server.request(appId)
  const answer = await call(u2f.register, appId, [request], [])
  const result = server.checkRegistration(request, answer)
  assert(result.successful, result.errorMessage)
  return result
}

const known = (keyHandle) => ({ version: 'U2F_V2', keyHandle })

test('API 1.1', async (t) => {
  const u2f = await open(t)
  const { keyHandle, publicKey } = await enrol(u2f)
  const request = server.request(appId, keyHandle)
  const answer = await call(u2f.sign, appId, request.challenge, [known(keyHandle)])
  const { successful, userPresent, counter } = server.checkSignature(request, answer, publicKey)
  assert.deepEqual({ successful, userPresent, counter }, { successful: true, userPresent: true, counter: 1 })
})

test('API 1.0', async (t) => {
  const u2f = await open(t)
  const enrolment = server.request(appId)
  const result = server.checkRegistration(enrolment, await call(u2f.register, [enrolment], []))
  assert(result.successful, result.errorMessage)
  const request = server.request(appId, result.keyHandle)
  assert(server.checkSignature(request, await call(u2f.sign, [request]), result.publicKey).successful)
  assert(server.checkSignature(request, await call(u2f.sign, [request], []), result.publicKey).successful, 'a list too many')
  assert(server.checkSignature(request, await call(u2f.sign, request), result.publicKey).successful, 'no list')
})

test('a challenge for each key, as in API 1.0', async (t) => {
  const u2f = await open(t)
  const other = await enrol(await open(t))
  const own = await enrol(u2f)
  const requests = [server.request(appId, other.keyHandle), server.request(appId, own.keyHandle)]
  const answer = await call(u2f.sign, requests)
  assert.equal(answer.keyHandle, own.keyHandle)
  assert(server.checkSignature(requests[1], answer, own.publicKey).successful)
})

test('without an application it is the page\'s own origin', async (t) => {
  const u2f = await open(t)
  const request = server.request(appId)
  for (const none of [null, undefined, '']) {
    const answer = await call(u2f.register, none, [{ version: 'U2F_V2', challenge: request.challenge }], null)
    assert(server.checkRegistration(request, answer).successful)
  }
  const { challenge } = server.request(appId)
  const { keyHandle, publicKey } = server.checkRegistration({ appId, challenge }, await call(u2f.register, [{ version: 'U2F_V2', challenge }], []))
  const signature = await call(u2f.sign, [{ version: 'U2F_V2', challenge, keyHandle }])
  assert(server.checkSignature({ appId, challenge }, signature, publicKey).successful)
})

test('the server sees another origin\'s page', async (t) => {
  const u2f = await open(t, { origin: 'https://evil.example' })
  const { clientData } = await call(u2f.register, appId, [server.request(appId)], [])
  assert.equal(JSON.parse(Buffer.from(clientData, 'base64url')).origin, 'https://evil.example')
})

test('error 1: the key is gone', async (t) => {
  const key = await startKey()
  t.after(() => key.stop())
  const u2f = await open(t, { key })
  const { keyHandle, publicKey } = await enrol(u2f)
  await key.unplug()
  const request = server.request(appId, keyHandle)
  assert.equal((await call(u2f.sign, [request])).errorCode, u2f.ErrorCodes.OTHER_ERROR)
  await key.plug()
  assert(server.checkSignature(request, await call(u2f.sign, [request]), publicKey).successful)
})

test('error 1: the bridge is gone', async () => {
  const { u2f, stop } = await startU2F({ origin: appId })
  await stop()
  await stop()
  const { errorCode, errorMessage } = await call(u2f.register, appId, [server.request(appId)], [])
  assert.equal(errorCode, u2f.ErrorCodes.OTHER_ERROR)
  assert.match(errorMessage, /^softkey u2f serve: /)
})

test('error 1: the page is not the one that was named', async (t) => {
  const { script, stop } = await startU2F({ origin: appId })
  t.after(() => stop())
  const origin = 'https://evil.example'
  const page = { location: { origin }, fetch: (url, init) => fetch(url, { ...init, headers: { ...init.headers, Origin: origin } }) }
  new Function('window', await (await fetch(script)).text())(page)
  const { errorCode, errorMessage } = await call(page.u2f.register, appId, [server.request(appId)], [])
  assert.equal(errorCode, 1)
  assert.match(errorMessage, /the origin is not allowed: .*--allow-origin https:\/\/evil\.example$/)
})

test('error 2: the request makes no sense', async (t) => {
  const u2f = await open(t)
  for (const args of [[appId, 'abc', []], [appId, null, [known('abc')]], [appId, 'abc', [known('*')]], [[]]]) {
    assert.deepEqual(await call(u2f.sign, ...args), { errorCode: 2, errorMessage: 'BAD_REQUEST' })
  }
  assert.equal((await call(u2f.register, appId, [{ version: 'U2F_V2' }], [])).errorCode, u2f.ErrorCodes.BAD_REQUEST)
})

test('error 3: another version', async (t) => {
  const u2f = await open(t)
  const request = { ...server.request(appId), version: 'U2F_V9' }
  assert.equal((await call(u2f.register, appId, [request], [])).errorCode, u2f.ErrorCodes.CONFIGURATION_UNSUPPORTED)
})

test('error 4: registered already, or not this key\'s', async (t) => {
  const u2f = await open(t)
  const { keyHandle } = await enrol(u2f)
  const wrong = { errorCode: 4, errorMessage: 'DEVICE_INELIGIBLE' }
  assert.deepEqual(await call(u2f.register, appId, [server.request(appId)], [known(keyHandle)]), wrong)
  assert.deepEqual(await call(u2f.register, [server.request(appId)], [server.request(appId, keyHandle)]), wrong)
  const other = await open(t)
  assert.deepEqual(await call(other.sign, appId, 'abc', [known(keyHandle)]), wrong)
  assert.deepEqual(await call(u2f.sign, 'https://evil.example', 'abc', [known(keyHandle)]), wrong)
})

test('error 5: nobody touches the key', async (t) => {
  const u2f = await open(t, { flags: ['--presence', 'ignore'] })
  const answer = await new Promise((resolve) => u2f.register(appId, [server.request(appId)], [], resolve, 0.05))
  assert.deepEqual(answer, { errorCode: 5, errorMessage: 'TIMEOUT' })
})

test('a touch is waited for', async (t) => {
  const key = await startKey({ presence: 'control' })
  t.after(() => key.stop())
  const u2f = await open(t, { key })
  const [result, prompt] = await Promise.all([enrol(u2f), key.touch()])
  assert(result.successful)
  assert.equal(prompt.kind, 'consent')
})

test('the version', async (t) => {
  const u2f = await open(t)
  assert.deepEqual(await call(u2f.getApiVersion), { js_api_version: 1.1 })
})

test('a callback comes later, and is needed', async (t) => {
  const u2f = await open(t)
  let returned = false
  const answered = new Promise((resolve) => u2f.sign([], () => resolve(returned)))
  returned = true
  assert(await answered)
  assert.throws(() => u2f.sign(appId, 'abc', []), TypeError)
})

test('what a page\'s own u2f-api.js assigns is ignored', async (t) => {
  const u2f = await open(t)
  u2f.EXTENSION_ID = 'kmendfapggjehodndflmmgagdbamhnfd'
  u2f.register = () => assert.fail('an extension was asked')
  assert((await enrol(u2f)).successful)
})

test('require gives the same', async () => {
  const require = createRequire(import.meta.url)
  assert.equal(require('softkey-testing/u2f').startU2F, startU2F)
})

test('without a page: the dialects of servers', async (t) => {
  const key = await startKey({ origin: appId })
  t.after(() => key.stop())
  const enrolment = server.request(appId)
  const result = server.checkRegistration(enrolment, await key.u2fRegister(enrolment))
  assert(result.successful, result.errorMessage)
  const request = server.request(appId, result.keyHandle)
  assert(server.checkSignature(request, await key.u2fSign(request), result.publicKey).successful)
  const again = { appId, registerRequests: [server.request(appId)], registeredKeys: [known(result.keyHandle)] }
  await assert.rejects(key.u2fRegister(again), { exitCode: 3, errorCode: 4 })
  const nobodys = await startKey()
  t.after(() => nobodys.stop())
  await assert.rejects(nobodys.u2fSign(request), /whose page is it/)
  await assert.rejects(nobodys.u2fSign(request, { origin: appId }), { exitCode: 3, errorCode: 4 })
})
