// Ceremonies: each algorithm and extension is attested and signs in.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { SettingsService } from '@simplewebauthn/server';
import { cose, decodeCredentialPublicKey, parseAuthenticatorData } from '@simplewebauthn/server/helpers';

import { Key, extensions, miscounted } from '../key.js';
import { register, signIn } from './site.js';

// Node's cryptography, of which @simplewebauthn/server makes use, has neither
// ES256K nor, before Node 24, ML-DSA.
const algorithms = { ES256: -7, EdDSA: -8, ES384: -35, ES512: -36, PS256: -37, RS256: -257 };

const key = new Key({ pin: '2468ace' });
after(() => key.close());
SettingsService.setRootCertificates({ identifier: 'packed', certificates: [key.export('pem')] });

for (const [name, alg] of Object.entries(algorithms)) {
  test(name, async () => {
    const { registrationInfo: { credential } } = await register(key, { alg });
    assert.equal(decodeCredentialPublicKey(credential.publicKey).get(cose.COSEKEYS.alg), alg);
    const first = await signIn(key, credential);
    assert.equal(first.verified, true);
    const counter = first.authenticationInfo.newCounter;
    const second = await signIn(key, { ...credential, counter });
    assert.equal(second.authenticationInfo.newCounter, counter + 1);
  });

  test(`${name}, what was not signed`, async () => {
    const { registrationInfo: { credential } } = await register(key, { alg });
    const { verified } = await signIn(key, credential, { change: miscounted });
    assert.equal(verified, false);
  });
}

test('a counter that does not rise', async () => {
  const { registrationInfo: { credential } } = await register(key);
  const { authenticationInfo: { newCounter } } = await signIn(key, credential);
  await assert.rejects(signIn(key, { ...credential, counter: newCounter + 1 }), /counter value \d+ was lower than expected/);
});

const names = (outputs) => Object.keys(outputs ?? {}).sort();

for (const { name, create, created, get, got } of extensions) {
  test(`extension ${name}`, async () => {
    const { registrationInfo } = await register(key, { extensions: create, userVerification: 'required' });
    assert.deepEqual(names(registrationInfo.authenticatorExtensionResults), created);
    let data;
    const { verified } = await signIn(key, registrationInfo.credential, {
      extensions: get, userVerification: 'required',
      change: (response) => {
        data = parseAuthenticatorData(Buffer.from(response.response.authenticatorData, 'base64url'));
        return response;
      },
    });
    assert.equal(verified, true);
    assert.deepEqual(names(data.extensionsData), got);
  });
}
