// @simplewebauthn/server judges what a key answered to its options.
import assert from 'node:assert/strict'
import test from 'node:test'
import {
  generateAuthenticationOptions, generateRegistrationOptions, verifyAuthenticationResponse, verifyRegistrationResponse
} from '@simplewebauthn/server'
import { startKey } from 'softkey-testing'

const rpID = 'example.com'
const page = 'https://login.example.com'

async function plugIn (t, options) {
  const key = await startKey(options)
  t.after(() => key.stop())
  return key
}

function registrationOptions (more = {}) {
  return generateRegistrationOptions({
    rpID, rpName: 'Example', userName: 'ada', authenticatorSelection: { residentKey: 'required', userVerification: 'preferred' }, ...more
  })
}

async function register (key, { origin = 'https://example.com', ...expected } = {}) {
  const options = await registrationOptions(expected.options)
  const response = await key.create(options)
  return verifyRegistrationResponse({
    response, expectedChallenge: options.challenge, expectedOrigin: origin, expectedRPID: rpID, requireUserVerification: expected.verified ?? false
  })
}

async function signIn (key, credential, { origin = 'https://example.com', verified = false } = {}) {
  const options = await generateAuthenticationOptions({ rpID })
  const response = await key.get(options)
  assert.equal(response.id, credential.id)
  return verifyAuthenticationResponse({
    response, expectedChallenge: options.challenge, expectedOrigin: origin, expectedRPID: rpID, credential, requireUserVerification: verified
  })
}

test('a passkey registers and signs in', async (t) => {
  const key = await plugIn(t)
  const { verified, registrationInfo } = await register(key)
  assert(verified)
  for (const counter of [1, 2]) {
    const login = await signIn(key, registrationInfo.credential)
    assert(login.verified)
    assert.equal(login.authenticationInfo.newCounter, counter)
  }
})

test('attestation is the key\'s', async (t) => {
  const key = await plugIn(t)
  const { registrationInfo } = await register(key, { options: { attestationType: 'direct' } })
  assert.equal(registrationInfo.fmt, 'packed')
})

test('a PIN is given where it is needed', async (t) => {
  const key = await plugIn(t, { pin: '4711' })
  const { registrationInfo } = await register(key, { verified: true })
  assert(registrationInfo.userVerified)
  assert((await signIn(key, registrationInfo.credential, { verified: true })).verified)
  key.pin = '0000'
  await assert.rejects(register(key), { name: 'NotAllowedError', exitCode: 3 })
})

test('built-in verification takes the place of a PIN', async (t) => {
  const key = await plugIn(t, { verification: 'approve' })
  assert((await register(key, { verified: true })).registrationInfo.userVerified)
})

test('the page is where the test says', async (t) => {
  const key = await plugIn(t, { origin: page })
  assert((await register(key, { origin: page })).verified)
  await assert.rejects(register(key, { origin: 'https://example.com' }), /Unexpected registration response origin/)
  const options = await registrationOptions()
  await assert.rejects(key.create(options, { origin: 'https://evil.example' }), { name: 'SecurityError' })
})

test('a key that is registered is refused', async (t) => {
  const key = await plugIn(t)
  const { registrationInfo: { credential } } = await register(key)
  const again = await registrationOptions({ excludeCredentials: [{ id: credential.id }] })
  await assert.rejects(key.create(again), { name: 'InvalidStateError', exitCode: 3 })
})

test('keys share nothing', async (t) => {
  const [mine, yours] = await Promise.all([plugIn(t), plugIn(t)])
  const { registrationInfo: { credential } } = await register(mine)
  await assert.rejects(signIn(yours, credential), { name: 'NotAllowedError', exitCode: 3 })
  assert((await signIn(mine, credential)).verified)
})

test('options may be wrapped, and need an RP ID or an origin', async (t) => {
  const key = await plugIn(t)
  const response = await key.create({ publicKey: await registrationOptions() })
  assert.equal(response.type, 'public-key')
  await assert.rejects(key.get({ challenge: 'abc' }), /the options have no RP ID/)
})

test('a profile makes it another key', async (t) => {
  const key = await plugIn(t, { profile: 'u2f' })
  const options = await generateRegistrationOptions({ rpID, rpName: 'Example', userName: 'ada', attestationType: 'direct' })
  const response = await key.create({ ...options, authenticatorSelection: {} })
  const { registrationInfo } = await verifyRegistrationResponse({
    response, expectedChallenge: options.challenge, expectedOrigin: 'https://example.com', expectedRPID: rpID, requireUserVerification: false
  })
  assert.equal(registrationInfo.fmt, 'fido-u2f')
})
