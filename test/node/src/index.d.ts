/** What is special about a key; by default its user agrees to everything. */
export interface KeyOptions {
  /** Who agrees: "approve", "deny", "ignore", "once", "polls:N", "approve:D", "control" (touch and refuse), "command:CMD". */
  presence?: string
  /** How long a touch is waited for, such as "5s"; 30s. */
  presenceTimeout?: string
  /** Built-in user verification: "none", "approve", "deny", "control", "command:CMD". */
  verification?: string
  /** What the key is: "u2f", "fido2.0", …, or the path of a JSON profile. */
  profile?: string
  /** The PIN of the key, which create and get give where it is needed. */
  pin?: string
  /** The page's, such as "https://login.example.com". By default it is "https://" and the RP ID. */
  origin?: string
  /** A folder to keep the key in; by default it is in memory. */
  state?: string
  /** Hexadecimal, 16 bytes or more: the same test gives the same keys each time. */
  seed?: string
  /** Further flags of `softkey run`. */
  flags?: string[]
  /** The path of the program; by default $SOFTKEY, or on the PATH. */
  softkey?: string
}

/** The page that calls. */
export interface Page {
  origin?: string
}

/** PublicKeyCredentialCreationOptionsJSON or PublicKeyCredentialRequestOptionsJSON of WebAuthn Level 3, with or without `publicKey` around it. */
export type WebAuthnOptions = object

interface CredentialJSON<Response> {
  id: string
  rawId: string
  type: 'public-key'
  authenticatorAttachment?: 'platform' | 'cross-platform'
  clientExtensionResults: Record<string, any>
  response: Response
}

export type RegistrationResponseJSON = CredentialJSON<{
  clientDataJSON: string
  attestationObject: string
  authenticatorData: string
  publicKeyAlgorithm: number
  publicKey?: string
  transports: any[]
}>

export type AuthenticationResponseJSON = CredentialJSON<{
  clientDataJSON: string
  authenticatorData: string
  signature: string
  userHandle?: string
}>

export interface U2FRegisterResponse {
  version: 'U2F_V2'
  registrationData: string
  clientData: string
  challenge: string
  appId: string
}

export interface U2FSignResponse {
  keyHandle: string
  signatureData: string
  clientData: string
  challenge: string
  appId: string
}

/** What a key asks its user. */
export interface Prompt {
  kind: 'consent' | 'select' | 'reset' | 'enroll'
  operation: string
  rpId: string
  rpIdHash: string
  user: string
  long: boolean
  timeoutMs: number
}

export interface KeyState {
  addresses: string[]
  plugged: boolean
  prompt: Prompt | null
}

/** A security key that is plugged in. What its methods reject with is a SoftkeyError. */
export class Key {
  private constructor ()
  /** The Unix socket of the key: each 64 bytes on it are a CTAPHID report. */
  readonly path: string
  /** The key for `softkey … --device`. */
  readonly address: string
  /** The PIN that create and get give; change it after a test has changed the key's. */
  pin?: string
  /** Registers, as navigator.credentials.create. */
  create (options: WebAuthnOptions, page?: Page): Promise<RegistrationResponseJSON>
  /** Signs in, as navigator.credentials.get. */
  get (options: WebAuthnOptions, page?: Page): Promise<AuthenticationResponseJSON>
  /** Registers in U2F: takes a server's request, in any dialect. */
  u2fRegister (request: object, page?: Page): Promise<U2FRegisterResponse>
  /** Signs in, in U2F. */
  u2fSign (request: object, page?: Page): Promise<U2FSignResponse>
  /** Touches a key of presence "control"; waits up to so long for the key to ask, 30s by default. */
  touch (wait?: string): Promise<Prompt>
  /** Declines, likewise. */
  refuse (wait?: string): Promise<Prompt>
  unplug (): Promise<void>
  /** Plugs the key in again, powered up anew. */
  plug (): Promise<void>
  state (): Promise<KeyState>
  /** Ends the key; more than once does nothing more. */
  stop (): Promise<void>
}

/** Plugs a security key in. It lives until stop, or the end of this process. */
export function startKey (options?: KeyOptions): Promise<Key>

/** What softkey said when it failed. */
export class SoftkeyError extends Error {
  constructor (message: string, details?: { exitCode?: number | null, errorCode?: number, name?: string })
  /** Of the program: 1 failed, 2 wrong usage, 3 refused, by the key or as a browser would; null if it did not run to its end. */
  exitCode: number | null
  /** Of the U2F JavaScript API, such as 4, DEVICE_INELIGIBLE. */
  errorCode?: number
}

/** Returns the path of the program softkey: given, or $SOFTKEY, or on the PATH. */
export function findProgram (given?: string): string
