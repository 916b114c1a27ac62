// A lesson of slides: saved quietly as one writes, pages moved in place, a recording sent as soon as it is chosen.
(() => {
  const adding = document.getElementById('slides-files');
  if (adding) {
    window.dressFileField(document.getElementById('f-files'), { choose: adding.dataset.choose, none: adding.dataset.none });
    adding.addEventListener('submit', () => {
      document.getElementById('reading').hidden = false;
      setTimeout(() => { adding.querySelector('button.button').disabled = true; }, 0);
    });
    window.addEventListener('pageshow', () => { adding.querySelector('button.button').disabled = false; document.getElementById('reading').hidden = true; });
  }

  const form = document.getElementById('slides-form');
  if (!form || !('quiet' in form.dataset) || !window.fetch || !window.FormData) return;
  const words = JSON.parse(form.dataset.words), deck = document.getElementById('deck');
  const status = document.getElementById('saved'), note = document.getElementById('unsaved'), total = document.getElementById('total');
  const pages = () => Array.prototype.slice.call(deck.children);
  const state = () => form.elements.title.value + '\u0000' + pages().map((one) => [
    one.querySelector('[name=picture]').value, one.querySelector('[name=recording]').value, one.querySelector('textarea').value].join('\u0001')).join('\u0002');
  let saved = state(), timer = 0, busy = false, stopped = false, leaving = false;
  const ask = (text, label, act) => {  // a line with a button above the form
    note.textContent = text + ' ';
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'button quiet';
    button.textContent = label;
    button.addEventListener('click', act);
    note.appendChild(button);
    note.hidden = false;
  };

  // ---- saving
  const later = (wait) => { clearTimeout(timer); timer = setTimeout(save, wait); };
  const changed = () => { if (!stopped) { status.textContent = words.typing; later(1500); } };
  async function save(isLast) {
    clearTimeout(timer);
    timer = 0;
    const sent = state();
    if (busy || stopped || leaving || sent === saved || !form.elements.title.value.trim()) return;
    busy = true;
    status.textContent = words.saving;
    const data = new FormData();
    data.append('csrf_token', form.elements.csrf_token.value);
    data.append('version', form.elements.version.value);
    data.append('title', form.elements.title.value);
    pages().forEach((one) => ['picture', 'recording', 'text'].forEach((name) => data.append(name, one.querySelector('[name=' + name + ']').value)));
    try {
      const answer = await fetch(form.action, { method: 'POST', body: data, credentials: 'same-origin', headers: { Accept: 'application/json' }, keepalive: Boolean(isLast) && sent.length < 15000 });
      const told = answer.status < 500 ? await answer.json().catch(() => ({})) : {};
      if (answer.ok) took(sent, told);
      else if (answer.status === 409) {
        stopped = true;
        status.textContent = words.typing;
        ask(words.moved.replace('%s', told.by || words.someone), words.both, () => form.submit());
        note.scrollIntoView();
      } else if (answer.status === 401) { status.textContent = words.signed_out; stopped = true; } else { status.textContent = told.message || words.broken; later(15000); }
    } catch (_offline) {
      status.textContent = words.offline;
      later(8000);
    }
    busy = false;
    if (!timer && state() !== saved && !stopped) later(1500);
  }
  const took = (sent, told) => {
    saved = sent;
    form.elements.version.value = told.version;
    status.textContent = words.saved.replace('%s', told.saved);
    if (state() === sent) pages().forEach((one, n) => { one.querySelector('.takes').textContent = told.takes[n] || ''; });
    const seconds = Math.round(told.total_ms / 1000);
    if (total) total.textContent = Math.floor(seconds / 60) + ':' + ('0' + seconds % 60).slice(-2);
    const behind = document.getElementById('behind');
    if (behind && document.getElementById('video-state')) behind.hidden = told.is_current;
  };
  form.addEventListener('input', (event) => { if (event.target.name === 'text' || event.target.name === 'title') changed(); });
  form.addEventListener('submit', () => { leaving = true; clearTimeout(timer); });
  window.addEventListener('pageshow', () => { leaving = false; });
  window.addEventListener('online', () => save());
  document.addEventListener('visibilitychange', () => { if (document.visibilityState === 'hidden') save(true); });

  // ---- moving and removing, without another page
  const number = () => pages().forEach((one, n) => {
    one.id = 'page-' + (n + 1);
    one.querySelector('h3').textContent = words.page.replace('%s', n + 1);
    Array.prototype.forEach.call(one.querySelectorAll('button[name=do]'), (button) => { button.value = button.value.replace(/\d+$/, n); });
    const field = one.querySelector('input[type=file]');
    if (field) field.name = 'sound-' + n;
  });
  deck.addEventListener('click', (event) => {
    const button = event.target.closest('button[name=do]');
    if (!button) return;
    event.preventDefault();
    const one = button.closest('li'), way = button.value.replace(/-\d+$/, ''), before = one.previousElementSibling, after = one.nextElementSibling;
    if (way === 'up' && before) deck.insertBefore(one, before);
    else if (way === 'down' && after) deck.insertBefore(after, one);
    else if (way === 'mute') { one.querySelector('[name=recording]').value = ''; hear(one); }
    else if (way === 'remove') {
      const at = pages().indexOf(one);
      deck.removeChild(one);
      ask(words.removed.replace('%s', at + 1), words.back, () => { deck.insertBefore(one, deck.children[at] || null); note.hidden = true; number(); changed(); one.scrollIntoView(); });
    }
    number();
    changed();
    if (way === 'up' || way === 'down') { button.focus(); status.textContent = words.moved_to.replace('%s', pages().indexOf(one) + 1); }
  });

  // ---- recordings
  let made = 0;
  function hear(one) {  // what stands in the place of the recording: the sound itself, or a field to choose one
    const place = one.querySelector('.deck-sound'), address = one.querySelector('[name=recording]').value;
    place.textContent = '';
    if (address) {
      const audio = document.createElement('audio'), mute = document.createElement('button');
      audio.controls = true;
      audio.preload = 'none';
      audio.src = address;
      audio.setAttribute('aria-label', one.querySelector('h3').textContent);
      mute.className = 'button quiet';
      mute.name = 'do';
      mute.value = 'mute-0';
      mute.textContent = words.mute;
      place.appendChild(audio);
      place.appendChild(mute);
    } else {
      const field = document.createElement('input');
      field.type = 'file';
      field.accept = 'audio/*,.amr,.m4a,.mp3,.wav,.ogg';
      field.id = 'sound-more-' + (made += 1);
      place.appendChild(field);
      choose(one, field);
    }
    number();
  }
  function choose(one, field) {
    window.dressFileField(field, { choose: words.choose });
    field.addEventListener('change', async () => {
      const sound = field.files[0];
      if (!sound) return;
      status.textContent = words.sending.replace('%s', sound.name);
      const data = new FormData();
      data.append('csrf_token', form.elements.csrf_token.value);
      data.append('file', sound, sound.name);
      field.value = '';
      try {
        const answer = await fetch(form.dataset.files, { method: 'POST', body: data, credentials: 'same-origin', headers: { Accept: 'application/json' } });
        const told = await answer.json().catch(() => ({}));
        if (!answer.ok || told.kind !== 'sound') { status.textContent = told.message || (answer.ok ? words.no_sound : words.broken); return; }
        one.querySelector('[name=recording]').value = told.address;
        hear(one);
        changed();
      } catch (_offline) { status.textContent = words.broken; }
    });
  }
  pages().forEach((one) => { const field = one.querySelector('input[type=file]'); if (field) choose(one, field); });
})();
