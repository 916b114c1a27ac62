// What of somebody's study the server has not heard yet. First the shelf: what lessons' pages (lesson.js) could not tell, kept
// on this phone until whichever page of theirs comes next delivers it. Nothing newer than ES2017.
(() => {
  if (window.shelf) return;
  const ASLEEP_MS = 15000;  // a page that did not move for this long was asleep
  const DAY_MS = 86400000, OLD_MS = 3 * DAY_MS;  // a playback takes what comes late for two days
  const since = (when) => Math.abs(Date.now() - when);  // the clock may have been put right meanwhile
  const LATER = /(phone-clock|not-enrolled|not-your-ticket|csrf|unauthenticated)$/;  // what may come right by itself or by its owner
  const isForLater = (answer, told) => answer.status === 429 || answer.status >= 500 || LATER.test(told.type || '');

  const recall = (name) => { try { return JSON.parse(localStorage.getItem(name)); } catch (_none) { return null; } };
  function remember(name, value) {
    try {
      if (value) localStorage.setItem(name, JSON.stringify(value)); else localStorage.removeItem(name);
    } catch (_full) { /* no room: the server has all but the last seconds */ }
  }
  function namesOf(begin) {
    const found = [];
    try {
      for (let n = 0; n < localStorage.length; n += 1) if (localStorage.key(n).startsWith(begin)) found.push(localStorage.key(n));
    } catch (_none) { /* a browser that keeps nothing */ }
    return found;
  }
  const beatsOf = (person) => namesOf(`guanxue/${person}/beats/`);
  const isGoing = (left) => Boolean(left.going) && since(left.going) < ASLEEP_MS;  // a page is at it: if it lives, it writes again
  const lengthOf = (left) => left.pending.reduce((sum, beat) => sum + 1000 * (beat.to_s - beat.from_s), 0);

  // How much waits, in milliseconds of playing; `all`: what a page is at just now, too.
  const waiting = (person, all) => beatsOf(person).map(recall).filter((left) => left && left.pending && (all || !isGoing(left)))
    .reduce((sum, left) => sum + lengthOf(left), 0);

  const call = (path, csrf, body, keepalive) => fetch(`/api/v1${path}`, {
    method: 'POST', keepalive: Boolean(keepalive), credentials: 'same-origin',
    headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': csrf }, body: JSON.stringify(body),
  });

  // Only its own playback takes what is left; a new one would not. `but()`: the key of the page that asks; `isLeaving`: also what
  // a page is at; `hear(lesson, state)`: each answer.
  // {isGoing: a page is still at some of it, refused: {lesson: sentence}}
  async function deliver(person, csrf, options) {
    const { but, isLeaving, hear } = options || {}, told = { isGoing: false, refused: {} };
    for (const name of beatsOf(person)) {
      const left = recall(name);
      if (but && name === `guanxue/${person}/beats/${but()}`) continue;
      if (!left || !left.pending) remember(name, null);
      else if (isGoing(left) && !isLeaving) told.isGoing = true;
      else if (!await deliverOne(name, left, csrf, hear || (() => {}), told).catch(() => false)) break;
    }
    return told;
  }
  // Is it worth going on with the next?
  async function deliverOne(name, left, csrf, hear, told) {
    const answer = await call(`/lessons/${left.lesson}/playback`, csrf, { key: left.key }), playback = await answer.json();
    if (isForLater(answer, playback)) {
      told.refused[left.lesson] = playback.detail;
      // By a wrong clock it only seems old: it goes once it was refused a day ago.
      if (since(left.when) > OLD_MS) remember(name, since(left.refused) > DAY_MS ? null : Object.assign({ refused: Date.now() }, left));
      return true;
    }
    let rest = answer.status === 200 ? left.pending : [], idle = 0;
    while (rest.length && idle < 2) {  // another page's last words may come between: then it is tried once more
      const sent = await call(`/playbacks/${playback.playback_id}/beats`, csrf, { nonce: playback.nonce, seq: playback.next_seq, beats: rest.slice(0, 500) });
      const state = await sent.json(), before = rest.length;
      if (isForLater(sent, state)) { told.refused[left.lesson] = state.detail; remember(name, Object.assign({}, left, { pending: rest, going: 0 })); return false; }
      if (!sent.ok && !state.nonce) break;
      playback.nonce = state.nonce;
      playback.next_seq = state.next_seq;
      rest = rest.filter((beat) => beat.t_ms > state.acked_t_ms);
      if (sent.ok) hear(left.lesson, state);
      idle = rest.length === before ? idle + 1 : 0;
    }
    remember(name, null);
    return true;
  }

  // A page that shows what waits sends it, also where tickets.js has nothing to keep a record in.
  const box = document.getElementById('waiting');
  if (box) window.addEventListener('load', () => { if (!window.tickets && !window.study) deliver(box.dataset.person, box.dataset.csrf); });

  window.shelf = { ASLEEP_MS, isGoing, recall, remember, namesOf, waiting, deliver, call, isForLater };
})();

