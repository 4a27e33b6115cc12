// A client joined to "/" that sends and shows packets as text, over either transport, for what a JavaScript value would hide.
import { Polling, RawWebSocket } from "../protocol/raw.mjs";

export const RAW = ["polling", "websocket"];

export class RawClient {
  static async connect(hub, how = "websocket") {
    const client = new RawClient();
    if (how === "websocket") {
      client.ws = await RawWebSocket.open(hub.port);
    } else {
      client.polling = await Polling.open(hub.port);
    }
    await client.send("40");
    client.id = JSON.parse((await client.next()).slice(2)).sid;
    return client;
  }
  // Packets as Engine.IO sends them: "42[...]".
  async send(...packets) {
    if (this.ws) packets.forEach((packet) => this.ws.send(packet));
    else await this.polling.post(packets.join("\x1e"));
  }
  next() {
    return this.ws ? this.ws.text() : this.polling.next();
  }
  async take(count) {
    const packets = [];
    while (packets.length < count) packets.push(await this.next());
    return packets;
  }
  // What comes before the acknowledgement of a ping sent now.
  async upToNow() {
    const mark = 900_000_000 + Math.floor(Math.random() * 1_000_000);
    await this.send(`42${mark}["ping"]`);
    const packets = [];
    for (;;) {
      const packet = await this.next();
      if (packet.startsWith(`43${mark}[`)) return packets;
      packets.push(packet);
    }
  }
  async close() {
    if (this.ws) this.ws.destroy();
    else await this.polling.post("1");
  }
}
