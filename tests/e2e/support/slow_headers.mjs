// A process of its own for connections that send their request a byte at a time and never finish it: it may have more of
// them than the test's process. Opens as many as asked for (argv: port, count), says how many, and keeps them until its input ends.
import net from "node:net";

const [port, wanted] = process.argv.slice(2).map(Number);
const head = "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: localhost\r\nX-Slow: ";
const sockets = new Set();
let tried = 0;

function settled() {
  if (++tried === wanted) console.log(`open ${sockets.size}`);
  else if (tried + pending < wanted) openOne();
}
let pending = 0;
function openOne() {
  ++pending;
  const socket = net.connect(port, "127.0.0.1");
  let at = 0;
  const done = () => {
    --pending;
    settled();
  };
  socket.once("connect", () => {
    sockets.add(socket);
    socket.write(head[at++]);
    done();
  });
  socket.once("error", () => {
    if (!sockets.delete(socket)) done();
  });
  socket.on("close", () => sockets.delete(socket));
  socket.drip = () => socket.write(head[at] ?? "x") && ++at;
}
for (let i = 0; i < Math.min(100, wanted); ++i) openOne();

const drip = setInterval(() => {
  for (const socket of sockets) if (socket.writable) socket.drip();
}, 500);
process.stdin.resume().on("end", () => {
  clearInterval(drip);
  for (const socket of sockets) socket.destroy();
});
