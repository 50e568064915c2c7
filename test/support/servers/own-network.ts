import { execFileSync } from "node:child_process";
import { createServer } from "node:net";
import koffi from "koffi";

const CLONE_NEWNET = 0x40000000;

/**
 * Gives this process, and those that it starts from now on, a network of its own with nothing but the loopback interface:
 * TensorFlow's servers listen on all interfaces. It needs root on Linux; elsewhere the network stays the machine's.
 */
export function isolateNetwork(): boolean {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return false;
  // Of this thread, which opens all sockets of Node.js and starts its processes.
  const unshare = koffi.load(null).func("int unshare(int flags)");
  if (unshare(CLONE_NEWNET) !== 0) return false;
  execFileSync("ip", ["link", "set", "lo", "up"]);
  return true;
}

/** Returns ports of this machine that nothing listens at. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      return server;
    }),
  );
  const ports = servers.map((server) => {
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("a server without a port");
    return address.port;
  });
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
