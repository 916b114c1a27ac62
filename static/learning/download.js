// Lessons on this phone: sizes first, then piece by piece, going on after a break, and away again (docs/decisions/0024-offline.md).
// What is kept lies in a cache that belongs to the signed-in person's shelf; the worker serves it under /kept/ and drops it with the shelf.
(() => {
  const box = document.getElementById('take');
  if (!box) return;
  const $ = (id) => document.getElementById(`take-${id}`), says = JSON.parse(box.dataset.words), csrf = box.dataset.csrf;
  const lessons = JSON.parse(box.dataset.lessons), SHELF = 'guanxue-lesson-', PART = 262144, isOne = lessons.length === 1 && box.dataset.one === 'yes';
  const study = window.study || null;

  // ---- where nothing can be kept there is no button, but one line that says where it can
  function cannot() { $('not').textContent = says.cannot; $('not').hidden = false; }
  if (/MicroMessenger/i.test(navigator.userAgent)) { cannot(); return; }
  if (window.isSecureContext === false || !navigator.serviceWorker || !window.caches || !window.tickets) { cannot(says.browser); return; }
  const caches = window.caches;

  const size = (n) => (n < 950000 ? `${Math.max(0.1, n / 1000000).toFixed(1)} MB` : n < 9950000 ? `${(n / 1000000).toFixed(1)} MB` : `${Math.round(n / 1000000)} MB`);
  const day = (ms) => { const at = new Date(ms); return `${at.getMonth() + 1}-${at.getDate()}`; };
  const takesWebp = document.createElement('canvas').toDataURL('image/webp').indexOf('data:image/webp') === 0;
  const video = document.createElement('video');
  const heard = (sounds) => sounds.filter((s) => video.canPlayType(s.type))[0] || null;
  const bytesOf = (lesson, as) => {
    if (lesson.kind === 'text') return 0;
    if (as === 'film') return lesson.film || 0;
    const sound = heard(lesson.sounds);
    return sound ? sound.bytes + lesson.pictures[takesWebp ? 'webp' : 'jpg'] : 0;
  };
  const canBe = (as) => lessons.every((lesson) => lesson.kind === 'text' || bytesOf(lesson, as) > 0);

  // ---- what is here
  const idOf = (lesson) => `/kept/lesson/${lesson.id}`;
  const shelf = async () => { const name = (await caches.keys()).filter((n) => n.startsWith(SHELF))[0]; return name ? caches.open(name) : null; };
  async function keptOf(lesson, cache) {
    const there = cache && await cache.match(idOf(lesson));
    return there ? there.json() : null;
  }
  const write = (cache, path, value) => cache.put(path, new Response(JSON.stringify(value), { headers: { 'Content-Type': 'application/json' } }));

  // ---- fetching
  class Stopped extends Error {}
  let isStopped = false, isBusy = false, doneBytes = 0, wholeBytes = 0;
  const say = (text) => { if ($('said').textContent !== text) $('said').textContent = text; };
  const rest = (ms) => new Promise((later) => { setTimeout(later, ms); window.addEventListener('online', later, { once: true }); });
  async function steady(get) {
    for (let n = 1; ; n += 1) {
      if (isStopped) throw new Stopped();
      try { return await get(); } catch (_offline) { say(says.broken); await rest(Math.min(15000, 1000 * n)); }
    }
  }
  function came(n) {
    doneBytes += n;
    $('bar').value = Math.min(1000, Math.round(doneBytes * 1000 / Math.max(1, wholeBytes)));
    say(says.some.replace('%1', size(doneBytes)).replace('%2', size(Math.max(wholeBytes, doneBytes))));
  }
  // Under which name the worker finds it: without the signature, and a picture without width and kind.
  const nameOf = (url) => url.replace(/^\/media\/(?!files\/|subtitles\/)[^/]+\/(?=\d+\/)/, '/kept/').replace(/^\/media\//, '/kept/')
    .replace(/(\/pictures\/\w+)-\d+\.\w+$/, '$1');
  async function take(cache, url) {
    const name = nameOf(url);
    if (await cache.match(`${name}?facts`)) { const known = await (await cache.match(`${name}?facts`)).json(); came(known.bytes); return; }
    let total = 0, type = '', n = 0, whole = -1;
    for (; whole < 0 || total < whole; n += 1) {
      const there = await cache.match(`${name}?part=${n}`);
      if (there) { const part = await there.blob(); total += part.size; type = part.type; came(part.size); continue; }
      const answer = await steady(() => fetch(url, { credentials: 'same-origin', headers: { Range: `bytes=${total}-${total + PART - 1}` } }));
      if (answer.status === 416) break;
      if (answer.status !== 206 && answer.status !== 200) throw new Error(says.failed);
      const part = await answer.blob();
      type = (answer.headers.get('Content-Type') || '').split(';')[0];
      whole = answer.status === 200 ? part.size : Number((answer.headers.get('Content-Range') || '').split('/')[1]);
      await cache.put(`${name}?part=${n}`, new Response(part, { headers: { 'Content-Type': type } }));
      total += part.size;
      came(part.size);
      if (answer.status === 200) { n += 1; break; }
    }
    await write(cache, `${name}?facts`, { bytes: total, type, parts: n });
  }

  async function takeLesson(lesson, as) {
    const answer = await steady(() => fetch(lesson.path, { credentials: 'same-origin' })), word = answer.headers.get('X-Shelf');
    if (answer.status !== 200 || answer.redirected || !word) throw new Error(says.failed);
    const text = await answer.text(), page = new DOMParser().parseFromString(text, 'text/html'), player = page.getElementById('player');
    const cache = await caches.open(SHELF + word), before = await keptOf(lesson, cache);
    if (before && before.as !== as) await away(lesson, cache);
    const urls = Array.from(page.querySelectorAll('main img')).map((image) => image.getAttribute('src')).filter((url) => /^\/media\//.test(url || ''));
    if (player && as === 'film') urls.push(player.dataset.small);
    if (player && as === 'sound') {
      const shown = JSON.parse(player.dataset.pictures), ending = takesWebp ? 'webp' : 'jpg', wide = shown.widths[shown.widths.length - 1];
      shown.starts_ms.forEach((_start, n) => urls.push(`${shown.base}/${n + 1}-${wide}.${ending}`));
      urls.push(heard(JSON.parse(player.dataset.sounds)).url);
    }
    const statics = Array.from(page.querySelectorAll('link[rel=stylesheet], script[src]')).map((one) => one.getAttribute('href') || one.getAttribute('src'));
    const kept = { id: lesson.id, as, title: lesson.title, path: lesson.path, names: urls.map(nameOf), bytes: 0, until: 0 };
    await write(cache, idOf(lesson), kept);
    for (const url of statics) if (!await cache.match(url)) await steady(() => fetch(url).then((file) => cache.put(url, file)));
    const begun = doneBytes;
    for (const url of urls.filter((one, at) => urls.map(nameOf).indexOf(nameOf(one)) === at)) await take(cache, url);
    const ticket = await steady(() => window.tickets.issue(csrf, lesson.id));
    const headers = new Headers(answer.headers);
    ['Content-Encoding', 'Content-Length', 'Set-Cookie'].forEach((header) => headers.delete(header));
    headers.set('X-Kept-At', String(Date.now()));
    const here = text.replace(/\/media\/(?!files\/|subtitles\/)[^/"'\s]+\/(?=\d+\/)/g, '/kept/').replace(/\/media\/(?=files\/|subtitles\/)/g, '/kept/')
      .replace('data-local=""', `data-local="${as}"`);
    await cache.put(lesson.path, new Response(here, { headers }));
    kept.bytes = doneBytes - begun;
    kept.until = ticket.until + ticket.ahead;
    await write(cache, idOf(lesson), kept);
    if (study && study.lookForTicket) study.lookForTicket();
  }

  async function away(lesson, cache) {
    const kept = await keptOf(lesson, cache);
    if (!kept) return;
    const others = [];
    for (const request of await cache.keys()) if (/\/kept\/lesson\/\d+$/.test(request.url) && !request.url.endsWith(idOf(lesson))) others.push(await (await cache.match(request)).json());
    if (!others.length && !isBusy) {
      await Promise.all((await caches.keys()).filter((name) => name.startsWith(SHELF)).map((name) => caches.delete(name)));
      return;
    }
    const shared = others.reduce((all, other) => all.concat(other.names), []);
    for (const request of await cache.keys()) {
      const at = new URL(request.url);
      if (at.search && kept.names.indexOf(at.pathname) >= 0 && shared.indexOf(at.pathname) < 0) await cache.delete(request);
    }
    await cache.delete(kept.path);
    await cache.delete(idOf(lesson));
  }

  // ---- what is shown
  const modes = Array.from(box.querySelectorAll('input[name=take-as]')), list = $('list');
  const chosenAs = () => (modes.filter((one) => one.checked)[0] || { value: 'film' }).value;
  const chosen = () => (isOne ? lessons : lessons.filter((lesson) => { const tick = document.getElementById(`take-${lesson.id}`); return tick && tick.checked; }));
  modes.forEach((one) => {
    one.disabled = !canBe(one.value);
    one.parentNode.hidden = one.disabled;
    const all = lessons.reduce((sum, lesson) => sum + bytesOf(lesson, one.value), 0);
    one.parentNode.querySelector('.num').textContent = all ? says.about.replace('%s', size(all)) : '';
  });
  if (lessons.every((lesson) => lesson.kind === 'text')) $('modes').hidden = true;
  if (modes.every((one) => one.disabled)) { return; }
  const begins = modes.filter((one) => !one.disabled && one.value === (box.dataset.saving === 'yes' ? 'sound' : 'film'))[0] || modes.filter((one) => !one.disabled)[0];
  begins.checked = true;

  let state = [];
  async function look() {
    const cache = await shelf();
    state = await Promise.all(lessons.map((lesson) => keptOf(lesson, cache)));
    const whole = state.filter((kept) => kept && kept.until), halves = state.filter((kept) => kept && !kept.until);
    const as = chosenAs(), ahead = chosen().filter((lesson) => { const kept = state[lessons.indexOf(lesson)]; return !(kept && kept.until && kept.as === as); });
    const toCome = ahead.reduce((sum, lesson) => sum + bytesOf(lesson, as), 0), ends = whole.map((kept) => kept.until).sort()[0];
    $('state').textContent = whole.length ? (isOne ? says.here : says.some.replace('%1', whole.length).replace('%2', lessons.length)) : '';
    if (!isBusy) {
      $('go').textContent = (halves.length ? says.go_on : says.go).replace('%s', toCome ? ` ${says.about.replace('%s', size(toCome))}` : '');
      $('go').hidden = !ahead.length;
      $('drop').hidden = !whole.length && !halves.length;
      $('bar').hidden = true;
      $('stop').hidden = true;
      if (whole.length) say(says.until.replace('%1', size(whole.reduce((sum, kept) => sum + kept.bytes, 0))).replace('%2', day(ends)));
      else say('');
    }
    lessons.forEach((lesson, n) => {
      const line = list && document.getElementById(`take-${lesson.id}-size`), kept = state[n];
      if (line) line.textContent = kept && kept.until ? says.here : bytesOf(lesson, as) ? size(bytesOf(lesson, as)) : '';
    });
    if (isOne && study && study.onLocal) study.onLocal(state[0] && state[0].until ? state[0].as : '');
    if (isOne && state[0] && state[0].until && navigator.onLine !== false) renew(state[0], cache);
  }
  // A ticket that is about to end is given anew while there is a network.
  async function renew(kept, cache) {
    if (kept.until - Date.now() > window.tickets.PLENTY_MS || isBusy) return;
    try {
      const ticket = await window.tickets.issue(csrf, kept.id);
      kept.until = ticket.until + ticket.ahead;
      await write(cache, idOf(kept), kept);
      if (study && study.lookForTicket) study.lookForTicket();
      look();
    } catch (_later) { /* asked again with the next visit */ }
  }

  async function hasRoom(bytes) {
    if (!navigator.storage || !navigator.storage.estimate) return true;
    const storage = navigator.storage, told = await storage.estimate(), free = told.quota - told.usage;
    if (storage.persist) storage.persist().catch(() => {});
    if (free > bytes * 1.1 + 5000000) return true;
    say(says.no_room);
    return false;
  }

  async function go() {
    const as = chosenAs(), wanted = chosen().filter((lesson) => { const kept = state[lessons.indexOf(lesson)]; return !(kept && kept.until && kept.as === as); });
    wholeBytes = wanted.reduce((sum, lesson) => sum + bytesOf(lesson, as), 0);
    doneBytes = 0;
    if (isBusy || !wanted.length || !await hasRoom(wholeBytes)) return;
    isBusy = true;
    isStopped = false;
    let problem = '';
    ['bar', 'stop'].forEach((id) => { $(id).hidden = false; });
    ['go', 'drop'].forEach((id) => { $(id).hidden = true; });
    try {
      for (const lesson of wanted) await takeLesson(lesson, as);
    } catch (fault) {
      problem = fault instanceof Stopped ? '' : fault.name === 'QuotaExceededError' ? says.no_room : fault.message || says.failed;
    }
    isBusy = false;
    await look();
    if (problem) say(problem);
  }
  async function drop() {
    const cache = await shelf();
    for (const lesson of isOne ? lessons : chosen()) await away(lesson, cache);
    await look();
    if (!state.some((kept) => kept)) say(says.gone);
  }

  if (!isOne && list) {
    lessons.forEach((lesson) => {
      const item = document.createElement('li'), label = item.appendChild(document.createElement('label')), tick = document.createElement('input');
      label.className = 'line';
      tick.type = 'checkbox';
      tick.id = `take-${lesson.id}`;
      tick.checked = true;
      label.appendChild(tick);
      const title = label.appendChild(document.createElement('span')), amount = label.appendChild(document.createElement('span'));
      title.className = 'grow';
      title.textContent = lesson.title;
      amount.className = 'num small muted';
      amount.id = `take-${lesson.id}-size`;
      list.appendChild(item);
      tick.addEventListener('change', look);
    });
  }
  modes.forEach((one) => one.addEventListener('change', look));
  $('go').addEventListener('click', go);
  $('stop').addEventListener('click', () => { isStopped = true; });
  $('drop').addEventListener('click', drop);

  const probe = async () => {
    await window.tickets.open();
    await caches.open('guanxue-probe');
    await caches.delete('guanxue-probe');
  };
  probe().then(() => { box.hidden = false; return look(); }).catch(() => cannot());
})();
