// A sync server as its project sets one up: websockets, and the documents in files. It takes commands
// on its input, one a line, and answers each with a line of JSON.
import { Repo } from "@automerge/automerge-repo";
import { WebSocketServerAdapter } from "@automerge/automerge-repo-network-websocket";
import { NodeFSStorageAdapter } from "@automerge/automerge-repo-storage-nodefs";
import { createInterface } from "node:readline";
import { WebSocketServer } from "ws";

const sockets = new WebSocketServer({ host: "127.0.0.1", port: 0 });
await new Promise((ready) => sockets.on("listening", ready));
const repo = new Repo({
  network: [new WebSocketServerAdapter(sockets)],
  storage: new NodeFSStorageAdapter(process.argv[2]),
  sharePolicy: async () => false, // clients ask for what they want
});
const answer = (value) => console.log(JSON.stringify(value));
answer({ port: sockets.address().port });

const handles = [];
const commands = {
  // as many documents, of so many changes each
  async make(documents, changes) {
    for (let i = 0; i < documents; i++) {
      const handle = repo.create({ title: `Print run ${i}`, text: "Two colours, 300 copies.", n: 1 });
      for (let n = 2; n <= changes; n++) {
        handle.change((doc) => {
          doc.title = `Print run ${i}, plate ${n}`;
          doc.n = n;
        });
      }
      handles.push(handle);
    }
    await repo.flush();
    return handles.map((handle) => handle.url);
  },
  // the first so many documents
  change(count, n) {
    for (const handle of handles.slice(0, count)) handle.change((doc) => void (doc.n = n));
    return {};
  },
  memory: () => ({ rss: process.memoryUsage.rss() }),
};
for await (const line of createInterface({ input: process.stdin })) {
  const [name, ...args] = line.split(" ");
  answer(await commands[name](...args.map(Number)));
}
process.exit(0);
