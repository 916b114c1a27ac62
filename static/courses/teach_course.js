// A draft's outline: rows are dragged by their handle, moved by arrow keys on it, or by the two buttons that a tap on it shows.
// The list follows what is being made.
(() => {
  const outline = document.getElementById('outline'), list = document.getElementById('lessons');
  if (!outline || !list) return;
  const words = JSON.parse(outline.dataset.words), said = document.getElementById('outline-said');
  const sort = (all) => Array.prototype.slice.call(all);
  const rowsOf = (part) => sort(part.querySelectorAll('.lesson-row[data-id]'));
  const parts = () => sort(list.querySelectorAll('.part'));
  const nameOf = (row) => row.querySelector('.grow > span').textContent;
  let held = null, timer = 0, busy = false, again = false;

  const say = (text) => { said.textContent = text; };
  const order = () => {
    const lines = [];
    parts().forEach((part) => {
      lines.push('section ' + part.dataset.section);
      rowsOf(part).forEach((row) => lines.push('lesson ' + row.dataset.id));
    });
    return lines.join('\n');
  };
  let kept = order();

  const save = async () => {
    timer = 0;
    if (busy) { again = true; return; }
    const wanted = order();
    if (wanted === kept) return;
    busy = true;
    const form = new FormData();
    form.append('csrf_token', outline.dataset.csrf);
    form.append('order', wanted);
    try {
      const answer = await fetch(outline.dataset.order, { method: 'POST', body: form, credentials: 'same-origin', headers: { Accept: 'application/json' } });
      if (!answer.ok) throw new Error(answer.status);
      kept = wanted;
      say(said.textContent + '。' + words.saved);
    } catch (_failed) {
      say(words.failed);
      const how = document.getElementById('how');
      if (how) { how.textContent = words.failed; how.className = 'small error'; }
    }
    busy = false;
    if (again) { again = false; save(); }
  };
  const soon = (wait) => { clearTimeout(timer); timer = setTimeout(save, wait); };

  const tell = (row) => {
    const part = row.closest('.part'), place = rowsOf(part).indexOf(row) + 1;
    const text = parts().length > 1 ? words.into.replace('%b', part.dataset.section || words.none) : words.moved;
    say(text.replace('%a', nameOf(row)).replace('%n', place));
  };

  // ---- by keys
  const step = (row, down) => {
    const part = row.closest('.part'), rows = rowsOf(part), at = rows.indexOf(row), all = parts();
    if (down && at < rows.length - 1) rows[at + 1].parentNode.insertBefore(row, rows[at + 1].nextSibling);
    else if (!down && at > 0) rows[at - 1].parentNode.insertBefore(row, rows[at - 1]);
    else {
      const next = all[all.indexOf(part) + (down ? 1 : -1)];
      if (!next) { say(words.edge); return; }
      const into = next.querySelector('ol');
      into.insertBefore(row, down ? into.firstChild : null);
    }
    tell(row);
    soon(700);
  };
  list.addEventListener('keydown', (event) => {
    const handle = event.target.closest('.handle');
    if (!handle || (event.key !== 'ArrowUp' && event.key !== 'ArrowDown')) return;
    event.preventDefault();
    step(handle.closest('.lesson-row'), event.key === 'ArrowDown');
    handle.focus();
  });

  // ---- by pointer, finger or mouse
  const place = (y) => {
    const all = parts();
    let part = all.find((p) => y < p.getBoundingClientRect().bottom) || all[all.length - 1];
    const rows = rowsOf(part).filter((r) => r !== held.row);
    const before = rows.find((r) => { const box = r.getBoundingClientRect(); return y < box.top + box.height / 2; });
    const into = part.querySelector('ol');
    if (before) { if (before.previousElementSibling !== held.row) into.insertBefore(held.row, before); }
    else if (into.lastElementChild !== held.row) into.appendChild(held.row);
  };
  const roll = () => {
    if (!held || !held.moved) return;
    const edge = 72, speed = held.y < edge ? -12 : held.y > innerHeight - edge - 56 ? 12 : 0;
    if (speed) { scrollBy(0, speed); place(held.y); }
    held.frame = requestAnimationFrame(roll);
  };
  const drop = (event) => {
    if (!held) return;
    const was = held;
    held = null;
    cancelAnimationFrame(was.frame);
    was.row.classList.remove('dragging');
    if (!was.moved) return;
    if (event.type === 'pointercancel') { was.home.insertBefore(was.row, was.next); return; }
    tell(was.row);
    soon(0);
  };
  if (window.PointerEvent) {
    list.addEventListener('pointerdown', (event) => {
      const handle = event.target.closest('.handle');
      if (!handle || event.button > 0) return;
      const row = handle.closest('.lesson-row');
      held = { row, from: event.clientY, y: event.clientY, moved: false, home: row.parentNode, next: row.nextSibling };
      list.setPointerCapture(event.pointerId);  // the list stays where it is; a row that moves would lose the pointer
    });
    list.addEventListener('pointermove', (event) => {
      if (!held) return;
      held.y = event.clientY;
      if (!held.moved && Math.abs(held.y - held.from) > 6) {
        held.moved = true;
        held.row.classList.add('dragging');
        held.frame = requestAnimationFrame(roll);
      }
      if (held.moved) place(held.y);
    });
    list.addEventListener('pointerup', (event) => {
      const row = held && !held.moved ? held.row : null;
      drop(event);
      if (row) row.classList.toggle('choosing');  // a tap: the two buttons, for who does not drag
    });
    list.addEventListener('pointercancel', drop);
  }
  list.addEventListener('click', (event) => {
    const handle = event.target.closest('.handle');
    if (handle && (event.detail === 0 || !window.PointerEvent)) handle.closest('.lesson-row').classList.toggle('choosing');
  });

  const dress = () => {
    list.classList.add('live');
    const how = document.getElementById('how');
    if (how) how.hidden = false;
    sort(list.querySelectorAll('.handle')).forEach((handle) => { handle.hidden = false; });
  };
  dress();

  // ---- what is being made
  if (document.querySelector('[data-making]')) {
    setInterval(async () => {
      if (document.visibilityState !== 'visible' || held || timer || busy || list.querySelector('details[open]')) return;
      if (list.contains(document.activeElement)) return;
      const page = new DOMParser().parseFromString(await (await fetch(location.href)).text(), 'text/html');
      const fresh = page.getElementById('lessons');
      if (!fresh || held || timer || busy) return;
      list.textContent = '';
      sort(fresh.childNodes).forEach((node) => list.appendChild(node));
      dress();
      kept = order();
      if (!page.querySelector('[data-making]')) location.reload();
    }, 3000);
  }
})();
