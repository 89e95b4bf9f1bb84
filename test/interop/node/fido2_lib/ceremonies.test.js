// Ceremonies: fido2-lib verifies the statements and signatures that it knows, of
// tpm those of RSA keys alone. It does not judge who issued a certificate;
// @simplewebauthn/server does both.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { Key, miscounted } from '../key.js';
import { register, signIn } from './site.js';

const formats = { packed: 'basic', 'fido-u2f': 'basic', apple: 'anonca' };
const algorithms = { ES256: -7, RS256: -257 };

const key = new Key();
after(() => key.close());

// otherClientData returns a registration whose client data have a space more.
function otherClientData(registration) {
  const data = Buffer.concat([Buffer.from(registration.response.clientDataJSON, 'base64url'), Buffer.from(' ')]);
  return { ...registration, response: { ...registration.response, clientDataJSON: data.toString('base64url') } };
}

for (const [format, type] of Object.entries(formats)) {
  test(format, async () => {
    const { audit, authnrData } = await register(key, { format });
    assert.equal(audit.complete, true);
    assert.equal(authnrData.get('fmt'), format);
    assert.equal(audit.info.get('attestation-type'), type);
  });

  test(`${format}, for other client data`, async () => {
    await assert.rejects(register(key, { format, change: otherClientData }), /signature verification failed|nonce did not match expectedNonce/);
  });
}

test('none', async () => {
  const { authnrData } = await register(key, { attestation: 'none' });
  assert.equal(authnrData.get('fmt'), 'none');
});

for (const [name, alg] of Object.entries(algorithms)) {
  test(name, async () => {
    const registration = await register(key, { alg });
    const { audit } = await signIn(key, registration);
    assert.equal(audit.complete, true);
  });

  test(`${name}, what was not signed`, async () => {
    const registration = await register(key, { alg });
    await assert.rejects(signIn(key, registration, { change: miscounted }), /signature validation failed/);
  });
}

test('a counter that does not rise', async () => {
  const registration = await register(key);
  const { authnrData } = await signIn(key, registration);
  await assert.rejects(signIn(key, registration, { counter: authnrData.get('counter') + 1 }), /counter rollback detected/);
});
