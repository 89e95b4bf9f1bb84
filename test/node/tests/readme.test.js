// The README's example works as pasted, its commands as written.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { promisify } from 'node:util'

const repository = process.env.SOFTKEY_REPOSITORY
const readme = readFileSync(join(repository, 'test/node/README.md'), 'utf8')
const fenced = (language) => new RegExp('```' + language + '\n(.*?)```', 's').exec(readme)[1]

test('a stranger follows the README', { timeout: 300_000 }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'softkey-readme-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const project = join(folder, 'project')
  mkdirSync(project)
  symlinkSync(repository, join(folder, 'softkey'))
  writeFileSync(join(project, 'passkey.test.mjs'), fenced('js'))
  const { NODE_TEST_CONTEXT, SOFTKEY, ...env } = process.env // those of this run
  const { stdout } = await promisify(execFile)('bash', ['-euc', fenced('sh')], { cwd: project, env })
  assert.match(stdout, /^(#|ℹ) pass 1$/m)
})
