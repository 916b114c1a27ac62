// A quiz's questions: what is pasted is looked at while one writes, the form shows what its kind needs, rows move by keys.
(() => {
  const all = (root, what) => Array.prototype.slice.call(root.querySelectorAll(what));

  // ---- pasting: the look follows half a second behind
  const paste = document.getElementById('paste-form'), preview = document.getElementById('preview');
  if (paste && preview && window.fetch && window.FormData) {
    const words = JSON.parse(paste.dataset.words), text = document.getElementById('f-text'), file = document.getElementById('f-file');
    const told = window.dressFileField(file, words, 'quiet');
    let timer = 0, turn = 0, shown = null;
    const look = async () => {
      timer = 0;
      const mine = ++turn, chosen = file.files[0];
      if (!chosen && !text.value.trim()) { preview.textContent = ''; shown = null; return; }
      if (chosen && chosen.size > 8388608) { tell(words.large); return; }
      if (!chosen && text.value.length > 1000000) { tell(words.long); return; }
      shown = chosen ? null : text.value;
      preview.setAttribute('aria-busy', 'true');
      try {
        const answer = await fetch(paste.action, { method: 'POST', body: new FormData(paste), credentials: 'same-origin', headers: { 'X-Piece': '1' } });
        const piece = await answer.text();
        if (mine !== turn) return;
        if (answer.status === 413) { tell(chosen ? words.large : words.long); preview.removeAttribute('aria-busy'); return; }
        if (answer.status >= 400 && answer.status !== 422) throw new Error(answer.status);
        preview.innerHTML = piece;
      } catch (_failed) {
        if (mine === turn) tell(words.broken);
      }
      preview.removeAttribute('aria-busy');
    };
    const tell = (sentence) => {
      preview.textContent = '';
      const note = document.createElement('p');
      note.className = 'note bad';
      note.textContent = sentence;
      preview.appendChild(note);
    };
    const soon = (wait) => { clearTimeout(timer); timer = setTimeout(look, wait); };
    text.addEventListener('input', () => { if (file.value) { file.value = ''; told(); } soon(text.value.length > 100000 ? 2000 : 500); });
    file.addEventListener('change', () => { if (file.files.length) soon(0); });
    paste.addEventListener('submit', (event) => { event.preventDefault(); clearTimeout(timer); look(); });
    if (text.value.trim() && shown === null && !preview.textContent.trim()) soon(0);
  }

  // ---- one question: only the fields of its kind
  const write = document.getElementById('write-form');
  if (write) {
    const kind = write.elements.kind;
    const fit = () => all(write, '[data-for]').forEach((part) => { part.hidden = part.dataset.for.split(' ').indexOf(kind.value) < 0; });
    kind.addEventListener('change', fit);
    fit();
    const stem = write.elements.stem, picture = write.elements.picture, said = document.getElementById('picture-said');
    window.dressFileField(picture, JSON.parse(write.dataset.words), 'quiet');
    if (window.fetch) picture.addEventListener('change', async () => {
      const chosen = picture.files[0];
      if (!chosen) return;
      const form = new FormData();
      form.append('csrf_token', write.elements.csrf_token.value);
      form.append('file', chosen);
      said.textContent = chosen.name;
      try {
        const answer = await fetch(write.dataset.files, { method: 'POST', body: form, credentials: 'same-origin' });
        const told = await answer.json();
        if (!answer.ok) { said.textContent = told.message; return; }
        const at = stem.selectionEnd || stem.value.length;
        stem.value = stem.value.slice(0, at) + (at ? '\n' : '') + told.markdown + stem.value.slice(at);
        picture.value = '';
        said.textContent = '✓ ' + chosen.name;
      } catch (_failed) { /* the file goes with the form */ }
    });
    if (location.hash === '#write') {
      const details = document.getElementById('write');
      details.open = true;
      // A browser that goes to a part of a page takes the focus away once more when all of it is there. Who has begun in
      // another field by then stays there: a page that jumps under a finger loses the tap.
      const isFree = () => !document.activeElement || document.activeElement === document.body;
      const begin = () => setTimeout(() => { if (isFree()) stem.focus(); }, 50);
      if (document.readyState === 'complete') begin(); else window.addEventListener('load', begin);
    }
  }

  // ---- order, without leaving the page
  const list = document.getElementById('question-list');
  if (!list || !window.fetch) return;
  const moved = document.getElementById('moved');
  const rows = () => all(list, '.question');
  const renumber = (version) => rows().forEach((row, n, every) => {
    row.id = 'q-' + (n + 1);
    row.querySelector('.q-number').textContent = n + 1;
    const form = row.querySelector('form');
    if (!form) return;
    if (version) form.elements.version.value = version;
    all(form, '[name=way]').forEach((button) => {
      button.disabled = (button.value === 'up' && n === 0) || (button.value === 'down' && n === every.length - 1);
      button.setAttribute('aria-label', button.getAttribute('aria-label').replace(/\d+/, n + 1));
    });
    const pen = form.querySelector('a');
    pen.setAttribute('aria-label', pen.getAttribute('aria-label').replace(/\d+/, n + 1));
  });
  let busy = false;
  const step = async (row, way, control) => {
    const next = way === 'up' ? row.previousElementSibling : row.nextElementSibling;
    if (!next || busy) return;
    busy = true;
    const form = row.querySelector('form'), sent = new FormData(form);
    sent.append('way', way);
    try {
      const answer = await fetch(form.action, { method: 'POST', body: sent, credentials: 'same-origin' });
      if (!answer.ok) throw new Error(answer.status);
      const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
      const fresh = page.querySelector('#question-list [name=version]');
      list.insertBefore(row, way === 'up' ? next : next.nextSibling);
      renumber(fresh && fresh.value);
      all(list, '.moved').forEach((x) => x.classList.remove('moved'));
      row.classList.add('moved');
      moved.textContent = moved.dataset.word.replace('%n', rows().indexOf(row) + 1);
      const there = control && !control.disabled ? control : row.querySelector('[name=way]:not([disabled])');
      if (there) there.focus();
      row.scrollIntoView({ block: 'nearest' });
    } catch (_failed) {
      moved.textContent = moved.dataset.failed;
      moved.className = 'error small';
    }
    busy = false;
  };
  list.addEventListener('click', (event) => {
    const button = event.target.closest('[name=way]');
    if (!button || button.value === 'remove') return;
    event.preventDefault();
    step(button.closest('.question'), button.value, button);
  });
  list.addEventListener('keydown', (event) => {
    if (!event.altKey || (event.key !== 'ArrowUp' && event.key !== 'ArrowDown')) return;
    const row = event.target.closest('.question');
    if (!row) return;
    event.preventDefault();
    step(row, event.key === 'ArrowUp' ? 'up' : 'down', event.target);
  });
})();
