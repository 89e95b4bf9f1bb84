// window.u2f without a browser that has it: the U2F JavaScript API 1.0 and 1.1.
//
//   const { u2f } = await startU2F({ origin: 'https://example.com' })
//   u2f.register('https://example.com', registerRequests, [], callback)
//
// The object is that of the script which `softkey u2f serve` gives to pages.
import { findProgram } from './program.js'
import { Service } from './service.js'

/**
 * Starts a bridge between the pages of an origin and a key.
 * @param {import('./u2f.js').U2FOptions} options
 */
export async function startU2F ({ origin, key, flags = [], softkey }) {
  const device = key ? ['--device', key.address] : ['--ephemeral']
  const service = new Service(findProgram(softkey), ['u2f', 'serve', '--json', '--allow-origin', origin, ...device, ...flags])
  const [{ address: script }] = await service.ready(1)
  let stopped
  const stop = () => (stopped ??= service.stop())
  return { u2f: await load(script, origin), script, stop }
}

// load runs the script of the bridge as a page of an origin would.
async function load (script, origin) {
  const page = {
    location: { origin },
    fetch: (url, init) => fetch(url, { ...init, headers: { ...init.headers, Origin: origin } })
  }
  const text = await (await fetch(script)).text()
  new Function('window', text)(page) // eslint-disable-line no-new-func
  return page.u2f
}
