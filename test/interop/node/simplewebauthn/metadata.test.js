// Metadata: @simplewebauthn/server accepts the models that it has a statement of,
// and no others.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, test } from 'node:test';

import { MetadataService, SettingsService } from '@simplewebauthn/server';
import { convertCertBufferToPEM } from '@simplewebauthn/server/helpers';

import { impostor } from '../authority.js';
import { Key, aaguid, noAAGUID } from '../key.js';
import { register } from './site.js';

// Others @simplewebauthn/server does not hold against metadata: fido-u2f has no
// AAGUID, apple has roots of its own, and a chain that ends with the root, as that
// of android-key does, must not be joined by the same root from a statement.
const formats = ['packed', 'tpm'];

const key = new Key();
after(() => key.close());
const statement = JSON.parse(key.export('metadata'));

const know = (...statements) => MetadataService.initialize({ statements, mdsServers: [], verificationMode: 'strict' });

for (const format of formats) {
  test(`statement, ${format}`, async () => {
    await know(statement);
    assert.equal((await register(key, { format })).verified, true);
  });

  test(`statement with a foreign root, ${format}`, async () => {
    const root = await impostor(convertCertBufferToPEM(statement.attestationRootCertificates[0]));
    const attestationRootCertificates = [root.replace(/-----[A-Z ]+-----|\n/g, '')];
    await know({ ...statement, attestationRootCertificates });
    await assert.rejects(register(key, { format }), /could not be chained to any specified trust anchor/);
  });

  test(`unknown model, ${format}`, async () => {
    await know({ ...statement, aaguid: noAAGUID });
    await assert.rejects(register(key, { format }), new RegExp(`No metadata statement found for aaguid "${aaguid}"`));
  });
}

// serve publishes a BLOB on loopback, as long as use runs.
async function serve(blob, use) {
  const server = createServer((_, response) => response.end(blob)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    await use(`http://127.0.0.1:${server.address().port}/`);
  } finally {
    server.close();
  }
}

// download has the service read the BLOB, whose signer root vouches for, and
// returns what it complained of.
async function download(root) {
  const complaints = [];
  SettingsService.setRootCertificates({ identifier: 'mds', certificates: [root] });
  await serve(key.export('blob'), (url) => MetadataService.initialize({
    mdsServers: [url], verificationMode: 'strict', logger: { error: (_, err) => complaints.push(err.message) },
  }));
  return complaints;
}

test('BLOB', async () => {
  assert.deepEqual(await download(key.export('blob-root')), []);
  for (const format of formats) {
    assert.equal((await register(key, { format })).verified, true);
  }
});

test('BLOB with a foreign root', async () => {
  const [complaint] = await download(await impostor(key.export('blob-root')));
  assert.match(complaint, /BLOB certificate path could not be validated/);
  await assert.rejects(register(key), /No metadata statement found/);
});
