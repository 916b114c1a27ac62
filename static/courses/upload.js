// Videos in pieces: several files one after the other, paused and resumed, taken up again after the tab, the phone or the server
// died. tus-js-client sends; what has arrived the server says, so another phone can go on as well.
(() => {
  const box = document.getElementById('uploads');
  if (!box || !window.tus || !window.tus.isSupported || !window.fetch) return;
  const words = JSON.parse(box.dataset.words), said = document.getElementById('uploads-said');
  const picker = document.getElementById('uploads-file'), list = document.getElementById('uploads-now');
  const left = document.getElementById('uploads-left'), leftList = left.querySelector('ul');
  const PIECE = 8 * 1024 * 1024, WAITS = [0, 1000, 2000, 4000, 8000, 15000, 30000, 30000, 60000, 60000, 60000, 60000, 60000];
  const HEADERS = { 'X-CSRF-Token': box.dataset.csrf, Accept: 'application/json' };
  const TUS = Object.assign({ 'Tus-Resumable': '1.0.0' }, HEADERS);
  const rows = [];
  let awake = null, picked = null, isForOne = false;

  // ---- words

  const put = (text, values) => Object.keys(values).reduce((all, key) => all.split(key).join(values[key]), text).split('%%').join('%');
  const size = (bytes) => (bytes >= 1e9 ? put(words.large, { '%s': (bytes / 1e9).toFixed(1) })
    : put(words.size, { '%s': bytes >= 1e7 ? (bytes / 1e6).toFixed(0) : Math.max(bytes / 1e6, 0.1).toFixed(1) }));
  const percent = (here, whole) => (whole ? Math.floor(here * 100 / whole) : 100);
  const timeLeft = (seconds) => {
    const minutes = Math.ceil(seconds / 60);
    if (minutes <= 1) return words.soon;
    return minutes < 60 ? put(words.minutes, { '%s': minutes })
      : put(words.hours, { '%h': Math.floor(minutes / 60), '%m': minutes % 60 });
  };
  const say = (text) => { said.textContent = text; };

  // ---- asking the server

  const ask = (address, method, headers, body) => fetch(address, { method, headers, body, credentials: 'same-origin' });
  const told = (answer) => answer.json().catch(() => ({})).then((problem) => {
    throw new Error(answer.status === 401 ? words.signed_out : problem.detail || words.broken);
  });
  const base64 = (text) => btoa(encodeURIComponent(text).replace(/%([0-9A-F]{2})/g, (_all, hex) => String.fromCharCode(parseInt(hex, 16))));
  const metadata = (file) => Object.entries({
    filename: file.name, filetype: file.type, modified: String(file.lastModified || 0), for: box.dataset.aim || (lesson() ? `lesson:${lesson()}` : `course:${box.dataset.course}`),
  }).filter((pair) => pair[1]).map((pair) => `${pair[0]} ${base64(pair[1])}`).join(',');
  const waiting = () => ask(box.dataset.list, 'GET', HEADERS).then((answer) => (answer.ok ? answer.json() : told(answer))).then((all) => all.uploads);
  const create = (file) => ask(box.dataset.endpoint, 'POST',
    Object.assign({ 'Upload-Length': String(file.size), 'Upload-Metadata': metadata(file) }, TUS))
    .then((answer) => (answer.status === 201 ? new URL(answer.headers.get('Location'), location.href).href : told(answer)));
  const drop = (address) => ask(address, 'DELETE', TUS);
  // On a lesson's page: the lesson, also one that its form has saved meanwhile.
  const written = document.getElementById('lesson-form');
  const lesson = () => box.dataset.lesson || (written && written.elements.id && written.elements.id.value) || '';
  const use = (address) => {
    const form = new FormData(), isNew = written && !lesson();
    form.append('upload', address.split('/').pop());
    form.append('lesson', lesson());
    if (isNew) ['title', 'form_key'].forEach((name) => form.append(name, written.elements[name].value));
    return ask(box.dataset.use, 'POST', HEADERS, form).then((answer) => (answer.ok ? answer.json() : told(answer))).then((made) => {
      if (isNew && !lesson()) {  // what is written in the form is this lesson's from now on
        written.elements.id.value = made.lesson;
        if (written.elements.version) written.elements.version.value = made.version;
      }
      return made;
    });
  };

  // ---- a row a file

  const element = (name, className, text) => {
    const made = document.createElement(name);
    if (className) made.className = className;
    if (text) made.textContent = text;
    return made;
  };
  const button = (text, about, act) => {
    const made = element('button', 'button quiet', text);
    made.type = 'button';
    made.setAttribute('aria-label', `${text} ${about}`);
    made.addEventListener('click', act);
    return made;
  };

  const addRow = (file, wanted) => {
    const row = { file, wanted, state: 'queued', here: 0, seen: [], saidAt: 0, upload: null, address: '' };
    row.item = element('li', 'upload-row');
    row.facts = element('p', 'small muted num');
    row.bar = element('progress');
    row.bar.max = file.size;
    row.bar.value = 0;
    row.bar.setAttribute('aria-label', file.name);
    row.tools = element('div', 'row');
    [element('strong', 'name', file.name), row.bar, row.facts, row.tools].forEach((part) => row.item.appendChild(part));
    list.appendChild(row.item);
    rows.push(row);
    show(row, 'queued', wanted && wanted.size !== file.size ? put(words.other || words.queued, { '%s': wanted.name }) : words.queued);
  };

  const show = (row, state, text) => {
    const changed = row.state !== state;
    row.state = state;
    row.facts.textContent = text;
    row.facts.className = state === 'failed' ? 'small error' : 'small muted num';
    row.bar.hidden = state === 'failed' && !row.here;
    if (!changed && row.tools.firstChild) return;
    // The focus must not be lost with the button that had it.
    const focused = row.tools.contains(document.activeElement);
    row.tools.textContent = '';
    tools(row).forEach((tool) => row.tools.appendChild(tool));
    if (focused && row.tools.firstChild) row.tools.firstChild.focus();
  };

  const tools = (row) => {
    const name = row.file.name;
    const again = button(words.resume, name, () => { show(row, 'queued', words.queued); next(); });
    if (row.state === 'sending' || row.state === 'cut') return [button(words.pause, name, () => pause(row)), away(row)];
    if (row.state === 'paused' || row.state === 'failed') return row.is_refused ? [away(row)] : [again, away(row)];
    if (row.state === 'queued') return [away(row)];
    if (row.place) {
      const link = element('a', 'button quiet', words.open);
      link.href = row.place;
      return [link];
    }
    return [];
  };

  const away = (row) => {
    const tool = button(words.drop, row.file.name, () => {
      if (row.address && tool.dataset.sure !== 'yes') {
        tool.dataset.sure = 'yes';
        tool.textContent = words.sure;
        return;
      }
      if (row.upload) row.upload.abort();
      if (row.address) drop(row.address).then(refresh, () => {});
      rows.splice(rows.indexOf(row), 1);
      list.removeChild(row.item);
      picker.focus();
      next();
    });
    return tool;
  };

  const pause = (row) => {
    row.upload.abort();
    show(row, 'paused', words.paused);
    say(words.paused);
    next();
  };

  const fail = (row, text, refused) => {
    row.is_refused = Boolean(refused);
    show(row, 'failed', text);
    say(`${row.file.name} ${text}`);
    next();
  };

  // ---- sending, one after the other

  const next = () => {
    keepAwake();
    if (rows.some((row) => ['begin', 'sending', 'cut', 'closing'].includes(row.state))) return;
    const row = rows.find((one) => one.state === 'queued');
    if (!row) letGo();
    if (row) begin(row);
    else if (rows.some((one) => one.place) && rows.every((one) => one.place)) arrive();
  };

  // A lesson saved in the middle of it would leave without its video, and the page that leaves would stop the sending: pressed too
  // early, the form goes once the film is the lesson's. A film that is paused or failed holds nobody up; pressed again, it goes.
  const waits = document.getElementById('film-waits');
  let held = null;
  const hold = (event) => {
    if (!isSending()) return;
    event.preventDefault();
    event.stopImmediatePropagation();  // what is written goes on being saved meanwhile
    held = event.submitter || written.querySelector('.save-bar button');
    waits.textContent = words.held;
  };
  const letGo = () => {
    if (!held || isSending()) return;
    const button = held, isWhole = rows.every((row) => row.place);
    held = null;
    waits.textContent = isWhole ? '' : words.unheld;
    if (isWhole) button.click();
  };
  if (written) written.addEventListener('submit', hold);

  const arrive = () => {
    // All of them are lessons: the course's page shows what became of them. A lesson's page may hold words not saved yet.
    if (box.dataset.aim) location.href = rows[rows.length - 1].place;
    else if (!written) location.reload();
  };

  const begin = (row) => {
    show(row, 'begin', words.begin);
    place(row).then((address) => { if (rows.includes(row)) send(row, address); }, (problem) => {
      const isLine = problem instanceof TypeError;
      fail(row, isLine ? words.lost : problem.message, !isLine);
    });
  };

  const place = (row) => {
    if (row.address) return Promise.resolve(row.address);
    const file = row.file, wanted = row.wanted;
    // Chosen for one that waits: another phone may have given the same file another name and another day.
    if (wanted && wanted.size === file.size) return Promise.resolve(new URL(box.dataset.endpoint + wanted.code, location.href).href);
    if (wanted) say(put(words.other || words.queued, { '%s': wanted.name }));
    return waiting().then((all) => {
      const known = all.find((x) => x.name === file.name.slice(-120) && x.size === file.size && x.modified === (file.lastModified || 0));
      if (known) {
        say(put(words.found, { '%s': percent(known.here, known.size) }));
        return new URL(box.dataset.endpoint + known.code, location.href).href;
      }
      return new tus.Upload(file, { endpoint: box.dataset.endpoint }).findPreviousUploads()
        .then((before) => (before.length ? still(before[0].uploadUrl) : null)).then((address) => address || create(file));
    });
  };

  // Remembered by this browser; may be somebody else's who used it, or long gone.
  const still = (address) => ask(address, 'HEAD', TUS).then((answer) => (answer.ok ? address : null));

  const send = (row, address) => {
    row.address = address;
    row.seen = [];
    row.began = Date.now();
    refresh();
    row.upload = new tus.Upload(row.file, {
      uploadUrl: address, chunkSize: PIECE, headers: HEADERS, retryDelays: WAITS, removeFingerprintOnSuccess: true,
      onProgress: (here) => progress(row, here),
      onShouldRetry: (problem) => mayTryAgain(row, problem),
      onError: (problem) => stopped(row, problem),
      onSuccess: () => close(row),
    });
    show(row, 'sending', words.sending);
    say(`${row.file.name} ${words.sending}`);
    row.upload.start();
    keepAwake();
  };

  const progress = (row, here) => {
    if (!rows.includes(row) || row.state === 'paused') return;
    const now = Date.now(), whole = row.file.size;
    row.here = here;
    row.bar.value = here;
    // What the system takes into its own buffers at first has not been sent: the speed is that of what follows.
    if (now - row.began > 2000) row.seen.push([now, here]);
    while (row.seen.length > 2 && now - row.seen[0][0] > 10000) row.seen.shift();
    const since = row.seen[0] || [now, here], seconds = (now - since[0]) / 1000, rate = seconds > 1 ? (here - since[1]) / seconds : 0;
    const facts = [put(words.of, { '%a': size(here), '%b': size(whole) })];
    if (rate > 0) facts.push(put(words.speed, { '%s': size(rate) }), timeLeft((whole - here) / rate));
    show(row, 'sending', facts.join(' · '));
    const quarter = Math.floor(here * 4 / whole);
    if (quarter > row.saidAt && quarter < 4) say(put(words.percent, { '%a': row.file.name, '%b': quarter * 25 }));
    row.saidAt = Math.max(row.saidAt, quarter);
  };

  const statusOf = (problem) => (problem.originalResponse ? problem.originalResponse.getStatus() : 0);

  const mayTryAgain = (row, problem) => {
    const status = statusOf(problem);
    const may = status === 0 ? Boolean(problem.originalRequest) : status === 409 || status === 423 || status >= 500 && status !== 507;
    if (may && row.state === 'sending') {
      row.seen = [];
      row.began = Date.now();
      show(row, 'cut', words.cut);
      say(words.cut);
    }
    return may;
  };

  const stopped = (row, problem) => {
    const status = statusOf(problem);
    if (status === 404 || status === 410) {  // expired, or somebody deleted it: the file is still here
      row.address = '';
      row.here = 0;
      say(words.again);
      show(row, 'queued', words.again);
      next();
      return;
    }
    let detail = '';
    try { detail = JSON.parse(problem.originalResponse.getBody()).detail; } catch (_none) { detail = ''; }
    if (status === 401) fail(row, words.signed_out);
    else if (status) fail(row, detail || words.broken);
    else fail(row, problem.originalRequest ? words.lost : words.changed);
  };

  const close = (row, tries) => {
    row.bar.value = row.file.size;
    show(row, 'closing', words.closing);
    use(row.address).then((answer) => {
      row.place = answer.place;
      show(row, 'done', words.done);
      say(`${row.file.name} ${words.done}`);
      refresh();
      next();
    }, (problem) => {
      // Without an answer the line broke: what is whole stays whole, so asking again does no harm.
      if (problem instanceof TypeError && (tries || 0) < 8) setTimeout(() => close(row, (tries || 0) + 1), WAITS[(tries || 0) + 1]);
      else fail(row, problem instanceof TypeError ? words.lost : problem.message);
    });
  };

  // ---- what was left behind

  const refresh = () => waiting().then((all) => {
    const own = rows.map((row) => row.address.split('/').pop());
    const others = all.filter((x) => !own.includes(x.code));
    left.hidden = !others.length;
    leftList.textContent = '';
    others.forEach((x) => leftList.appendChild(leftRow(x)));
  }).catch(() => {});

  const leftRow = (x) => {
    const item = element('li', 'upload-row'), row = element('div', 'row'), address = box.dataset.endpoint + x.code;
    const facts = x.whole ? words.whole : put(words.left, { '%a': percent(x.here, x.size), '%b': size(x.size - x.here) });
    const about = [facts].concat(x.goal && x.goal !== box.dataset.goal ? [put(words.meant, { '%s': x.goal })] : []).join(' · ');
    [element('strong', 'name', x.name), element('p', 'small muted num', about), row].forEach((part) => item.appendChild(part));
    row.appendChild(x.whole ? button(words.use, x.name, () => use(address).then((answer) => { location.href = answer.place; }, (problem) => say(problem.message)))
      : button(words.pick, x.name, () => { picked = x; isForOne = true; picker.click(); }));
    const remove = button(words.delete, x.name, () => {
      if (remove.dataset.sure === 'yes') drop(address).then(refresh, refresh);
      remove.dataset.sure = 'yes';
      remove.textContent = words.sure;
    });
    row.appendChild(remove);
    return item;
  };

  // ---- around it

  const isSending = () => rows.some((row) => ['begin', 'sending', 'cut', 'closing'].includes(row.state));
  const keepAwake = () => {
    if (!navigator.wakeLock) return;
    if (isSending() && !awake && document.visibilityState === 'visible') {
      navigator.wakeLock.request('screen').then((lock) => {
        awake = lock;
        lock.addEventListener('release', () => { awake = null; });
      }, () => {});
    } else if (!isSending() && awake) awake.release();
  };

  picker.addEventListener('click', () => {
    if (!isForOne) picked = null;  // somebody thought better of going on with that one
    isForOne = false;
  });
  picker.addEventListener('change', () => {
    const files = Array.from(picker.files);
    files.forEach((file) => addRow(file, files.length === 1 ? picked : null));
    picked = null;
    picker.value = '';
    next();
  });
  const goOn = () => rows.forEach((row) => {
    if (row.state === 'cut') { row.upload.abort(); row.upload.start(); }
    if (row.state === 'failed' && !row.is_refused && row.address) { show(row, 'queued', words.queued); next(); }
  });
  window.addEventListener('online', goOn);
  document.addEventListener('visibilitychange', () => {
    keepAwake();
    if (document.visibilityState === 'visible') goOn();  // a phone that slept did not see the line come back
  });
  window.addEventListener('beforeunload', (event) => {
    if (!isSending()) return;
    event.preventDefault();
    event.returnValue = '';
  });

  const whole = document.getElementById('whole-form');
  if (whole) whole.hidden = true;
  const plain = document.getElementById('f-video');
  if (plain) {  // this page's form takes a file as well, whole or not at all: ours is better
    const field = plain.closest('.field');
    if (field) field.hidden = true;
  }
  box.hidden = false;
  refresh();
})();
