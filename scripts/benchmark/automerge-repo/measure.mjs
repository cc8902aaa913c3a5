// Times automerge-repo: a server process, and clients in this one. Arguments: a folder to write to, and
// how many documents, changes in each, and live edits. Prints one figure a line, as JSON.
import { Repo } from "@automerge/automerge-repo";
import { WebSocketClientAdapter } from "@automerge/automerge-repo-network-websocket";
import { NodeFSStorageAdapter } from "@automerge/automerge-repo-storage-nodefs";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

const [dir, ...numbers] = process.argv.slice(2);
const [documents, changes, edits] = numbers.map(Number);
const say = (work, figure, value, unit) => console.log(JSON.stringify({ work, figure, value, unit }));

async function serve(name) {
  const child = spawn(process.execPath, ["server.mjs", join(dir, name)], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => JSON.parse((await lines.next()).value);
  const { port } = await next();
  return {
    url: `ws://127.0.0.1:${port}`,
    ask: (...words) => (child.stdin.write(words.join(" ") + "\n"), next()),
    end: () => child.kill(),
  };
}

// Counted keeps the sockets of all its connections: on a busy machine it may lose one.
class Counted extends WebSocketClientAdapter {
  sockets = [];
  connect(...args) {
    super.connect(...args);
    const socket = this.socket;
    socket.once("open", () => this.sockets.push(socket._socket));
  }
}

function client(name, url) {
  const adapter = new Counted(url);
  const repo = new Repo({ network: [adapter], storage: new NodeFSStorageAdapter(join(dir, name)) });
  return { repo, adapter };
}

// traffic is what went over a client's connections, both ways, in bytes.
function traffic(adapter) {
  return adapter.sockets.reduce((sum, socket) => sum + socket.bytesRead + socket.bytesWritten, 0);
}

// quiet waits until nothing goes over a client's connections any more.
async function quiet(adapter) {
  for (let before = -1; traffic(adapter) !== before; ) {
    before = traffic(adapter);
    await pause(1000);
  }
}

// until resolves when a document is as it should be.
function until(handle, holds) {
  return new Promise((done) => {
    const look = () => {
      if (!holds(handle.doc())) return;
      handle.off("change", look);
      done();
    };
    handle.on("change", look);
    look();
  });
}

const percentile = (sorted, p) => sorted[Math.floor((sorted.length * p) / 100)];

async function live(server) {
  const one = client("live-a", server.url);
  const two = client("live-b", server.url);
  const a = one.repo.create({ n: 0 });
  await one.repo.networkSubsystem.whenReady();
  await two.repo.networkSubsystem.whenReady();
  const b = await two.repo.find(a.url);
  for (const [how, gap, count] of [["paced", 50, Math.min(edits, 400)], ["back to back", 0, Math.min(edits, 200)]]) {
    const took = [];
    for (let i = 0; i < count; i++) {
      const n = a.doc().n + 1;
      const began = performance.now();
      a.change((doc) => void (doc.n = n));
      await until(b, (doc) => doc.n === n);
      took.push(performance.now() - began);
      if (gap) await pause(gap + Math.random() * gap);
    }
    took.sort((x, y) => x - y);
    for (const p of [50, 99]) say(`live edit, ${how}`, `p${p}`, percentile(took, p), "ms");
  }
  one.adapter.disconnect();
  two.adapter.disconnect();
}

async function large(server) {
  const urls = await server.ask("make", documents, changes);
  await pause(5000);
  say("resident memory, after writing it all", "RSS", (await server.ask("memory")).rss / 1e6, "MB");

  let began = performance.now();
  const one = client("large", server.url);
  const handles = await Promise.all(urls.map((url) => one.repo.find(url)));
  await Promise.all(handles.map((handle) => until(handle, (doc) => doc.n === changes)));
  await one.repo.flush();
  say("cold catch-up", "all", (performance.now() - began) / 1000, "s");
  await quiet(one.adapter);
  say("cold catch-up", "on the wire", traffic(one.adapter), "bytes");

  one.adapter.disconnect();
  await pause(1000);
  await server.ask("change", 3, 1000);
  began = performance.now();
  const again = new Counted(server.url);
  one.repo.networkSubsystem.addNetworkAdapter(again);
  await Promise.all(handles.slice(0, 3).map((handle) => until(handle, (doc) => doc.n === 1000)));
  say("reconnect, 3 changed", "time", performance.now() - began, "ms");
  await quiet(again);
  say("reconnect, 3 changed", "on the wire", traffic(again), "bytes");
}

for (const part of [live, large]) {
  const server = await serve(part.name);
  await part(server);
  server.end();
}
process.exit(0);
