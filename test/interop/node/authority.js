// Certificates that do not come from softkey: a CA of the user's, and roots that
// look like another.
import { webcrypto } from 'node:crypto';
import 'reflect-metadata';
import { BasicConstraintsExtension, PemConverter, X509Certificate, X509CertificateGenerator } from '@peculiar/x509';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const day = 86_400_000; // milliseconds

const newKeys = () => webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);

// certify returns a CA's certificate in PEM, which is good today.
async function certify(subject, publicKey, issuer, signingKey) {
  const certificate = await X509CertificateGenerator.create({
    subject, issuer, publicKey, signingKey, signingAlgorithm: algorithm,
    notBefore: new Date(Date.now() - day), notAfter: new Date(Date.now() + day),
    extensions: [new BasicConstraintsExtension(true, undefined, true)],
  });
  return `${certificate.toString('pem')}\n`;
}

// newAuthority returns a CA below a root, as the PEM that softkey reads.
export async function newAuthority() {
  const rootKeys = await newKeys();
  const keys = await newKeys();
  const rootName = "CN=Root of the user's";
  const root = await certify(rootName, rootKeys.publicKey, rootName, rootKeys.privateKey);
  const issuing = await certify("CN=CA of the user's", keys.publicKey, rootName, rootKeys.privateKey);
  const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  return { root, issuing, certificates: issuing + root, key: PemConverter.encode(pkcs8, 'PRIVATE KEY') };
}

// impostor returns a root certificate with the same name as another and another
// key, both in PEM.
export async function impostor(root) {
  const { subject } = new X509Certificate(root);
  const keys = await newKeys();
  return certify(subject, keys.publicKey, subject, keys.privateKey);
}
