// Drives a medsrv that was started with --demo, by way of the public library json-rpc-2.0.
//
// Usage: node drive.mjs HOST PORT. Ends with 0 when all went as it should.

import assert from "node:assert";
import net from "node:net";
import jsonrpc from "json-rpc-2.0";

/** Frames over one connection: `send` writes a request, and `receive` is called with the text of each reply. */
function connect(host, port, receive) {
  const socket = net.connect({ host, port });
  let received = Buffer.alloc(0);
  socket.on("data", (piece) => {
    received = Buffer.concat([received, piece]);
    while (received.length >= 4 && received.length >= 4 + received.readUInt32BE(0)) {
      const end = 4 + received.readUInt32BE(0);
      const text = received.subarray(4, end).toString("utf8");
      received = received.subarray(end);
      receive(text);
    }
  });
  const send = (text) => {
    const data = Buffer.from(text, "utf8");
    // An empty name, which has length 0, and then the data behind their length.
    const lengths = Buffer.alloc(8);
    lengths.writeUInt32BE(data.length, 4);
    socket.write(Buffer.concat([lengths, data]));
  };
  return { send, close: () => socket.end() };
}

const [host, port] = process.argv.slice(2);
const connection = connect(host, Number(port), (text) => client.receive(JSON.parse(text)));
const client = new jsonrpc.JSONRPCClient((payload) => connection.send(JSON.stringify(payload)));

const refusedWith = (word) => (error) => {
  assert.equal(error.code, -32000);
  assert.equal(error.data.code, word);
  return true;
};

await assert.rejects(client.request("session.whoami"), refusedWith("unauthenticated"));
const session = await client.request("session.login", { username: "DOC001", password: "hash_doctor1" });
assert.match(session.token, /^ms1_/);
assert.equal((await client.request("session.whoami")).user.role, "doctor");

const names = [];
for (let cursor; cursor !== null; ) {
  const page = await client.request("doctor.list", { limit: 2, cursor });
  names.push(...page.items.map((doctor) => doctor.name));
  cursor = page.next_cursor;
}
assert.deepEqual(names, ["王医生", "刘医生", "陈医生"]);

const call = (id, doctor_id) => ({ jsonrpc: "2.0", id, method: "doctor.get", params: { doctor_id } });
const [good, bad] = await client.requestAdvanced([call(1001, 4), call(1002, 99)]);
assert.equal(good.result.department, "内科");
assert.equal(bad.error.data.code, "not_found");

client.notify("session.whoami", undefined);
assert.deepEqual(await client.request("session.logout"), { ended: 1 });
await assert.rejects(client.request("session.whoami"), refusedWith("unauthenticated"));
connection.close();
console.log("json-rpc-2.0: all went as it should");
