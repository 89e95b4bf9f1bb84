// Answers navigator.credentials by the key of a Go test: askKey is the test's, the
// two functions in globalThis are called by it.
{
  const asked = [];
  const asText = (_, value) => (value instanceof ArrayBuffer || ArrayBuffer.isView(value))
    ? new Uint8Array(value.buffer ?? value).toBase64({ alphabet: 'base64url', omitPadding: true }) : value;

  const ask = (command) => ({ publicKey }) => new Promise((resolve, reject) => {
    asked.push({ resolve, reject });
    askKey(JSON.stringify({ command, options: publicKey }, asText));
  });

  CredentialsContainer.prototype.create = ask('create');
  CredentialsContainer.prototype.get = ask('get');
  globalThis.keyAnswered = (response) => asked.shift().resolve({ toJSON: () => response });
  globalThis.keyRefused = (name, message) => asked.shift().reject(new DOMException(message, name));
}
