// Calls every method that the published JavaScript SDK has, unmodified, and prints what came of each as one JSON object. Endpoints
// come from the environment, as for any program that uses the SDK.
import crypto from 'node:crypto'
import { DstackClient, TappdClient, getComposeHash, to_hex, verifyEnvEncryptPublicKey, verifyEnvEncryptPublicKeyLegacy } from '@phala/dstack-sdk'
import { encryptEnvVars } from '@phala/dstack-sdk/encrypt-env-vars'
import { toViemAccount, toViemAccountSecure } from '@phala/dstack-sdk/viem'
import { toKeypair, toKeypairSecure } from '@phala/dstack-sdk/solana'

console.warn = () => {}
const hex = bytes => Buffer.from(bytes).toString('hex')
const results = {}

async function step(name, work) {
  try {
    results[name] = await work()
  } catch (error) {
    results[name] = { error: error.message }
  }
}

const key = response => ({ key: hex(response.key), chain: response.signature_chain.map(hex) })
const tls = response => ({ key: response.key, chain: response.certificate_chain, der: hex(response.asUint8Array()), first: hex(response.asUint8Array(32)) })
const quote = response => ({ ...response, replayed: response.replayRtmrs() })

const client = new DstackClient()
const data = 'Test message for signing'
const digest = crypto.createHash('sha256').update(data).digest()

// The SDK gives an agent half a second, which a busy machine may not have: it is asked until it says yes, but not for ever.
async function reachable(agent) {
  for (let i = 0; i < 40; i++)
    if (await agent.isReachable()) return true
  return false
}

await step('isReachable', () => reachable(client))
await step('version', () => client.version())
await step('info', () => client.info())
await step('getKey', async () => key(await client.getKey('/', 'test')))
await step('getKeyDefault', async () => key(await client.getKey()))
await step('getKeyK256', async () => key(await client.getKey('/', 'test', 'k256')))
await step('getKeyEd25519', async () => key(await client.getKey('/', 'test', 'ed25519')))
await step('getKeyRsa', async () => key(await client.getKey('/', 'test', 'rsa')))
await step('getQuote', async () => quote(await client.getQuote('report data')))
await step('getQuoteBytes', async () => quote(await client.getQuote(new Uint8Array(64).fill(7))))
await step('getQuoteTooLong', async () => quote(await client.getQuote(Buffer.alloc(65))))
await step('tdxQuoteRaw', async () => quote(await client.tdxQuote('report data', 'raw')))
await step('attest', () => client.attest('report data'))
await step('getTlsKey', async () => tls(await client.getTlsKey()))
await step('getTlsKeyFull', async () => tls(await client.getTlsKey({
  subject: 'test-subject', altNames: ['localhost', '127.0.0.1'], usageRaTls: true, usageServerAuth: true, usageClientAuth: true,
  notBefore: 1750000000, notAfter: 1900000000, withAppInfo: true,
})))
await step('emitEvent', async () => { await client.emitEvent('from-javascript', 'payload'); return 'sent' })
await step('emitEventEmpty', async () => { await client.emitEvent('', 'payload'); return 'sent' })
for (const algorithm of ['ed25519', 'secp256k1', 'secp256k1_prehashed']) {
  await step(`sign_${algorithm}`, async () => {
    const content = algorithm === 'secp256k1_prehashed' ? digest : data
    const other = algorithm === 'secp256k1_prehashed' ? crypto.createHash('sha256').update('other').digest() : 'other'
    const signed = await client.sign(algorithm, content)
    return {
      signature: hex(signed.signature), publicKey: hex(signed.public_key), chain: signed.signature_chain.map(hex),
      valid: (await client.verify(algorithm, content, signed.signature, signed.public_key)).valid,
      other: (await client.verify(algorithm, other, signed.signature, signed.public_key)).valid,
    }
  })
}
await step('signRsa', () => client.sign('rsa', data))
await step('deriveKey', () => client.deriveKey('/', 'test'))

const tappd = new TappdClient()
await step('tappdIsReachable', () => reachable(tappd))
await step('tappdDeriveKey', async () => tls(await tappd.deriveKey('/', 'test', ['localhost'])))
await step('tappdDeriveKeyAgain', async () => tls(await tappd.deriveKey('/', 'test')))
await step('tappdTdxQuote', async () => quote(await tappd.tdxQuote('test data')))
for (const algorithm of ['sha256', 'sha384', 'sha512', 'sha3-256', 'sha3-384', 'sha3-512', 'keccak256', 'keccak384', 'keccak512', 'raw'])
  await step(`tappdTdxQuote_${algorithm}`, async () => quote(await tappd.tdxQuote('test data', algorithm)))

await step('viem', async () => ({
  address: toViemAccount(await client.getKey('wallet')).address,
  secure: toViemAccountSecure(await client.getKey('wallet')).address,
}))
await step('solana', async () => ({
  address: toKeypair(await client.getKey('wallet')).publicKey.toBase58(),
  secure: toKeypairSecure(await client.getKey('wallet')).publicKey.toBase58(),
}))
await step('toHex', () => to_hex('abc'))
await step('missing', () => new DstackClient('/nowhere/dstack.sock'))

// Helpers without an agent: what they compute, for comparison.
const given = JSON.parse(process.argv[2] ?? '{}')
if (given.compose)
  await step('composeHash', () => ({ plain: getComposeHash(given.compose), normal: getComposeHash(given.compose, true) }))
if (given.environmentKey)
  await step('environment', () => encryptEnvVars(given.environment, given.environmentKey))
if (given.signature)
  await step('environmentKey', () => ({
    legacy: verifyEnvEncryptPublicKeyLegacy(Buffer.from(given.environmentKey, 'hex'), Buffer.from(given.signature, 'hex'), given.appId),
    dated: verifyEnvEncryptPublicKey(Buffer.from(given.environmentKey, 'hex'), Buffer.from(given.datedSignature, 'hex'), given.appId, given.timestamp),
  }))

process.stdout.write(JSON.stringify(results))
