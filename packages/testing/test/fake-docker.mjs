#!/usr/bin/env node
// Stands in for Docker: writes down how it was called, and runs something that answers a Metadata request for a container.
import { spawn } from 'node:child_process'
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'

const folder = process.env.FAKE_DOCKER_FOLDER
const [command, ...args] = process.argv.slice(2)
const pidFile = (name) => join(folder, `${name}.pid`)

if (command === 'serve') serve(Number(args[0]))
else {
  appendFileSync(join(folder, 'calls.jsonl'), `${JSON.stringify([command, ...args])}\n`)
  if (command === 'run') {
    const port = /127\.0\.0\.1:(\d+):/.exec(args[args.indexOf('-p') + 1])[1]
    startContainer(args[args.indexOf('--name') + 1], port)
  }
  if (command === 'start') startContainer(args[0], readFileSync(`${pidFile(args[0])}.port`, 'utf8'))
  if (command === 'kill' || command === 'rm' || command === 'stop') stopContainer(args.at(-1))
}

function startContainer(name, port) {
  const child = spawn(process.execPath, [process.argv[1], 'serve', port], { detached: true, stdio: 'ignore' })
  child.unref()
  writeFileSync(pidFile(name), String(child.pid))
  writeFileSync(`${pidFile(name)}.port`, port)
}

function stopContainer(name) {
  try {
    process.kill(Number(readFileSync(pidFile(name), 'utf8')), 'SIGKILL')
  } catch {
    // It has ended before.
  }
}

function serve(port) {
  const oneBroker = Buffer.alloc(16)
  oneBroker.writeInt32BE(12, 0)
  oneBroker.writeInt32BE(1, 8)
  createServer((socket) => socket.on('data', () => socket.end(oneBroker))).listen(port, '127.0.0.1')
}
