// What index.d.ts and u2f.d.ts promise fits what servers take: tsc compiles it.
import { generateRegistrationOptions, verifyAuthenticationResponse, verifyRegistrationResponse } from '@simplewebauthn/server'
import { type Key, SoftkeyError, findProgram, startKey } from 'softkey-testing'
import { startU2F } from 'softkey-testing/u2f'

export async function register (credential: Parameters<typeof verifyAuthenticationResponse>[0]['credential']): Promise<void> {
  const key: Key = await startKey({ presence: 'control', pin: '4711', flags: ['--log-level', 'debug'] })
  const expected = { expectedChallenge: 'abc', expectedOrigin: 'https://example.com', expectedRPID: 'example.com' }
  const options = await generateRegistrationOptions({ rpID: 'example.com', rpName: 'Example', userName: 'ada' })
  await verifyRegistrationResponse({ response: await key.create(options), ...expected })
  await verifyAuthenticationResponse({ response: await key.get({ rpId: 'example.com' }, { origin: 'https://example.com' }), ...expected, credential })
  const { rpId }: { rpId: string } = await key.touch('1s')
  const plugged: boolean = (await key.state()).plugged
  const data: string = (await key.u2fRegister({ appId: rpId })).registrationData + (await key.u2fSign({})).signatureData
  console.log(findProgram(), plugged, data, new SoftkeyError('no').errorCode)
  // @ts-expect-error: a user is a mode, not a number
  await startKey({ presence: 1 })
  await key.stop()
}

export async function page (key: Key): Promise<void> {
  const { u2f, script, stop } = await startU2F({ origin: 'https://example.com', key })
  u2f.register('https://example.com', [], [], ({ errorCode, registrationData }) => console.log(errorCode, registrationData), 5)
  u2f.sign([], ({ errorCode, signatureData }) => console.log(errorCode, signatureData, script))
  u2f.getApiVersion(({ js_api_version: version }) => console.log(version, u2f.ErrorCodes.TIMEOUT))
  // @ts-expect-error: the callback is missing
  u2f.sign([])
  await stop()
}
