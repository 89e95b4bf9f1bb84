// A page in Chromium, which has had no window.u2f since 2022, registers and
// signs in; the npm package u2f is its server.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import server from 'u2f'
import { startU2F } from 'softkey-testing/u2f'

const chromium = process.env.CHROMIUM ?? '/usr/lib/chromium/chromium'

// page tells at /result what window.u2f answered. Between the script and its
// use comes a u2f-api.js of the page's own, as it would come with an old site.
const page = (script) => `<!doctype html>
<script src="${script}"></script>
<script>
'use strict'
var u2f = u2f || {}
u2f.EXTENSION_ID = 'kmendfapggjehodndflmmgagdbamhnfd'
u2f.register = u2f.sign = () => { throw new Error('an extension was asked') }
</script>
<script>
const send = async (path, body) => (await fetch(path, { method: 'POST', body: JSON.stringify(body ?? null) })).json()
const call = (f, ...args) => new Promise((resolve) => f(...args, resolve))
async function run () {
  const enrolment = await send('/request')
  const registered = await send('/registered', await call(u2f.register, enrolment.appId, [enrolment], []))
  const known = [{ version: 'U2F_V2', keyHandle: registered.keyHandle }]
  const request = await send('/request')
  const signed = await send('/signed', await call(u2f.sign, request.appId, request.challenge, known))
  const again = await call(u2f.register, [enrolment], [{ ...request, keyHandle: registered.keyHandle }])
  return { registered: registered.successful, signed: signed.successful, again }
}
run().then((result) => send('/result', result), (err) => send('/result', { failed: String(err) }))
</script>`

test('a page in Chromium', { timeout: 180_000 }, async (t) => {
  const site = await serve(t)
  const bridge = await startU2F({ origin: site.origin })
  t.after(() => bridge.stop())
  site.script = bridge.script
  const browser = await browse(t, site.origin)
  const result = await Promise.race([site.result, browser.ended])
  assert.deepEqual(result, { registered: true, signed: true, again: { errorCode: 4, errorMessage: 'DEVICE_INELIGIBLE' } })
})

test('a page of another origin', { timeout: 180_000 }, async (t) => {
  const site = await serve(t)
  const bridge = await startU2F({ origin: 'http://other.example' })
  t.after(() => bridge.stop())
  site.script = bridge.script
  const browser = await browse(t, site.origin)
  const { registered } = await Promise.race([site.result, browser.ended])
  assert.equal(registered, undefined)
  assert.equal(site.answer.errorCode, 1, 'the browser keeps the answer from the page')
})

/** Starts a site: a page, and what its server says to it. */
async function serve (t) {
  const site = {}
  site.result = new Promise((resolve) => { site.finish = resolve })
  const calls = {
    '/request': () => (site.request = server.request(site.origin)),
    '/registered': (answer) => (site.device = server.checkRegistration(site.request, (site.answer = answer))),
    '/signed': (answer) => server.checkSignature(site.request, answer, site.device.publicKey),
    '/result': site.finish
  }
  const http = createServer(async (req, res) => {
    if (req.method === 'GET') return res.setHeader('Content-Type', 'text/html').end(page(site.script))
    let body = ''
    for await (const part of req.setEncoding('utf8')) body += part
    res.end(JSON.stringify(calls[req.url](JSON.parse(body)) ?? null))
  })
  await new Promise((resolve) => http.listen(0, '127.0.0.1', resolve))
  t.after(() => { http.closeAllConnections(); http.close() })
  site.origin = `http://localhost:${http.address().port}`
  return site
}

/** Opens a URL in a browser that is closed after the test. */
async function browse (t, url) {
  const profile = mkdtempSync(join(tmpdir(), 'softkey-browser-'))
  const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage', `--user-data-dir=${profile}`, '--remote-debugging-pipe']
  const child = spawn(chromium, [...flags, url], { stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'], detached: true })
  let messages = ''
  child.stderr.setEncoding('utf8').on('data', (text) => { messages += text })
  const gone = new Promise((resolve) => child.once('close', resolve).once('error', resolve))
  t.after(async () => {
    if (child.pid) process.kill(-child.pid, 'SIGKILL')
    await gone
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
  })
  return { ended: gone.then((code) => { throw new Error(`${chromium} ended with ${code}: ${messages}`) }) }
}
