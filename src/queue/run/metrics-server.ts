import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../../base/clock.ts';
import { hasErrno, ioError, isError } from '../../base/errors.ts';
import { excerpt } from '../../base/escape.ts';
import { metricsContentType } from '../metrics/metrics.ts';
import { startTimer } from '../process/timer.ts';

export interface MetricsServerOptions {
  /** A name or an address. */
  host: string;
  /** 0: one that is free. */
  port: number;
  clock: Clock;
  text(): Promise<string>;
  /** Why the queue is not well; undefined when it is. */
  trouble(): string | undefined;
}

export interface MetricsServer {
  /** With the port that it really has. */
  readonly url: string;
  /** Stops accepting, lets answers under way go out, ends all connections. */
  close(): Promise<void>;
}

const connectionsMax = 64;
const headerBytesMax = 8 * 1024;
const requestMs = 5000;
const idleMs = 60_000;
const goodbyeMs = 1000;

/**
 * Answers GET /metrics and GET /healthz, nothing else. Whoever reaches the address may read: by default nobody outside
 * this machine does. Rejects with E_METRICS_BIND (74).
 */
export async function serveMetrics(options: MetricsServerOptions): Promise<MetricsServer> {
  const { host, port, clock } = options;
  const server = createServer(
    { maxHeaderSize: headerBytesMax, headersTimeout: requestMs, requestTimeout: requestMs, keepAliveTimeout: idleMs },
    (request, response) => {
      void answer(options, request, response);
    },
  );
  server.maxConnections = connectionsMax;
  server.maxRequestsPerSocket = 0;
  try {
    await listen(server, host, port);
  } catch (cause) {
    throw bindFailed(host, port, cause);
  }
  // Out of file descriptors, for one client: the others and the runner go on.
  server.on('error', () => undefined);
  const { address, family, port: actual } = server.address() as AddressInfo;
  let closing: Promise<void> | undefined;
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${actual}/metrics`,
    close: () => {
      closing ??= close(server, clock);
      return closing;
    },
  };
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function close(server: Server, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const late = startTimer(clock, goodbyeMs, () => server.closeAllConnections());
    server.close(() => {
      late.cancel();
      resolve();
    });
    server.closeIdleConnections();
  });
}

async function answer(
  options: MetricsServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  // What a request brings with it is not read.
  request.resume();
  const path = request.url?.split('?')[0];
  if (path !== '/metrics' && path !== '/healthz') return send(response, 404, 'there are /metrics and /healthz\n');
  if (request.method !== 'GET') return send(response, 405, 'only GET\n', { Allow: 'GET' });
  if (path === '/healthz') {
    const trouble = options.trouble();
    return send(response, trouble === undefined ? 200 : 503, `${trouble ?? 'ok'}\n`);
  }
  try {
    send(response, 200, await options.text(), { 'Content-Type': metricsContentType });
  } catch (error) {
    send(response, 500, `${isError(error) ? error.message : String(error)}\n`);
  }
}

function send(response: ServerResponse, status: number, text: string, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': 'no-store', ...headers });
  response.end(text);
}

function bindFailed(host: string, port: number, cause: unknown): Error {
  const where = `${excerpt(host)}:${port}`;
  const taken = hasErrno(cause, 'EADDRINUSE');
  const why = taken ? 'another program listens there' : isError(cause) ? cause.message : String(cause);
  return ioError('E_METRICS_BIND', `cannot listen on ${where} for metrics: ${why}`, { cause, data: { host, port } });
}