// Then study without a network: tickets, the record of it on this phone, sending it later (docs/decisions/0024-offline.md).
// Each entry carries a code made of the one before it with the ticket's key, which no script can read back.
(() => {
  const subtle = window.crypto && window.crypto.subtle;
  if (window.tickets || !window.indexedDB || !subtle) return;
  const PIECE = 50, ours = window.shelf;

  // ---- what is kept: tickets by their code, entries by code and number
  const ask = (request) => new Promise((good, bad) => { request.onsuccess = () => good(request.result); request.onerror = () => bad(request.error); });
  const done = (change) => new Promise((good, bad) => { change.oncomplete = good; change.onerror = change.onabort = () => bad(change.error); });
  let opened = null;
  function open() {
    opened = opened || new Promise((good, bad) => {
      const request = window.indexedDB.open('guanxue-study', 1);
      request.onupgradeneeded = () => {
        request.result.createObjectStore('tickets', { keyPath: 'code' });
        request.result.createObjectStore('entries', { keyPath: 'id' });
      };
      request.onsuccess = () => { request.result.onversionchange = () => request.result.close(); good(request.result); };
      request.onerror = request.onblocked = () => bad(request.error);
    });
    return opened;
  }
  const store = (name, mode) => open().then((db) => db.transaction(name, mode || 'readonly').objectStore(name));
  const put = (ticket) => store('tickets', 'readwrite').then((tickets) => ask(tickets.put(ticket)));
  // Chrome before 48 has no getAll for stores with a range; a cursor is everywhere.
  const list = (name, range, most) => store(name).then((all) => new Promise((good, bad) => {
    const found = [], walk = all.openCursor(range || null);
    walk.onsuccess = () => {
      const at = walk.result;
      if (!at || found.length === most) { good(found); return; }
      found.push(at.value);
      at.continue();
    };
    walk.onerror = () => bad(walk.error);
  }));
  const idOf = (code, n) => `${code}/${String(n).padStart(7, '0')}`;
  const entriesAfter = (ticket, n, most) => list('entries', window.IDBKeyRange.bound(idOf(ticket.code, n + 1), idOf(ticket.code, 9999999)), most);
  const mineOf = (person) => list('tickets').then((all) => all.filter((t) => t.person === String(person)));

  const shelf = (person) => `guanxue/${person}/`;
  const remember = ours.remember, recall = ours.recall;
  function deviceOf() {
    let name = recall('guanxue/device');
    if (!name) {
      name = Array.from(window.crypto.getRandomValues(new Uint8Array(12)), (n) => `0${n.toString(16)}`.slice(-2)).join('');
      remember('guanxue/device', name);
    }
    return name;
  }

  // ---- the chain
  const bytesOf = (text) => Uint8Array.from(text, (c) => c.charCodeAt(0));
  const fromHex = (text) => Uint8Array.from(text.match(/../g), (two) => parseInt(two, 16));
  const importKey = (raw) => subtle.importKey('raw', raw, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  async function macOf(key, text) {
    const made = await subtle.sign('HMAC', key, bytesOf(text));
    return Array.from(new Uint8Array(made).slice(0, 16), (n) => `0${n.toString(16)}`.slice(-2)).join('');
  }

  let turn = Promise.resolve();
  const keep = (sitting, beats) => { turn = turn.catch(() => {}).then(() => append(sitting, beats)); return turn; };
  async function append(sitting, beats) {
    const ticket = await store('tickets').then((all) => ask(all.get(sitting.code)));
    if (!ticket || !beats.length) return;
    const key = ticket.key instanceof Uint8Array ? await importKey(ticket.key) : ticket.key, had = ticket.n, rows = [];
    for (const beat of beats) {
      ticket.n += 1;
      const row = [ticket.n, sitting.number, sitting.began, beat.t_ms, Math.round(beat.from_s * 1000), Math.round(beat.to_s * 1000), Math.round(beat.rate * 1000)];
      ticket.head = await macOf(key, `${ticket.head}/${row.join('/')}`);
      rows.push({ id: idOf(ticket.code, ticket.n), row: row.concat([ticket.head]) });
    }
    const change = (await open()).transaction(['tickets', 'entries'], 'readwrite'), tickets = change.objectStore('tickets');
    let isFresh = true;
    tickets.get(ticket.code).onsuccess = (event) => {  // another page of this phone may have added to it meanwhile
      isFresh = event.target.result.n === had;
      if (!isFresh) return;
      ticket.acked = event.target.result.acked;
      tickets.put(ticket);
      rows.forEach((one) => change.objectStore('entries').put(one));
    };
    await done(change);
    if (!isFresh) await append(sitting, beats);
    await mirror(ticket.person);
  }

  // ---- talking to the server
  const call = ours.call;

  // A ticket for the lesson on this phone. Rejects with the server's own sentence.
  async function issue(csrf, lesson) {
    const answer = await call(`/lessons/${lesson}/ticket`, csrf, { device: deviceOf(), now_ms: Date.now() }), told = await answer.json();
    if (!answer.ok) throw new Error(told.detail);
    const raw = fromHex(told.secret);
    const ticket = {
      code: told.ticket, person: told.person_id, lesson: String(lesson), device: deviceOf(), issued: told.issued_ms, until: told.until_ms,
      ahead: Date.now() - told.issued_ms, max_rate: told.max_rate, every: told.beat_every_s, asks: told.asks_every_s, answer: told.answer_s,
      n: 0, head: '', acked: 0, sitting: 0, closed: '', key: await importKey(raw),
    };
    try { await put(ticket); } catch (_fault) { ticket.key = raw; await put(ticket); }  // a browser that cannot keep a key as a key
    await forgetOld(ticket.person, lesson, ticket.code);
    return ticket;
  }
  async function forgetOld(person, lesson, but) {
    for (const old of await mineOf(person)) {
      if (old.lesson === String(lesson) && old.code !== but && (old.acked === old.n || old.closed)) await drop(old);
    }
  }
  async function drop(ticket) {
    const change = (await open()).transaction(['tickets', 'entries'], 'readwrite');
    change.objectStore('tickets').delete(ticket.code);
    change.objectStore('entries').delete(window.IDBKeyRange.bound(idOf(ticket.code, 0), idOf(ticket.code, 9999999)));
    await done(change);
  }

  const isGood = (ticket) => !ticket.closed && ticket.until + ticket.ahead > Date.now();
  const find = (person, lesson) => mineOf(person).then((all) => all.filter((t) => t.lesson === String(lesson) && isGood(t))
    .sort((a, b) => b.issued - a.issued)[0] || null);

  // A sitting begins: the clocks are read anew. null where there is no ticket for it. `began`: when the phone's clock showed that,
  // if the ticket was there by then (isEarlier).
  async function sit(person, lesson, began) {
    await recover(person);
    const ticket = await find(person, lesson);
    if (!ticket) return null;
    ticket.sitting += 1;
    await put(ticket);
    const isEarlier = began >= ticket.issued + ticket.ahead;
    return { code: ticket.code, number: ticket.sitting, began: isEarlier ? Math.round(began) : Date.now(), isEarlier, every: ticket.every, max_rate: ticket.max_rate, asks: ticket.asks, answer: ticket.answer };
  }

  // What a page that was killed had not put into the record yet.
  const shelve = (person, sitting, beats, going) => remember(`${shelf(person)}off/${sitting.code}/${sitting.number}`, beats.length ? { sitting, beats, going } : null);
  async function recover(person) {
    for (const name of ours.namesOf(`${shelf(person)}off/`)) {
      const left = recall(name);
      if (left && ours.isGoing(left)) continue;  // another page is at it
      if (left) try { await keep(left.sitting, left.beats); } catch (_full) { continue; }
      remember(name, null);
    }
  }

  // How much waits in the record, in milliseconds of playing, and what was refused for good.
  async function recorded(person) {
    const found = { ms: 0, refused: [] };
    for (const ticket of await mineOf(person)) {
      if (ticket.closed) { found.refused.push(ticket.closed); continue; }
      for (const one of await entriesAfter(ticket, ticket.acked)) found.ms += one.row[5] - one.row[4];
    }
    return found;
  }
  // With what lessons' pages left on the shelf; a lesson's page delivers that by itself.
  const withShelf = (person, found) => ({ ms: found.ms + (window.study ? 0 : ours.waiting(person)), refused: found.refused });
  const waiting = (person) => recorded(person).then((found) => withShelf(person, found));
  async function mirror(person) {
    const found = await recorded(person), now = withShelf(person, found);
    remember(`${shelf(person)}waiting`, found.ms || found.refused.length ? { ms: found.ms } : null);
    document.dispatchEvent(new CustomEvent('waiting', { detail: now }));
    return now;
  }

  // Send what waits, a piece at a time: {reached, gained_s, refused: [sentence], lessons: {id: the last answer}}.
  let sending = null;
  const sync = (person, csrf) => { sending = sending || sendAll(person, csrf).then((told) => { sending = null; return told; }, (fault) => { sending = null; throw fault; }); return sending; };
  async function sendAll(person, csrf) {
    const told = { reached: true, gained_s: 0, refused: [], lessons: {} };
    if (!window.study) told.refused = Object.values((await ours.deliver(person, csrf)).refused);  // a lesson's page delivers the shelf itself
    await recover(person);
    await turn.catch(() => {});
    for (const ticket of await mineOf(person)) {
      if (ticket.closed) continue;
      try { await send(ticket, csrf, told); } catch (_offline) { told.reached = false; break; }
    }
    await mirror(person);
    return told;
  }
  const names = ['n', 'sitting', 'began_ms', 't_ms', 'from_ms', 'to_ms', 'rate_permille', 'mac'];
  const asEntry = (row) => { const made = {}; names.forEach((name, at) => { made[name] = row[at]; }); return made; };
  async function send(ticket, csrf, told) {
    for (;;) {
      const rows = (await entriesAfter(ticket, ticket.acked, PIECE)).map((one) => one.row);
      if (!rows.length) return;
      const answer = await call(`/tickets/${ticket.code}/sync`, csrf, {
        device: ticket.device, lesson_id: ticket.lesson, now_ms: Date.now(), entries: rows.map(asEntry) });
      if (answer.status === 429) { await new Promise((later) => setTimeout(later, 1000 * (Number(answer.headers.get('Retry-After')) || 2))); continue; }
      if (answer.status >= 500) throw new Error(String(answer.status));
      const said = await answer.json(), kind = String(said.type || '');
      if (answer.ok || (/sequence-gap$/.test(kind) && said.acked < rows[0][0])) {  // a server that was put back asks for earlier ones: they are still here
        ticket.acked = await setAcked(ticket.code, said.acked);
        if (!answer.ok && said.acked < rows[0][0] - 1 && !(await entriesAfter(ticket, said.acked, 1)).some((one) => one.row[0] === said.acked + 1)) { await shut(ticket, said.detail); return; }
      }
      if (answer.ok) {
        told.gained_s += said.gained_s;
        told.lessons[ticket.lesson] = said;
        said.refused.forEach((one) => told.refused.push(one.detail));
      } else if (!/sequence-gap$/.test(kind)) {
        told.refused.push(said.detail);
        if (!ours.isForLater(answer, said)) await shut(ticket, said.detail);
        return;
      }
    }
  }
  async function change(code, how) {
    const write = (await open()).transaction('tickets', 'readwrite'), tickets = write.objectStore('tickets');
    let value = null;
    tickets.get(code).onsuccess = (event) => { value = event.target.result; how(value); tickets.put(value); };
    await done(write);
    return value;
  }
  const setAcked = (code, acked) => change(code, (ticket) => { ticket.acked = acked; }).then((ticket) => ticket.acked);
  const shut = (ticket, why) => change(ticket.code, (one) => { one.closed = why; });

  // What was refused for good was read: it goes.
  const dismiss = (person) => mineOf(person).then((all) => Promise.all(all.filter((t) => t.closed).map(drop))).then(() => mirror(person));

  // Whoever signs out takes theirs away; of others only what they have not sent stays, for them.
  async function forget(person) {
    let isOthers = false;
    for (const ticket of await list('tickets')) {
      const isLeft = (await entriesAfter(ticket, ticket.acked, 1)).length + ours.namesOf(`${shelf(ticket.person)}off/${ticket.code}/`).length > 0;
      const isWanted = ticket.person !== String(person) && !ticket.closed && isLeft;
      if (isWanted) isOthers = true; else await drop(ticket);
    }
    if (isOthers) return;
    (await open()).close();
    opened = null;
    window.indexedDB.deleteDatabase('guanxue-study');
  }

  window.tickets = { issue, find, sit, keep, shelve, sync, waiting, mirror, dismiss, forget, open, PLENTY_MS: 3 * 86400000 };

  // ---- on every page that shows what waits: a line, and sending as soon as there is a network
  const box = document.getElementById('waiting');
  if (!box) return;
  const says = JSON.parse(box.dataset.words), person = box.dataset.person, csrf = box.dataset.csrf;
  const words = box.querySelector('span'), button = box.querySelector('button'), why = box.querySelector('ul');
  const amount = (ms) => (ms >= 60000 ? says.minutes.replace('%s', Math.floor(ms / 60000)) : says.seconds.replace('%s', Math.ceil(ms / 1000)));
  let said = [];
  function show(now) {
    const all = said.concat(now.refused).filter((text, at, list_) => list_.indexOf(text) === at);
    box.hidden = !now.ms && !all.length && !box.dataset.told;
    words.textContent = now.ms ? says.waiting.replace('%s', amount(now.ms)) : box.dataset.told || '';
    button.textContent = now.ms ? says.send : says.read;
    button.hidden = !now.ms && !all.length;
    while (why.firstChild) why.removeChild(why.firstChild);
    all.forEach((text) => { why.appendChild(document.createElement('li')).textContent = text; });
  }
  async function sendNow() {
    const before = await waiting(person);
    if (!before.ms) { show(before); return; }
    button.disabled = true;
    try {
      const told = await sync(person, csrf);
      said = told.refused;
      if (told.gained_s) box.dataset.told = says.sent.replace('%s', amount(told.gained_s * 1000));
      if (window.study && window.study.onSynced) window.study.onSynced(told);
    } catch (_fault) { /* it waits */ }
    button.disabled = false;
    show(await waiting(person));
  }
  document.addEventListener('waiting', (event) => show(event.detail));
  button.addEventListener('click', () => {
    if (button.textContent === says.send) { sendNow(); return; }
    said = [];
    box.dataset.told = '';
    dismiss(person);
  });
  window.addEventListener('online', () => setTimeout(sendNow, 500));
  const first = () => sendNow().catch(() => {});
  if (document.readyState === 'complete') first(); else window.addEventListener('load', () => setTimeout(first, 300));
})();
