import { once } from 'node:events';
import { connect } from 'node:net';

const lineEnd = '\r\n';

/** Cuts what a beanstalkd says into answers: the words of a line, and the body that some announce with its length. */
export class AnswerReader {
  #rest = Buffer.alloc(0);

  /** The answers that are complete with these bytes: { words, body }. */
  push(chunk) {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const answers = [];
    for (let answer = this.#next(); answer !== undefined; answer = this.#next()) answers.push(answer);
    return answers;
  }

  #next() {
    const lineBytes = this.#rest.indexOf(lineEnd);
    if (lineBytes < 0) return undefined;
    const words = this.#rest.toString('latin1', 0, lineBytes).split(' ');
    const bodyAt = lineBytes + lineEnd.length;
    const hasBody = words[0] === 'RESERVED' || words[0] === 'FOUND' || words[0] === 'OK';
    const bodyBytes = hasBody ? Number(words.at(-1)) : 0;
    const end = hasBody ? bodyAt + bodyBytes + lineEnd.length : bodyAt;
    if (this.#rest.length < end) return undefined;
    const body = hasBody ? this.#rest.subarray(bodyAt, bodyAt + bodyBytes) : undefined;
    this.#rest = this.#rest.subarray(end);
    return { words, body };
  }
}

/** One connection: one command at a time, as the protocol has it. Rejects with any answer but those allowed. */
export class BeanstalkClient {
  #socket;
  #waiting;

  static async connect(port) {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    await once(socket, 'connect');
    return new BeanstalkClient(socket);
  }

  constructor(socket) {
    this.#socket = socket;
    const reader = new AnswerReader();
    socket.on('data', (chunk) => {
      for (const answer of reader.push(chunk)) this.#waiting.done(answer);
    });
    socket.on('error', (error) => this.#waiting?.fail(error));
  }

  async ask(command, allowed, body) {
    const text = body === undefined ? `${command}\r\n` : `${command} ${Buffer.byteLength(body)}\r\n${body}\r\n`;
    const answer = await new Promise((done, fail) => {
      this.#waiting = { done, fail };
      this.#socket.write(text);
    });
    if (!allowed.includes(answer.words[0])) throw new Error(`beanstalkd: ${command}: ${answer.words.join(' ')}`);
    return answer;
  }

  close() {
    this.#socket.destroy();
  }
}
