// Attestation: @simplewebauthn/server holds each format that it knows against
// the roots that it is given.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { SettingsService } from '@simplewebauthn/server';

import { impostor, newAuthority } from '../authority.js';
import { Key, aaguid, noAAGUID } from '../key.js';
import { register } from './site.js';

const formats = ['packed', 'fido-u2f', 'tpm', 'android-key', 'apple'];

const authority = await newAuthority();
const own = new Key();
const issued = new Key({ authority });
after(() => [own, issued].forEach((key) => key.close()));

// fido-u2f has no room for the certificate of a CA below a root: the site must
// have both.
const keys = [
  { name: 'own root', key: own, roots: () => [own.export('pem')] },
  { name: "CA of the user's", key: issued, roots: (format) => (format === 'fido-u2f' ? [authority.issuing, authority.root] : [authority.root]) },
];

for (const { name, key, roots } of keys) {
  for (const format of formats) {
    test(`${name}, ${format}`, async () => {
      SettingsService.setRootCertificates({ identifier: format, certificates: roots(format) });
      const { verified, registrationInfo } = await register(key, { format });
      assert.equal(verified, true);
      assert.equal(registrationInfo.fmt, format);
      assert.equal(registrationInfo.aaguid, format === 'fido-u2f' ? noAAGUID : aaguid);
    });

    test(`${name}, ${format}, wrong root`, async () => {
      const certificates = await Promise.all(roots(format).map(impostor));
      SettingsService.setRootCertificates({ identifier: format, certificates });
      await assert.rejects(register(key, { format }), /could not be chained to any specified trust anchor|not a known root certificate/);
    });
  }
}

test('compound', async () => {
  await assert.rejects(register(own, { format: 'compound' }), /Unsupported Attestation Format: compound/);
});

test('none', async () => {
  assert.equal((await register(own, { attestation: 'none' })).registrationInfo.fmt, 'none');
});
