// One question a screen, saved as it is answered; without it the form is one long page and works the same.
(() => {
  const form = document.getElementById('quiz');
  const questions = [...form.querySelectorAll('.question')];
  const dots = document.getElementById('dots'), quizBar = document.getElementById('quiz-bar');
  const before = document.getElementById('before'), after = document.getElementById('after');
  const handIn = document.getElementById('hand-in'), saved = document.getElementById('saved'), leftOpen = document.getElementById('left-open');
  const english = document.documentElement.lang.startsWith('en');
  let at = 0;

  function answerOf(question) {
    const { id, kind } = question.dataset;
    const named = (name) => [...form.querySelectorAll('input, select')].filter((x) => x.name === name);
    if (kind === 'single') { const x = named(`q-${id}`).find((y) => y.checked); return x ? x.value : null; }
    if (kind === 'truefalse') { const x = named(`q-${id}`).find((y) => y.checked); return x ? x.value === 'true' : null; }
    if (kind === 'multiple' || kind === 'ordering') { const chosen = named(`q-${id}`).filter((x) => x.checked).map((x) => x.value); return chosen.length ? chosen : null; }
    if (kind === 'matching') {
      const pairs = [...question.querySelectorAll('select')].filter((x) => x.value).map((x) => [x.name.slice(`q-${id}-`.length), x.value]);
      return pairs.length ? Object.fromEntries(pairs) : null;
    }
    const text = question.querySelector('input').value.trim();
    if (!text) return null;
    if (kind !== 'numeric') return text;
    const number = Number(text.replace('，', '.').replace(',', '.'));
    return Number.isFinite(number) ? number : null;
  }

  let unsaved = {}, timer = 0;
  async function save() {
    const batch = unsaved;
    if (!Object.keys(batch).length) return;
    unsaved = {};
    try {
      const answer = await fetch(`/api/v1/attempts/${form.dataset.attempt}/answers`, {
        method: 'PUT', credentials: 'same-origin', keepalive: true,
        headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': form.dataset.csrf }, body: JSON.stringify(batch),
      });
      if (!answer.ok) throw new Error();
      saved.textContent = english ? 'Saved' : '已保存';
    } catch {
      unsaved = { ...batch, ...unsaved };
      saved.textContent = english ? 'Offline, will save' : '断网，稍后保存';
      clearTimeout(timer);
      timer = setTimeout(save, 5000);
    }
  }
  form.addEventListener('input', (event) => {
    const question = event.target.closest('.question');
    if (!question) return;
    unsaved[question.dataset.id] = answerOf(question);
    clearTimeout(timer);
    timer = setTimeout(save, event.target.type === 'text' ? 800 : 150);
    mark();
  });
  window.addEventListener('online', save);
  window.addEventListener('pagehide', save);

  function mark() {
    [...dots.children].forEach((dot, n) => {
      dot.classList.toggle('filled', answerOf(questions[n]) !== null);
      n === at ? dot.setAttribute('aria-current', 'true') : dot.removeAttribute('aria-current');
    });
    const open = questions.filter((q) => answerOf(q) === null).length;
    leftOpen.hidden = open === 0;
    leftOpen.textContent = english ? `${open} not answered yet.` : `还有 ${open} 题没答。`;
  }
  function show(n, focus = true) {
    at = Math.max(0, Math.min(questions.length - 1, n));
    questions.forEach((q, i) => { q.hidden = i !== at; });
    before.disabled = at === 0;
    after.hidden = at === questions.length - 1;
    handIn.hidden = at !== questions.length - 1;
    mark();
    const first = questions[at].querySelector('input, select');
    if (focus && first) first.focus({ preventScroll: true });
  }
  questions.forEach((_q, n) => {
    const dot = Object.assign(document.createElement('button'), { type: 'button', textContent: n + 1 });
    dot.addEventListener('click', () => show(n));
    dots.append(dot);
  });
  dots.hidden = quizBar.hidden = false;
  before.addEventListener('click', () => show(at - 1));
  after.addEventListener('click', () => show(at + 1));
  show(questions.findIndex((q) => answerOf(q) === null) < 0 ? questions.length - 1 : questions.findIndex((q) => answerOf(q) === null), false);
})();
