// Writing a lesson: saved quietly, never over somebody's newer words, kept on this device until it is; a toolbar; a live phone.
(() => {
  const SHELF = 'guanxue/draft/';
  const shelf = {
    get(id) { try { return JSON.parse(localStorage.getItem(SHELF + id)); } catch (_none) { return null; } },
    put(id, value) { try { localStorage.setItem(SHELF + id, JSON.stringify(value)); } catch (_full) { /* it is still in the form */ } },
    drop(id) { try { localStorage.removeItem(SHELF + id); } catch (_none) { /* nothing there */ } },
  };
  const chosen = document.getElementById('take-theirs');
  if (chosen) {  // two texts side by side: once one is chosen nothing is kept here
    const forget = () => shelf.drop(chosen.dataset.lesson);
    chosen.addEventListener('click', forget);
    document.querySelector('.versions form').addEventListener('submit', forget);
    return;
  }
  const form = document.getElementById('lesson-form');
  if (!form) return;
  const words = JSON.parse(form.dataset.words);
  const clock = (at) => { const t = new Date(at); return ('0' + t.getHours()).slice(-2) + ':' + ('0' + t.getMinutes()).slice(-2); };

  // ---- the film's own field, for who sends it with the form
  const file = document.getElementById('f-video');
  if (file) {
    const fault = document.getElementById('video-fault'), sending = document.getElementById('sending');
    const tell = window.dressFileField(file, words);
    file.addEventListener('change', () => {
      const one = file.files[0];
      const tooLarge = one && one.size > Number(form.dataset.most) * 1048576;
      fault.hidden = !tooLarge;
      fault.textContent = tooLarge ? words.large.replace('%s', (one.size / 1048576).toFixed(0)) : '';
      if (tooLarge) file.value = '';
      tell();
    });
    form.addEventListener('submit', (event) => {
      if (!file.files.length || !window.XMLHttpRequest) return;
      event.preventDefault();
      const request = new XMLHttpRequest();
      form.querySelector('button.button').disabled = true;
      sending.hidden = false;
      request.upload.addEventListener('progress', (now) => { if (now.lengthComputable) sending.value = now.loaded * 100 / now.total; });
      request.addEventListener('load', () => {
        if (request.status < 400) { location.href = request.responseURL; return; }
        document.open(); document.write(request.responseText); document.close();
      });
      request.addEventListener('error', () => { form.querySelector('button.button').disabled = false; fault.hidden = false; fault.textContent = words.broken; });
      request.open('POST', form.action);
      request.send(new FormData(form));
    });
  }
  if (!('quiet' in form.dataset)) return;

  const title = form.elements.title, body = form.elements.body, status = document.getElementById('saved'), note = document.getElementById('unsaved');
  const seen = document.getElementById('seen-text'), seenTitle = document.getElementById('seen-title');
  const seenWhen = document.getElementById('seen-when');
  if (seenWhen && seenWhen.dataset.live) seenWhen.textContent = seenWhen.dataset.live;
  let saved = { title: title.value, body: body.value }, timer = 0, busy = false, stopped = false, leaving = false;
  const id = () => form.elements.id.value;
  const isChanged = () => title.value !== saved.title || body.value !== saved.body;
  const ask = (text, ...ways) => {  // a line with buttons above the form
    note.textContent = text + ' ';
    ways.forEach((way) => {
      const button = document.createElement('button');
      button.type = 'button';
      button.className = 'button quiet';
      button.textContent = way[0];
      button.addEventListener('click', way[1]);
      note.appendChild(button);
    });
    note.hidden = false;
  };

  // ---- what was written here and never saved
  const left = id() && shelf.get(id());
  if (left && left.body === body.value && left.title === title.value) shelf.drop(id());
  else if (left) {
    stopped = true;
    const go = () => { note.hidden = true; stopped = false; };
    ask(words.found.replace('%s', clock(left.at)),
      [words.restore, () => { title.value = left.title; body.value = left.body; form.elements.version.value = left.version; go(); changed(); }],
      [words.drop, () => { shelf.drop(id()); go(); }]);
  }

  // ---- saving
  const keep = () => { if (id()) shelf.put(id(), { title: title.value, body: body.value, version: form.elements.version.value, at: Date.now() }); };
  const save = async (isLast) => {
    clearTimeout(timer);
    timer = 0;
    if (busy || stopped || leaving || !isChanged() || !title.value.trim()) return;
    if (!id() && !body.value.trim()) return;  // a new lesson is made once there is something in it
    busy = true;
    status.textContent = words.saving;
    const sent = { title: title.value, body: body.value }, data = new FormData();
    ['csrf_token', 'kind', 'id', 'version', 'section', 'form_key'].forEach((name) => data.append(name, form.elements[name].value));
    data.append('title', sent.title);
    data.append('body', sent.body);
    try {
      const answer = await fetch(form.action, { method: 'POST', body: data, credentials: 'same-origin', headers: { Accept: 'application/json' }, keepalive: Boolean(isLast) && sent.body.length < 20000 });
      const told = answer.status < 500 ? await answer.json().catch(() => ({})) : {};
      if (answer.ok) took(sent, told);
      else if (answer.status === 409) moved(told);
      else if (answer.status === 401) { status.textContent = words.signed_out; stopped = true; }
      else { status.textContent = told.message || words.broken; later(15000); }
    } catch (_offline) {
      status.textContent = words.offline;
      later(8000);
    }
    busy = false;
    if (!timer && isChanged() && !stopped) later(1500);
  };
  const took = (sent, told) => {
    saved = sent;
    if (!id()) {
      form.elements.id.value = told.id;
      if (history.replaceState) history.replaceState(null, '', told.address);
    }
    form.elements.version.value = told.version;
    status.textContent = words.saved.replace('%s', told.saved);
    if (seen) seen.innerHTML = told.html;
    if (seenTitle) seenTitle.textContent = sent.title;
    if (isChanged()) keep(); else shelf.drop(id());
  };
  const moved = (told) => {
    stopped = true;
    status.textContent = words.typing;
    ask(words.moved.replace('%s', told.by || words.someone), [words.both, () => form.submit()]);
    note.scrollIntoView();
  };
  const later = (wait) => { clearTimeout(timer); timer = setTimeout(save, wait); };
  const changed = () => {
    keep();
    if (!stopped) { status.textContent = words.typing; later(2000); }
  };
  form.addEventListener('input', (event) => { if (event.target === title || event.target === body) changed(); });
  form.addEventListener('submit', () => { leaving = true; clearTimeout(timer); });
  window.addEventListener('pageshow', () => { leaving = false; });
  window.addEventListener('online', () => save());
  document.addEventListener('visibilitychange', () => { if (document.visibilityState === 'hidden') save(true); });

  // ---- the toolbar
  const put = (text, from, to) => {  // written as if typed, so that it can be undone
    body.focus();
    body.setSelectionRange(from, to);
    if (!document.execCommand || !document.execCommand('insertText', false, text)) {
      body.setRangeText(text, from, to, 'end');
      changed();
    }
  };
  const lineStart = (at) => body.value.lastIndexOf('\n', at - 1) + 1;
  const alone = (text) => {  // a piece that stands between blank lines, at the end of the present line
    const at = body.selectionEnd, end = body.value.indexOf('\n', at) < 0 ? body.value.length : body.value.indexOf('\n', at);
    const before = body.value.slice(0, end);
    put((before.trim() ? (/\n\s*$/.test(before) ? '\n' : '\n\n') : '') + text + '\n\n', end, end);
  };
  const steps = {
    bold() {
      const from = body.selectionStart, to = body.selectionEnd, text = body.value.slice(from, to) || words.bold;
      put('**' + text + '**', from, to);
      body.setSelectionRange(from + 2, from + 2 + text.length);
    },
    heading() { const at = lineStart(body.selectionStart); put('## ', at, at); },
    list() {
      const from = lineStart(body.selectionStart), to = Math.max(body.selectionEnd, from);
      const text = body.value.slice(from, to) || words.item;
      put(text.split('\n').map((line) => (line ? '- ' + line.replace(/^- /, '') : line)).join('\n'), from, to);
    },
    table() { alone(words.table); },
    picture() { document.getElementById('pick-picture').click(); },
    file() { document.getElementById('pick-file').click(); },
  };
  const toolbar = form.querySelector('.toolbar'), tools = Array.prototype.slice.call(toolbar.querySelectorAll('button'));
  toolbar.hidden = false;
  document.getElementById('enclosed').hidden = true;
  toolbar.addEventListener('click', (event) => { const tool = event.target.closest('button'); if (tool) steps[tool.dataset.step](); });
  toolbar.addEventListener('keydown', (event) => {
    const way = { ArrowRight: 1, ArrowLeft: -1 }[event.key], at = tools.indexOf(document.activeElement);
    if (!way || at < 0) return;
    event.preventDefault();
    const next = tools[(at + way + tools.length) % tools.length];
    tools.forEach((tool) => { tool.tabIndex = tool === next ? 0 : -1; });
    next.focus();
  });

  // ---- pictures, sounds, attachments: picked, pasted or dropped
  const send = async (files) => {
    for (const one of Array.prototype.slice.call(files)) {
      note.hidden = true;
      status.textContent = words.sending.replace('%s', one.name);
      const data = new FormData();
      data.append('csrf_token', form.elements.csrf_token.value);
      data.append('file', one, one.name);
      try {
        const answer = await fetch(form.dataset.files, { method: 'POST', body: data, credentials: 'same-origin', headers: { Accept: 'application/json' } });
        const told = await answer.json().catch(() => ({}));
        if (!answer.ok) { ask(one.name + '：' + (told.message || words.broken)); continue; }
        alone(told.markdown);
        status.textContent = words.put.replace('%s', one.name);
      } catch (_offline) { ask(one.name + '：' + words.broken); }
    }
  };
  ['pick-picture', 'pick-file'].forEach((name) => {
    const picker = document.getElementById(name);
    picker.addEventListener('change', () => { send(picker.files); picker.value = ''; });
  });
  body.addEventListener('paste', (event) => {
    const files = event.clipboardData && event.clipboardData.files;
    if (files && files.length) { event.preventDefault(); send(files); }
  });
  body.addEventListener('dragover', (event) => { if (event.dataTransfer && Array.prototype.indexOf.call(event.dataTransfer.types, 'Files') >= 0) event.preventDefault(); });
  body.addEventListener('drop', (event) => {
    if (!event.dataTransfer.files.length) return;
    event.preventDefault();
    send(event.dataTransfer.files);
  });
})();
