// A quiz's answers are kept on this device until the server has them: a dead line, a reload, a closed page lose nothing.
// One page at a time goes on with an attempt; another one that took it over makes this one stop, and what was written here
// before that is still sent. What an earlier page could not send is shown once the server says that nothing newer stands there.
window.keepAnswers = (form, hears) => {
  const api = `/api/v1/attempts/${form.dataset.attempt}`, prefix = `guanxue/${form.dataset.person}/exam/${form.dataset.attempt}/`;
  const page = Math.random().toString(36).slice(2, 12) + Math.random().toString(36).slice(2, 8);
  const store = (() => {  // none in some private windows
    try { localStorage.setItem('exam-try', '1'); localStorage.removeItem('exam-try'); return localStorage; } catch (_none) { return null; }
  })();
  const queue = {};  // {question: {answer, seq, hold, at}}: written, not yet acknowledged
  const restored = {};  // {question: true}: in the queue from an earlier page, and not decided yet
  let theirs = {};  // the server's answers as they were when this page took the attempt
  let hold = Number(form.dataset.hold), seq = Number(form.dataset.seq), isHeld = false, isTaken = false, isBusy = false, isLate = false, timer = 0;
  let isOver = false;  // the time is over, and what waits goes in once there is more of it
  let isOut = false;  // the session is lost, or somebody else signed in beside

  // ---- what is written down on the device
  function note() {
    if (!store) return;
    try {
      if (Object.keys(queue).length) store.setItem(prefix + page, JSON.stringify(queue)); else store.removeItem(prefix + page);
    } catch (_full) { hears.unkept(); }
  }
  function found() {  // what earlier pages of this attempt could not send, the newest of each answer
    const all = {};
    if (!store) return all;
    Object.keys(store).filter((key) => key.startsWith(prefix)).forEach((key) => {
      try {
        const told = JSON.parse(store.getItem(key));
        Object.keys(told).forEach((id) => { if (!all[id] || all[id].at < told[id].at) all[id] = told[id]; });
      } catch (_broken) { /* not ours to send */ }
      if (key !== prefix + page) store.removeItem(key);
    });
    return all;
  }

  async function ask(method, path, body, isLast) {
    const answer = await fetch(api + path, {
      method, credentials: 'same-origin', keepalive: Boolean(isLast),
      headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': form.dataset.csrf }, body: body ? JSON.stringify(body) : undefined,
    });
    if (!answer.ok) throw Object.assign(new Error(), { status: answer.status });
    return answer.json();
  }

  // ---- sending
  function batches() {  // what is sent together: written under one hold
    const parts = {};
    Object.keys(queue).forEach((id) => { (parts[queue[id].hold] = parts[queue[id].hold] || []).push(id); });
    return Object.keys(parts).map(Number).sort((a, b) => a - b).map((of) => ({ of, ids: parts[of] }));
  }
  async function sendBatch(of, ids, isLast) {
    const sent = {}, answers = {};
    ids.forEach((id) => {
      sent[id] = queue[id];
      answers[id] = { answer: queue[id].answer, seq: queue[id].seq, ago_ms: Math.max(0, Date.now() - queue[id].at) };
    });
    try {
      const told = await ask('POST', '/saves', { page, hold: of, answers }, isLast);
      isOut = false;
      const waits = told.left_s === 0 && told.may_extend ? told.refused : [];
      ids.filter((id) => queue[id] === sent[id] && !waits.includes(id)).forEach((id) => {
        delete queue[id];
        if (restored[id]) hears.restore(id, told.counted.includes(id) ? sent[id].answer : id in theirs ? theirs[id] : null);
        delete restored[id];
      });
      note();
      if (told.closed === 'handed-in') hears.done();
      else if (waits.length) { isLate = isOver = true; hears.waits(Object.keys(queue).length); }
      else if (told.closed) { isLate = true; hears.closed(); }
      else if (told.refused.length) { isLate = true; hears.late(told.refused.length); }
      if (isHeld && (told.hold > hold || (of === hold && !told.is_mine))) taken();
    } catch (fault) {
      if (fault.status !== 422) throw fault;
      if (ids.length === 1) { delete queue[ids[0]]; delete restored[ids[0]]; note(); return; }  // no answer at all: it must not hold up the others
      for (const id of ids) await sendBatch(of, [id], isLast);
    }
  }
  function tell(fault) {  // why nothing was sent: a lost session is no dead line
    isOut = [401, 403, 404].includes(fault.status);
    if (isOut) hears.signedOut(Boolean(store)); else hears.offline(Boolean(store));
  }
  // Once they signed in again, in another window: with that session's token, and the attempt taken anew where nobody did meanwhile.
  async function comeBack() {
    const told = await ask('GET', '');
    const answer = await fetch(location.pathname, { credentials: 'same-origin' }), token = /name="csrf_token" value="([^"]+)"/.exec(await answer.text());
    if (!token) throw Object.assign(new Error(), { status: 403 });
    form.dataset.csrf = token[1];
    hears.signedIn(token[1]);
    if (told.hold <= hold) await grab();
    isOut = false;
  }
  async function flush(isLast) {
    clearTimeout(timer);
    if (isBusy && !isLast) { timer = setTimeout(flush, 500); return false; }
    if (!Object.keys(queue).length) return true;
    if (!isHeld && !isLast) return false;  // take() sends it
    if (isOver) { hears.waits(Object.keys(queue).length); return false; }
    isBusy = true;
    try {
      if (isOut && !isLast) await comeBack();
      for (const { of, ids } of batches()) await sendBatch(of, ids, isLast);
      if (!Object.keys(queue).length && !isLate) hears.saved();
      return !Object.keys(queue).length;
    } catch (fault) {
      tell(fault);
      timer = setTimeout(flush, fault.status === 429 ? 15000 : 5000);
      return false;
    } finally { isBusy = false; }
  }
  // May the form be handed in? Whoever is signed out would be shown an error instead.
  async function isReady() {
    await flush();
    try {
      if (isOut) await comeBack();
      await sendBatch(hold, []);
    } catch (fault) { tell(fault); }
    return !isOut;
  }
  function write(id, answer, soonMs) {
    if (isTaken) return;
    seq += 1;
    isLate = false;
    queue[id] = { answer, seq, hold, at: Date.now() };
    delete restored[id];
    note();
    clearTimeout(timer);
    timer = setTimeout(flush, soonMs);
  }

  // ---- who goes on with it
  function taken() {
    if (isTaken) return;
    isTaken = true;
    hears.taken();
  }
  async function grab() {
    const told = await ask('POST', '/hold', { page });
    isHeld = true;
    hold = told.hold;
    theirs = told.answers;
    seq = Math.max(seq, told.seq);
    Object.keys(queue).filter((id) => !restored[id]).forEach((id) => {  // written here while it was asked for
      seq += 1;
      queue[id] = Object.assign({}, queue[id], { hold, seq });
    });
    hears.held(hold);
  }
  async function take() {
    try {
      if (isOut) await comeBack(); else await grab();
      flush();
    } catch (fault) {
      if (fault.status === 409) { hears.done(); return; }
      if (Object.keys(queue).length) tell(fault);
      setTimeout(take, 5000);
    }
  }
  function extended() {  // there is more time: what waited for it goes in
    isOver = isLate = false;
    return flush();
  }
  async function look() {
    if (!isHeld || isTaken || document.hidden) return;
    try {
      const told = await ask('GET', '');
      if (told.handed_in) hears.done();
      else if (told.hold > hold || !told.is_here) { await flush(); taken(); }
      else if (isOver && told.left_s > 0) extended();
    } catch (_offline) { /* the next look, or the next answer, tells */ }
  }
  setInterval(look, 20000);
  document.addEventListener('visibilitychange', look);
  window.addEventListener('online', () => { flush(); look(); });
  window.addEventListener('pagehide', () => flush(true));

  const before = found();
  Object.keys(before).forEach((id) => {
    queue[id] = before[id];
    restored[id] = true;
    if (hears.isBlank(id)) hears.restore(id, before[id].answer);  // nothing there that it could hide
  });
  note();
  take();
  return { write, flush, extended, isReady };
};
