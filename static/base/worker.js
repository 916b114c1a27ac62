// The service worker: hashed files come from the phone; a person's own courses can be read where there is no network.
// /sw.js puts VERSION, FILES and WORDS before this text. What it must never do: show one person's page to another, keep an
// error or a redirect, touch a form, or a film but one that was taken along. A page says in X-Shelf whose it is: a
// random-looking word of the session.
(() => {
  if (!self.caches) return;
  const SHELL = `guanxue-shell-${VERSION}`, MINE = 'guanxue-mine-', LESSONS = 'guanxue-lesson-', MOST_PAGES = 30, DAY_MS = 86400000;
  const MAY_BE_KEPT = /^\/(me|courses\/[\w-]+)$/, CHANGES_WHO = /^\/(login|logout|register|forgot|me\/settings\/leave)\b/;
  let asked = 0, judged = 0, holder = '';  // the newest answer judged, and whose it was: what is older says no more who holds the phone

  const named = async (begin) => (await caches.keys()).filter((name) => name.startsWith(begin));
  const drop = async (but) => Promise.all((await named(MINE)).filter((name) => name !== MINE + but)
    .concat((await named(LESSONS)).filter((name) => name !== LESSONS + but)).map((name) => caches.delete(name)));
  const forget = () => { asked += 1; judged = asked; holder = ''; return drop(''); };

  self.addEventListener('install', (event) => {
    const filled = caches.open(SHELL).then((shell) => Promise.all(FILES.map((file) =>
      fetch(file, { credentials: 'omit', cache: file.includes('v=') ? 'default' : 'reload' }).then((answer) => {
        if (answer.status !== 200) throw new Error(file);
        return shell.put(file, answer);
      }))));
    event.waitUntil(filled.then(() => self.skipWaiting()));
  });

  self.addEventListener('activate', (event) => {
    const preload = self.registration.navigationPreload;
    event.waitUntil(named('guanxue-shell-')
      .then((names) => Promise.all(names.filter((name) => name !== SHELL).map((name) => caches.delete(name))))
      .then(() => preload && preload.enable())
      .then(() => self.clients.claim()));
  });

  self.addEventListener('fetch', (event) => {
    const request = event.request, url = new URL(request.url);
    if (url.origin !== location.origin) return;
    if (request.method !== 'GET') {
      if (CHANGES_WHO.test(url.pathname)) event.waitUntil(forget());
    } else if (request.mode === 'navigate' && !/^\/(media|api)\//.test(url.pathname)) {
      event.respondWith(page(event, url));
    } else if (url.pathname.startsWith('/kept/')) {
      event.respondWith(keptFile(request, url));
    } else if (url.pathname.startsWith('/static/') && url.searchParams.has('v') && !request.headers.has('range')) {
      event.respondWith(file(request));
    }
  });

  self.addEventListener('message', (event) => {
    const told = event.data || {};
    if (told.does === 'forget') event.waitUntil(forget());
    if (told.does === 'keep') event.waitUntil(prepare(told));
  });

  // ---- files

  async function file(request) {
    const shell = await caches.open(SHELL).catch(() => null);
    const kept = shell && await shell.match(request);
    if (kept) return kept;
    try {
      const answer = await fetch(request);
      const isForEver = answer.status === 200 && /immutable/.test(answer.headers.get('Cache-Control') || '');
      if (shell && isForEver) shell.put(request, answer.clone()).catch(() => {});  // no room: then not
      return answer;
    } catch (fault) {
      const taken = await lessons(), mine = taken && await taken.match(request);
      if (mine) return mine;
      const other = shell && await shell.match(request, { ignoreSearch: true });  // a kept page may name an older one
      if (other) return other;
      throw fault;
    }
  }

  // ---- pages

  async function page(event, url) {
    asked += 1;
    const turn = asked;
    try {
      const answer = await event.preloadResponse || await fetch(event.request);
      if (isPage(answer)) event.waitUntil(judge(url, isMine(url) ? answer.clone() : answer, turn).catch(() => {}));
      return answer;
    } catch (fault) {
      const kept = await keptPage(url) || await offlinePage();
      if (kept) return kept;
      throw fault;
    }
  }

  const isMine = (url) => MAY_BE_KEPT.test(url.pathname) && !url.search;
  const isPage = (answer) => answer.status === 200 && answer.type === 'basic' && !answer.redirected
    && /^text\/html/.test(answer.headers.get('Content-Type') || '');

  // Whoever's page this is: nothing of anybody else stays. Theirs is kept if it is one of those that may be.
  // An older answer drops nothing, but is kept as long as it is its owner who holds the phone: they only went on to another page.
  async function judge(url, answer, turn) {
    const shelf = answer.headers.get('X-Shelf') || '', isOthers = () => turn < judged && holder !== shelf;
    if (turn > judged) {
      judged = turn;
      holder = shelf;
      await drop(shelf);
    }
    if (isOthers() || !shelf || !isMine(url)) return '';
    const headers = new Headers(answer.headers), text = await answer.text();
    headers.delete('Content-Encoding');
    headers.delete('Content-Length');
    headers.set('X-Kept-At', String(Date.now()));
    if (isOthers()) return '';
    const mine = await caches.open(MINE + shelf);
    await mine.put(url.pathname, new Response(text, { headers }));
    const all = await mine.keys();
    await Promise.all(all.slice(0, Math.max(0, all.length - MOST_PAGES)).map((old) => mine.delete(old)));
    return text;
  }

  async function shelf() {
    const names = await named(MINE);
    return names.length === 1 ? caches.open(names[0]) : null;
  }

  // ---- lessons that were taken along: learning/download.js put them here, in pieces of one size

  async function lessons() {
    const names = await named(LESSONS);
    return names.length === 1 ? caches.open(names[0]) : null;
  }

  async function keptFile(request, url) {
    const taken = await lessons(), name = url.pathname.replace(/(\/pictures\/\w+)-\d+\.\w+$/, '$1');
    const facts = taken && await taken.match(`${name}?facts`);
    if (!facts) return new Response('', { status: 404 });
    const whole = await facts.json(), asks = /^bytes=(\d*)-(\d*)$/.exec(request.headers.get('range') || '');
    let from = 0, to = whole.bytes - 1;
    if (asks && asks[1]) {
      from = Number(asks[1]);
      if (asks[2]) to = Math.min(to, Number(asks[2]));
    } else if (asks && asks[2]) from = Math.max(0, whole.bytes - Number(asks[2]));
    if (from > to) return new Response('', { status: 416, headers: { 'Content-Range': `bytes */${whole.bytes}` } });
    const pieces = [];
    for (let n = 0, at = 0; n < whole.parts && at <= to; n += 1) {
      const piece = await (await taken.match(`${name}?part=${n}`)).blob();
      if (at + piece.size > from) pieces.push(piece.slice(Math.max(0, from - at), Math.min(piece.size, to + 1 - at)));
      at += piece.size;
    }
    const headers = { 'Content-Type': whole.type, 'Content-Length': String(to + 1 - from), 'Accept-Ranges': 'bytes' };
    if (asks) headers['Content-Range'] = `bytes ${from}-${to}/${whole.bytes}`;
    return new Response(new Blob(pieces, { type: whole.type }), { status: asks ? 206 : 200, headers });
  }

  async function keptPage(url) {
    const mine = isMine(url) ? await shelf() : /^\/learn\//.test(url.pathname) ? await lessons() : null;
    const kept = mine && await mine.match(url.pathname);
    if (!kept) return null;
    const text = await kept.text(), at = new Date(Number(kept.headers.get('X-Kept-At')));
    const two = (number) => String(number).padStart(2, '0');
    const when = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}`;
    const note = `<p class="note wait" id="kept-at" role="status">${wordsOf(text).kept.replace('%s', when)}</p>`;
    return new Response(text.replace(/<main[^>]*>/, (main) => main + note), { headers: kept.headers });
  }

  async function offlinePage() {
    const shell = await caches.open(SHELL), mine = await shelf();
    const answer = await shell.match('/offline-here') || await shell.match('/offline');
    if (!answer) return null;
    const text = await answer.text(), lines = [];
    const taken = await lessons(), pages = [];
    for (const cache of [mine, taken]) {
      for (const request of cache ? await cache.keys() : []) {
        if (/^\/(?!kept\/|static\/)[^?]*$/.test(request.url.slice(location.origin.length))) pages.push([cache, request]);
      }
    }
    for (const [cache, request] of pages) {
      const title = /<title>([^<]*)<\/title>/.exec(await (await cache.match(request)).text());
      lines.push(`<li><a class="line" href="${new URL(request.url).pathname}"><span class="grow">${title ? title[1].replace(/ · [^·]*$/, '') : ''}</span></a></li>`);
    }
    const list = `<section class="stack"><h2>${wordsOf(text).list}</h2><ul class="lines card">${lines.join('')}</ul></section>`;
    return new Response(lines.length ? text.replace('<!--kept-->', () => list) : text, { headers: answer.headers });
  }

  const wordsOf = (text) => {
    const found = /<html lang="([\w-]+)"/.exec(text);
    return WORDS[found && WORDS[found[1]] ? found[1] : 'zh-Hans'];
  };

  // ---- what an open page asks for: the offline page in its language, and my courses before the network is gone

  async function prepare(told) {
    const shell = await caches.open(SHELL), code = encodeURIComponent(told.language || '');
    const address = code === 'zh_Hans' ? '/offline' : `/offline?lang=${code}`;
    let answer = await shell.match(address);
    if (!answer) {
      answer = await fetch(address, { credentials: 'omit', cache: 'reload' });
      if (!isPage(answer)) return;
      await shell.put(address, answer.clone());
    }
    await shell.put('/offline-here', answer);
    if (told.isMine && !told.isSaving) await keepCourses();
  }

  async function keepCourses() {
    const text = await freshly('/me');
    const found = new Set((text.match(/href="\/(courses|learn)\/[\w-]+/g) || []).map((link) => link.split('/')[2]));
    for (const slug of Array.from(found).slice(0, 5)) await freshly(`/courses/${slug}`);
  }

  // The page at that path, fetched only if none was kept for a day; its text where it is new.
  async function freshly(path) {
    const mine = await shelf(), kept = mine && await mine.match(path);
    if (kept && Date.now() - Number(kept.headers.get('X-Kept-At')) < DAY_MS) return '';
    asked += 1;
    const turn = asked, answer = await fetch(path, { credentials: 'same-origin', redirect: 'manual' });
    return isPage(answer) ? judge(new URL(path, location.origin), answer, turn) : '';
  }
})();
