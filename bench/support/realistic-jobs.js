/**
 * Jobs as a busy queue holds them: time-ordered ids with random tails, a few names, JSON payloads of 100-300 bytes.
 * Same every run. `random` is what they were drawn with.
 */
export function* realisticJobs(count) {
  const random = mulberry32(42);
  const pick = (list) => list[Math.floor(random() * list.length)];
  const hex = (digits) => Array.from({ length: digits }, () => Math.floor(random() * 16).toString(16)).join('');
  const names = ['send-email', 'resize-image', 'charge-card', 'sync-crm', 'build-report'];
  const words = 'order invoice customer shipped refund urgent weekly draft north south basic premium trial gift'.split(
    ' ',
  );
  const text = (wordCount) => Array.from({ length: wordCount }, () => pick(words)).join(' ');
  let nowMs = 1_750_000_000_000;
  for (let at = 0; at < count; at++) {
    nowMs += Math.floor(random() * 40);
    const time = nowMs.toString(16).padStart(12, '0');
    const id = `${time.slice(0, 8)}-${time.slice(8)}-7${hex(3)}-${pick(['8', '9', 'a', 'b'])}${hex(3)}-${hex(12)}`;
    const name = pick(names);
    const payload = {
      'send-email': () => ({
        to: `user${Math.floor(random() * 1e5)}@example.com`,
        template: pick(words),
        subject: text(6),
        locale: pick(['en', 'de', 'fr']),
        vars: { total: Math.floor(random() * 1e6) / 100, token: hex(16) },
      }),
      'resize-image': () => ({
        source: `s3://uploads/${hex(8)}/${Math.floor(random() * 1e6)}.jpg`,
        sizes: [320, 640, 1280],
        quality: 60 + Math.floor(random() * 40),
        crop: random() < 0.3,
        owner: Math.floor(random() * 1e5),
      }),
      'charge-card': () => ({
        customer: `cus_${hex(14)}`,
        amountCents: Math.floor(random() * 1e5),
        currency: pick(['EUR', 'USD']),
        idempotencyKey: hex(32),
        note: text(4),
      }),
      'sync-crm': () => ({
        account: Math.floor(random() * 1e6),
        fields: {
          name: text(2),
          phone: `+49${Math.floor(random() * 1e10)}`,
          city: pick(['Berlin', 'Lyon', 'Oslo']),
          tags: [pick(words), pick(words), pick(words)],
        },
        since: new Date(nowMs).toISOString(),
      }),
      'build-report': () => ({
        report: pick(words),
        from: new Date(nowMs - 864e5).toISOString(),
        to: new Date(nowMs).toISOString(),
        columns: ['date', 'customer', 'total', 'status'],
        recipients: [`team${Math.floor(random() * 100)}@example.com`],
      }),
    }[name]();
    yield { at, nowMs, id, name, payload: JSON.stringify(payload), random };
  }
}

function mulberry32(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
