// A key without a browser: `softkey webauthn` in a browser's place, and what a
// site is given to trust the key by.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const origin = 'https://example.com';
export const rpID = 'example.com';
export const aaguid = '50a4d183-b2dc-5e83-8042-8758cc9420a1'; // of the profile full-policy
export const noAAGUID = '00000000-0000-0000-0000-000000000000'; // of the format fido-u2f

const everything = { base: 'full-policy', attestationFormats: ['packed', 'fido-u2f', 'tpm', 'android-key', 'apple', 'compound'] };

// extensions says of extensions what a site asks for and what it sees.
export const extensions = JSON.parse(readFileSync(new URL('../testdata/extensions.json', import.meta.url)));

// Key is a key in a folder of its own, which attests in the format that a site
// asks for. An authority issues its attestation certificates, if one is given;
// with a PIN, users can be verified. close forgets it.
export class Key {
  constructor({ authority, pin } = {}) {
    this.folder = mkdtempSync(join(tmpdir(), 'softkey-interop-'));
    this.flags = ['--state', join(this.folder, 'state'), ...this.#file('--profile', JSON.stringify(everything))];
    if (authority) {
      this.flags.push(...this.#file('--attestation-ca', authority.certificates), ...this.#file('--attestation-ca-key', authority.key));
    }
    this.pin = pin ? this.#file('--pin-file', pin) : [];
    this.#run(['info', '--device', 'loopback']); // from now on there is something to export
  }

  #file(flag, content) {
    const name = join(this.folder, flag.slice(2));
    writeFileSync(name, content, { mode: 0o600 });
    return [flag, name];
  }

  #run(args, input) {
    return execFileSync(process.env.SOFTKEY, [...args, ...this.flags], { input, encoding: 'utf8', timeout: 60_000 });
  }

  #ask(ceremony, options) {
    const args = ['webauthn', ceremony, '--origin', origin, '--device', 'loopback', ...this.pin];
    return JSON.parse(this.#run(args, JSON.stringify(options)));
  }

  create(options) {
    return this.#ask('create', options);
  }

  get(options) {
    return this.#ask('get', options);
  }

  // export returns what `softkey attestation export` prints.
  export(format) {
    return this.#run(['attestation', 'export', '--format', format]);
  }

  close() {
    rmSync(this.folder, { recursive: true });
  }
}

// miscounted returns an assertion in whose authenticator data the counter is
// another, so that nobody signed it.
export function miscounted(assertion) {
  const data = Buffer.from(assertion.response.authenticatorData, 'base64url');
  data[33] ^= 1; // of rpIdHash (32), flags (1), signCount (4)
  return { ...assertion, response: { ...assertion.response, authenticatorData: data.toString('base64url') } };
}
