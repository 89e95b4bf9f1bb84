// A site as fido2-lib makes one.
import { Fido2Lib } from 'fido2-lib';

import { origin, rpID } from '../key.js';

const base64url = (buffer) => Buffer.from(buffer).toString('base64url');
const arrayBuffer = (text) => new Uint8Array(Buffer.from(text, 'base64url')).buffer;

// withBuffers returns a response as fido2-lib takes it.
const withBuffers = (response) => ({ ...response, id: arrayBuffer(response.id), rawId: arrayBuffer(response.rawId) });

// register has a key make a credential and returns the site's judgement, or
// throws it.
export async function register(key, { format = 'packed', alg = -7, change = (r) => r, ...members } = {}) {
  const site = new Fido2Lib({ rpId: rpID, rpName: 'Example', cryptoParams: [alg], attestation: 'direct' });
  const options = await site.attestationOptions();
  const challenge = base64url(options.challenge);
  const response = change(key.create({
    ...options, challenge, user: { id: 'YWRh', name: 'ada', displayName: 'Ada' }, attestationFormats: [format], ...members,
  }));
  return site.attestationResult(withBuffers(response), { challenge, origin, factor: 'either', rpId: rpID });
}

// signIn signs in with what register returned.
export async function signIn(key, registration, { counter = 0, change = (r) => r, ...members } = {}) {
  const site = new Fido2Lib({ rpId: rpID });
  const options = await site.assertionOptions();
  const challenge = base64url(options.challenge);
  const id = base64url(registration.authnrData.get('credId'));
  const response = change(key.get({ ...options, challenge, rpId: rpID, allowCredentials: [{ type: 'public-key', id }], ...members }));
  return site.assertionResult(withBuffers(response), {
    challenge, origin, factor: 'either', rpId: rpID, allowCredentials: [{ type: 'public-key', id: arrayBuffer(id) }],
    publicKey: registration.authnrData.get('credentialPublicKeyPem'), prevCounter: counter, userHandle: 'YWRh',
  });
}
