import type { Key } from './index.js'

/** Exactly what a callback gets when something went wrong. */
export interface U2FError {
  errorCode: number
  errorMessage?: string
}

export type Callback<Response> = (response: Response & Partial<U2FError>) => void

export interface RegisterResponse {
  version: string
  registrationData: string
  clientData: string
}

export interface SignResponse {
  keyHandle: string
  signatureData: string
  clientData: string
}

type OneOrMany = object | object[]

/** The FIDO U2F JavaScript API. Timeouts are in seconds, 30 by default. */
export interface U2F {
  /** API 1.1. */
  register (appId: string | null | undefined, registerRequests: OneOrMany, registeredKeys: OneOrMany | null, callback: Callback<RegisterResponse>, timeout?: number): void
  /** API 1.0. */
  register (registerRequests: OneOrMany, signRequests: OneOrMany | null, callback: Callback<RegisterResponse>, timeout?: number): void
  /** API 1.1. */
  sign (appId: string | null | undefined, challenge: string, registeredKeys: OneOrMany, callback: Callback<SignResponse>, timeout?: number): void
  /** API 1.0. */
  sign (signRequests: OneOrMany, callback: Callback<SignResponse>, timeout?: number): void
  getApiVersion (callback: (response: { js_api_version: number }) => void): void
  readonly ErrorCodes: { OK: 0, OTHER_ERROR: 1, BAD_REQUEST: 2, CONFIGURATION_UNSUPPORTED: 3, DEVICE_INELIGIBLE: 4, TIMEOUT: 5 }
}

export interface U2FOptions {
  /** The only page that is answered. */
  origin: string
  /** The key; by default one of its own, in memory, whose user agrees. */
  key?: Pick<Key, 'address'>
  /** Further flags of `softkey u2f serve`. */
  flags?: string[]
  /** The path of the program; by default $SOFTKEY, or on the PATH. */
  softkey?: string
}

export interface U2FBridge {
  /** window.u2f, for tests without a browser. */
  u2f: U2F
  /** The URL of the script that gives a page in a browser window.u2f. */
  script: string
  /** Ends the bridge; more than once does nothing more. */
  stop (): Promise<void>
}

/** Starts a bridge between the pages of an origin and a key. */
export function startU2F (options: U2FOptions): Promise<U2FBridge>
