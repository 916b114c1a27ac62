// The editor of subtitles: plays from a line, takes the moment that plays, saves by itself, presses the form's buttons without
// leaving the film. Without this the page is a plain form.
(() => {
  const holder = document.getElementById('subtitling'), form = document.getElementById('lines-form');
  if (!holder || !form || !window.fetch || !window.FormData || !('closest' in form)) return;
  const says = JSON.parse(holder.dataset.words), film = document.getElementById('film'), over = document.getElementById('shown-now');
  const QUIET_MS = 4000, LONGEST_MS = 20000;
  let on = null, pressed = '', timer = 0, firstChange = 0, isDirty = false, under = Promise.resolve();

  const rows = () => Array.from(form.querySelectorAll('.cue-row'));
  const field = (row, name) => row.querySelector('[name=' + name + ']');
  const rowOf = (element) => (element && element.closest ? element.closest('.cue-row') : null);

  function seconds(text) {
    const parts = text.replace(/：/g, ':').replace(/[，．,]/g, '.').trim().split(':').map(Number);
    return parts.length && parts.length < 4 && !parts.some(isNaN) ? parts.reduce((sum, part) => sum * 60 + part, 0) : NaN;
  }
  function clock(time) {
    const tenths = Math.round(time * 10), hours = Math.floor(tenths / 36000), minutes = Math.floor(tenths / 600) % 60;
    const rest = (tenths / 10 % 60).toFixed(1);
    return (hours ? hours + ':' + (minutes < 10 ? '0' : '') : '') + minutes + ':' + (rest.length < 4 ? '0' : '') + rest;
  }

  // ---- the film and its lines

  function wake() {
    if (!film) return;
    form.querySelectorAll('[data-does]').forEach((button) => { button.hidden = false; });
    over.hidden = !rows().length;
  }
  function follow() {
    const now = film.currentTime, all = rows();
    const row = all.find((one) => seconds(field(one, 'start').value) <= now && now < seconds(field(one, 'end').value)) || null;
    over.textContent = row ? field(row, 'text').value : '';
    if (row === on) return;
    if (on) on.classList.remove('on');
    if (row) row.classList.add('on');
    on = row;
  }
  function playFrom(row) {
    const from = seconds(field(row, 'start').value);
    if (isNaN(from)) return;
    film.currentTime = from;
    const started = film.play();
    if (started && started.catch) started.catch(() => {});
  }
  function setNow(row, name) {
    field(row, name).value = clock(film.currentTime);
    changed();
    follow();
  }
  if (film) film.addEventListener('timeupdate', follow);

  form.addEventListener('click', (event) => {
    const button = event.target.closest('button');
    if (!button) return;
    if (button.name === 'do') { pressed = button.value; takeCursor(button); return; }
    const row = rowOf(button);
    if (!row || !film) return;
    if (button.dataset.does === 'play') playFrom(row); else setNow(row, button.dataset.does);
  });
  function takeCursor(button) {
    const row = rowOf(button), text = row && field(row, 'text');
    const at = text && text.selectionStart > 0 && text.selectionStart < text.value.length ? text.selectionStart : 0;
    form.elements.at.value = at ? Array.from(text.value.slice(0, at)).length : '';
  }

  // ---- saving

  function tell(words, extra) {
    const place = document.getElementById('saved');
    if (!place) return;
    place.textContent = words;
    if (extra) place.appendChild(extra);
  }
  function changed() {
    if (!form.querySelector('.save-bar')) return;
    if (!isDirty) firstChange = Date.now();
    isDirty = true;
    tell(says.unsaved);
    clearTimeout(timer);
    timer = setTimeout(saveQuietly, Math.max(0, Math.min(QUIET_MS, firstChange + LONGEST_MS - Date.now())));
  }
  form.addEventListener('input', (event) => { if (event.target.name !== 'by') changed(); if (film) follow(); });

  function saveQuietly(leaving) {
    clearTimeout(timer);
    if (!isDirty) return under;
    isDirty = false;
    tell(says.saving);
    const body = new FormData(form);
    under = under.then(() => fetch(form.action, { method: 'POST', body: withBase(body), headers: { Accept: 'application/json' },
      credentials: 'same-origin', keepalive: leaving === true })).then(heard).catch(() => { isDirty = true; tell(says.broken); });
    return under;
  }
  // Forms beside the lines say which version they mean: what is still to be saved is saved first, and they mean that.
  Array.from(document.querySelectorAll('form[data-based]')).forEach((other) => other.addEventListener('submit', (event) => {
    event.preventDefault();
    saveQuietly().then(() => {
      other.elements.base.value = form.elements.base.value;
      HTMLFormElement.prototype.submit.call(other);
    });
  }));
  function withBase(body) {  // what an earlier save answered holds for this one
    ['base', 'count'].forEach((name) => { if (body.set) body.set(name, form.elements[name].value); });
    return body;
  }
  function heard(answer) {
    const type = answer.headers.get('Content-Type') || '';
    if (type.indexOf('json') < 0) { isDirty = true; tell(says.broken); return null; }
    return answer.json().then((told) => {
      if (answer.status === 409) { conflict(told.message); return; }
      rows().forEach((row, n) => {
        const fault = told.faults && told.faults[n];
        row.classList.toggle('bad', Boolean(fault));
        if (told.problems) row.classList.toggle('wants', Boolean(told.problems[n] && told.problems[n].length));
        if (fault || told.problems) write(row, fault ? [fault] : told.problems[n] || []);
      });
      if (answer.status !== 200) { isDirty = true; tell(told.message || says.paused); return; }
      form.elements.base.value = told.base;
      form.elements.count.value = told.count;
      if (!isDirty) tell(says.saved);
    });
  }
  function write(row, sentences) {
    const place = row.querySelector('.why');
    place.textContent = '';
    sentences.forEach((one) => { place.appendChild(document.createElement('span')).textContent = one; });
  }
  function conflict(message) {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'link';
    button.textContent = says.both;
    button.addEventListener('click', () => plainly('save'));
    tell(message + ' ', button);
  }
  function plainly(what) {
    const hidden = document.createElement('input');
    hidden.type = 'hidden'; hidden.name = 'do'; hidden.value = what;
    form.appendChild(hidden);
    HTMLFormElement.prototype.submit.call(form);
  }
  document.addEventListener('visibilitychange', () => { if (document.visibilityState === 'hidden') saveQuietly(true); });
  window.addEventListener('online', () => saveQuietly());

  // ---- the form's own buttons, without leaving the film

  form.addEventListener('submit', (event) => {
    const what = pressed || 'save';
    pressed = '';
    event.preventDefault();
    clearTimeout(timer);
    isDirty = false;
    const body = new FormData(form);
    body.append('do', what);
    tell(says.saving);
    under = under.then(() => fetch(form.action, { method: 'POST', body: withBase(body), headers: { Accept: 'text/html' }, credentials: 'same-origin' }))
      .then((answer) => answer.text().then((text) => show(answer, text, what)))
      .catch(() => { isDirty = true; tell(says.broken); });
  });
  function show(answer, text, what) {
    const page = new DOMParser().parseFromString(text, 'text/html'), fresh = page.getElementById('lines-form');
    if (!fresh) { plainly(what); return; }
    const scrolled = window.pageYOffset, refused = page.querySelector('main [role=alert]');
    while (form.firstChild) form.removeChild(form.firstChild);
    if (refused) form.appendChild(document.importNode(refused, true));
    Array.from(fresh.childNodes).forEach((node) => form.appendChild(document.importNode(node, true)));
    on = null;
    wake();
    window.scrollTo(0, scrolled);
    if (refused) { isDirty = true; form.querySelector('[role=alert]').focus(); return; }
    tell(says.saved);
    const line = /[?&]line=(\d+)/.exec(answer.url || ''), row = line && document.getElementById('line-' + line[1]);
    if (!row || what === 'save') return;
    field(row, 'text').focus();
    const box = row.getBoundingClientRect();
    if (box.top < 0 || box.bottom > window.innerHeight) row.scrollIntoView();
  }

  // ---- keys

  function press(row, verb) {
    const button = row.querySelector('[value="' + verb + ':' + row.dataset.n + '"]');
    if (button) { button.click(); }
  }
  function step(row, by) {
    const all = rows(), next = all[all.indexOf(row) + by];
    if (next) field(next, 'text').focus();
  }
  document.addEventListener('keydown', (event) => {
    if (!event.altKey || event.ctrlKey || event.metaKey) return;
    const row = rowOf(document.activeElement), may = Boolean(form.querySelector('.save-bar'));
    const does = {
      KeyP: film && (() => { if (film.paused) film.play(); else film.pause(); }),
      Enter: film && row && (() => playFrom(row)),
      BracketLeft: film && row && may && (() => setNow(row, 'start')),
      BracketRight: film && row && may && (() => setNow(row, 'end')),
      KeyS: row && may && (() => press(row, 'split')),
      KeyJ: row && may && (() => press(row, 'join')),
      KeyN: row && may && (() => press(row, 'add')),
      ArrowUp: row && (() => step(row, -1)),
      ArrowDown: row && (() => step(row, 1)),
    }[event.code];
    if (!does) return;
    event.preventDefault();
    does();
  });
  document.getElementById('keys').hidden = false;
  wake();
})();
