// Bluesky's own servers on loopback: directory, personal data server and AppView.
//
// usage: DB_POSTGRES_URL=... TMPDIR=... node network.mjs
// Prints one JSON line with the addresses when all answer. GET {control}/settle waits until the
// AppView has taken in what was written. Ends on SIGTERM, or when its standard input ends.
import http from 'node:http'
import net from 'node:net'

// The servers listen on all interfaces unless told otherwise, and nothing tells them.
const listen = net.Server.prototype.listen
net.Server.prototype.listen = function (first, ...rest) {
  if (typeof first === 'object' && first !== null && !('path' in first)) {
    return listen.call(this, { ...first, host: '127.0.0.1' }, ...rest)
  }
  const callback = [first, ...rest].find((one) => typeof one === 'function')
  const port = typeof first === 'function' ? 0 : Number(first ?? 0)
  return listen.call(this, { port, host: '127.0.0.1' }, callback)
}

const { TestPlc, TestBsky, TestPds, mockNetworkUtilities } = (await import('@atproto/dev-env'))
  .default

const freePort = () =>
  new Promise((done) => {
    const server = net.createServer().listen(0, () => {
      const { port } = server.address()
      server.close(() => done(port))
    })
  })

const plc = await TestPlc.create({})
const [bskyPort, pdsPort] = [await freePort(), await freePort()]
const bsky = await TestBsky.create({
  port: bskyPort,
  plcUrl: plc.url,
  pdsPort,
  repoProvider: `ws://localhost:${pdsPort}`,
  dbPostgresUrl: process.env.DB_POSTGRES_URL,
  dbPostgresSchema: 'appview',
  redisHost: 'unused',
})
const pds = await TestPds.create({
  port: pdsPort,
  didPlcUrl: plc.url,
  bskyAppViewUrl: bsky.url,
  bskyAppViewDid: bsky.ctx.cfg.serverDid,
  rateLimitsEnabled: process.env.RATE_LIMITS === '1',
})
mockNetworkUtilities(pds, bsky)

const settle = async () => {
  await pds.processAll()
  const wanted = await pds.ctx.sequencer.curr()
  for (let tries = 0; wanted && tries < 2000; tries += 1) {
    await bsky.sub.processAll()
    if ((await bsky.sub.runner.getCursor()) >= wanted) break
    await new Promise((done) => setTimeout(done, 5))
  }
  await bsky.sub.background.processAll()
}
const control = http.createServer((_request, response) => {
  settle().then(
    () => response.end('settled'),
    (error) => response.writeHead(500).end(String(error)),
  )
})
control.listen(0, () => {
  const { port } = control.address()
  const addresses = { plc: plc.url, pds: pds.url, bsky: bsky.url }
  console.log(JSON.stringify({ ...addresses, control: `http://127.0.0.1:${port}` }))
})

const end = () => setTimeout(() => process.exit(0), 50) // close() can hang
process.on('SIGTERM', end)
process.stdin.on('end', end).resume()
