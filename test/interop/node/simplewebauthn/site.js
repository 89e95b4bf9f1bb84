// A site as @simplewebauthn/server makes one.
import {
  generateAuthenticationOptions, generateRegistrationOptions, verifyAuthenticationResponse, verifyRegistrationResponse,
} from '@simplewebauthn/server';

import { origin, rpID } from '../key.js';

const expected = { expectedOrigin: origin, expectedRPID: rpID };

// register has a key make a credential and returns the site's judgement, or
// throws it. members are of the options.
export async function register(key, { format = 'packed', alg = -7, userVerification = 'discouraged', change = (r) => r, ...members } = {}) {
  const options = await generateRegistrationOptions({
    rpName: 'Example', rpID, userName: 'ada', attestationType: 'direct', supportedAlgorithmIDs: [alg],
    authenticatorSelection: { residentKey: 'required', userVerification },
  });
  const response = change(key.create({ ...options, attestationFormats: [format], ...members }));
  return verifyRegistrationResponse({
    response, expectedChallenge: options.challenge, supportedAlgorithmIDs: [alg],
    requireUserVerification: userVerification === 'required', ...expected,
  });
}

// signIn signs in with a credential that register returned.
export async function signIn(key, credential, { userVerification = 'discouraged', change = (r) => r, ...members } = {}) {
  const options = await generateAuthenticationOptions({ rpID, allowCredentials: [{ id: credential.id }], userVerification });
  const response = change(key.get({ ...options, ...members }));
  return verifyAuthenticationResponse({
    response, expectedChallenge: options.challenge, credential,
    requireUserVerification: userVerification === 'required', ...expected,
  });
}
