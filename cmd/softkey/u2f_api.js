// window.u2f, answered by softkey: the FIDO U2F JavaScript API 1.0 and 1.1.
(function (bridge) {
  'use strict'

  const ErrorCodes = {
    OK: 0, OTHER_ERROR: 1, BAD_REQUEST: 2, CONFIGURATION_UNSUPPORTED: 3, DEVICE_INELIGIBLE: 4, TIMEOUT: 5
  }
  const usualTimeout = 30 // seconds

  // ask sends a request to softkey.
  async function ask (operation, request, timeout) {
    const seconds = timeout > 0 ? timeout : usualTimeout
    const response = await window.fetch(`${bridge}/${operation}?timeout=${seconds}s`, {
      method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(request)
    })
    if (!response.ok) throw new Error((await response.text()).trim())
    return response.json()
  }

  // answer calls a page's callback with what softkey says, once, and never
  // before the page's own code has returned.
  async function answer (operation, request, { callback, timeout }) {
    let result
    try {
      result = await ask(operation, request, timeout)
    } catch (err) {
      result = { errorCode: ErrorCodes.OTHER_ERROR, errorMessage: `softkey u2f serve: ${err.message}` }
    }
    callback(result)
  }

  // split finds the callback, and with it what is before and after: pages that
  // pass a list too many were always understood.
  function split (args) {
    const at = args.findIndex((a) => typeof a === 'function')
    if (at < 0) throw new TypeError('u2f: there is no callback')
    return { given: args.slice(0, at), callback: args[at], timeout: args[at + 1] }
  }

  function list (value) {
    if (value === undefined || value === null) return []
    return Array.isArray(value) ? value : [value]
  }

  // isLists tells the calls of API 1.0, which begin with a list, from those of
  // 1.1, which begin with an application or nothing.
  function isLists ([first]) {
    return typeof first === 'object' && first !== null
  }

  // A request without an application is for the page's own origin (FIDO AppID
  // and Facet Specification, section 3.1.2, step 1).
  function application (appId) {
    return appId || window.location.origin
  }

  const api = {}

  // fix sets a property for good. A page may bring its own u2f-api.js, which
  // would ask an extension that no browser has any more: what that assigns is
  // ignored.
  function fix (object, name, value) {
    Object.defineProperty(object, name, { configurable: true, enumerable: true, get: () => value, set () {} })
  }

  fix(api, 'ErrorCodes', ErrorCodes)

  fix(api, 'getApiVersion', function (callback) {
    queueMicrotask(() => callback({ js_api_version: 1.1 }))
  })

  //   register(registerRequests, signRequests, callback, timeout)
  //   register(appId, registerRequests, registeredKeys, callback, timeout)
  fix(api, 'register', function (...args) {
    const call = split(args)
    const [a, b, c] = call.given
    const request = isLists(call.given)
      ? { appId: application(), registerRequests: list(a), signRequests: list(b) }
      : { appId: application(a), registerRequests: list(b), registeredKeys: list(c) }
    answer('register', request, call)
  })

  //   sign(signRequests, callback, timeout)
  //   sign(appId, challenge, registeredKeys, callback, timeout)
  fix(api, 'sign', function (...args) {
    const call = split(args)
    const [a, b, c] = call.given
    const request = isLists(call.given)
      ? { appId: application(), signRequests: list(a) }
      : { appId: application(a), challenge: b, registeredKeys: list(c) }
    answer('sign', request, call)
  })

  fix(window, 'u2f', api)
})
