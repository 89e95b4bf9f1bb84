// npm's u2f. It leaves the counter to its caller.
const u2f = require('u2f');
const readline = require('node:readline');

const [appId] = process.argv.slice(2);
let request, key;

function judged(result) {
  return result.successful ? { ok: true, counter: result.counter } : { error: result.errorMessage };
}

const steps = {
  register: () => (request = u2f.request(appId)),
  bind: (response) => judged(key = u2f.checkRegistration(request, response)),
  sign: () => (request = u2f.request(appId, key.keyHandle)),
  verify: (response) => judged(u2f.checkSignature(request, response, key.publicKey)),
};

readline.createInterface({ input: process.stdin }).on('line', (line) => {
  const [step] = line.split(' ', 1), response = line.slice(step.length);
  let answer;
  try {
    answer = steps[step](response && JSON.parse(response));
  } catch (e) {
    answer = { error: String(e) };
  }
  console.log(JSON.stringify(answer));
});
