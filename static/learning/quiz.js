// One question a screen, saved as it is answered; without it the form is one long page and works the same.
(() => {
  const form = document.getElementById('quiz');
  const questions = [...form.querySelectorAll('.question')];
  const dots = document.getElementById('dots'), quizBar = document.getElementById('quiz-bar');
  const before = document.getElementById('before'), after = document.getElementById('after');
  const handIn = document.getElementById('hand-in'), saved = document.getElementById('saved'), leftOpen = document.getElementById('left-open');
  const words = JSON.parse(form.dataset.words);  // of the page's own language, with %s for what is put in
  const put = (text, value) => text.replace('%s', value);
  let at = 0;

  function answerOf(question) {
    const { id, kind } = question.dataset;
    const named = (name) => [...form.querySelectorAll('input, select')].filter((x) => x.name === name);
    if (kind === 'single') { const x = named(`q-${id}`).find((y) => y.checked); return x ? x.value : null; }
    if (kind === 'truefalse') { const x = named(`q-${id}`).find((y) => y.checked); return x ? x.value === 'true' : null; }
    if (kind === 'ordering') {  // by the places given; of two in one place the upper comes first
      const placed = [...question.querySelectorAll('select')].filter((x) => x.value).sort((a, b) => a.value - b.value);
      return placed.length ? placed.map((x) => x.name.slice(`q-${id}-`.length)) : null;
    }
    if (kind === 'multiple') { const chosen = named(`q-${id}`).filter((x) => x.checked).map((x) => x.value); return chosen.length ? chosen : null; }
    if (kind === 'matching') {
      const pairs = {};
      [...question.querySelectorAll('select')].filter((x) => x.value).forEach((x) => { pairs[x.name.slice(`q-${id}-`.length)] = x.value; });
      return Object.keys(pairs).length ? pairs : null;
    }
    const texts = [...question.querySelectorAll('input, textarea')].map((x) => x.value.trim());
    if (kind === 'fillin' && texts.length > 1) return texts.some(Boolean) ? texts : null;  // several gaps
    const text = texts[0];
    if (!text) return null;
    if (kind !== 'numeric') return text;
    const number = Number(text.replace('，', '.').replace(',', '.'));
    return Number.isFinite(number) ? number : null;
  }

  function putAnswer(id, answer) {  // an answer that was written before this page and not sent yet
    const question = questions.find((q) => q.dataset.id === id);
    if (!question) return;
    const { kind } = question.dataset, chosen = answer === null ? [] : [].concat(answer).map(String);
    [...question.querySelectorAll('input, select, textarea')].forEach((x, n) => {
      const part = x.name.slice(`q-${id}-`.length);
      if (x.type === 'radio' || x.type === 'checkbox') x.checked = chosen.includes(x.value);
      else if (kind === 'matching') x.value = (answer && answer[part]) || '';
      else if (kind === 'ordering') x.value = chosen.includes(part) ? chosen.indexOf(part) + 1 : '';
      else x.value = chosen[n] || '';
    });
    if (dots.children.length) mark();
  }
  const say = (text) => { if (saved.textContent !== text) saved.textContent = text; };  // said once, not at every answer
  const leave = () => { say(words.done); location.reload(); };
  const signedOut = document.getElementById('signed-out');
  const kept = window.keepAnswers(form, {
    saved() {
      say(words.saved);
      signedOut.hidden = true;
    },
    offline: (isStored) => say(isStored ? words.offline : words.unkept), unkept: () => say(words.unkept),
    late: (count) => say(put(words.late, count)), waits: (count) => say(put(words.waits, count)), closed: () => say(words.closed),
    held: (hold) => { form.elements.hold.value = hold; }, done: leave, restore: putAnswer, isBlank: (id) => questions.some((q) => q.dataset.id === id && answerOf(q) === null),
    signedOut(isStored) {
      say('');
      if (!isStored) {  // the answers are in this page alone: it must not be left
        signedOut.querySelector('p').textContent = words.stay;
        signedOut.querySelector('a').target = '_blank';
      }
      signedOut.hidden = false;
    },
    signedIn(token) {
      form.elements.csrf_token.value = token;
      signedOut.hidden = true;
    },
    taken() {
      const box = document.getElementById('taken');
      questions.forEach((q) => { q.disabled = true; });
      [...form.querySelectorAll('#hand-in button.wide, #extend')].forEach((x) => { x.disabled = true; });
      box.hidden = false;
      box.focus();
    },
  });
  document.querySelector('#taken button').addEventListener('click', (event) => {
    event.preventDefault();
    form.action = event.currentTarget.formAction;
    form.submit();
  });
  form.addEventListener('submit', async (event) => {  // what waits is sent first, so that nothing stays behind on the device
    event.preventDefault();
    if (navigator.onLine === false) { say(words.offline); return; }
    if (await Promise.race([kept.isReady(), new Promise((go) => setTimeout(() => go(true), 4000))])) form.submit(); else signedOut.scrollIntoView();
  });
  form.addEventListener('input', (event) => {
    const question = event.target.closest('.question');
    if (!question) return;
    kept.write(question.dataset.id, answerOf(question), /^text/.test(event.target.type) ? 800 : 150);
    countLeft(event.target);
    mark();
  });
  function countLeft(field) {  // how much more a short answer may say
    if (!field.dataset.longest) return;
    document.getElementById(field.getAttribute('aria-describedby')).textContent = put(words.left, field.dataset.longest - field.value.length);
  }
  [...form.querySelectorAll('textarea')].forEach((field) => { if (field.value) countLeft(field); });
  // Enter in an answer goes on to the next question; without this it would hand everything in.
  form.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.isComposing || event.target.tagName !== 'INPUT') return;
    event.preventDefault();
    if (after.hidden) handIn.querySelector('button').focus(); else show(at + 1);
  });

  // A last look before handing in: every question with what was answered; a tap goes there.
  const lastLook = document.getElementById('last-look');
  const stemOf = (question) => [...question.querySelector('.stem').childNodes]
    .map((x) => (x.tagName === 'INPUT' ? '____' : x.tagName === 'AUDIO' ? '' : x.textContent)).join('').trim();
  const said = (question) => [...question.querySelectorAll('input, select, textarea')].map((x) => {
    if (x.tagName === 'SELECT') return x.value ? `${x.parentNode.firstElementChild.textContent.trim()} → ${x.options[x.selectedIndex].text}` : '';
    if (x.type !== 'radio' && x.type !== 'checkbox') return x.value.trim();
    return x.checked ? x.parentNode.textContent.trim() : '';
  }).filter(Boolean).join('；');
  function lookAgain() {
    if (at !== questions.length - 1) return;
    [...lastLook.children].forEach((line, n) => {
      const text = answerOf(questions[n]) === null ? '' : said(questions[n]);
      line.classList.toggle('open', !text);
      line.querySelector('.said').textContent = text || words.unanswered;
    });
  }
  questions.forEach((question, n) => {
    const line = document.createElement('li'), button = document.createElement('button'), stem = document.createElement('span'), answer = document.createElement('span');
    button.type = 'button';
    stem.textContent = `${n + 1}. ${stemOf(question)}`;
    stem.className = 'asked';
    answer.className = 'said small';
    button.appendChild(stem);
    button.appendChild(answer);
    button.addEventListener('click', () => show(n));
    line.appendChild(button);
    lastLook.appendChild(line);
  });
  document.getElementById('look-again').hidden = false;

  function mark() {
    [...dots.children].forEach((dot, n) => {
      const isAnswered = answerOf(questions[n]) !== null;
      dot.classList.toggle('filled', isAnswered);
      dot.setAttribute('aria-label', put(words.question, n + 1) + (isAnswered ? words.answered : ''));
      n === at ? dot.setAttribute('aria-current', 'true') : dot.removeAttribute('aria-current');
    });
    lookAgain();
    const open = questions.filter((q) => answerOf(q) === null).length;
    leftOpen.hidden = open === 0;
    leftOpen.textContent = put(words.open, open);
  }
  function show(n, focus = true) {
    at = Math.max(0, Math.min(questions.length - 1, n));
    questions.forEach((q, i) => { q.hidden = i !== at; });
    before.disabled = at === 0;
    after.hidden = at === questions.length - 1;
    handIn.hidden = at !== questions.length - 1;
    mark();
    const first = questions[at].querySelector('input, select, textarea');
    if (focus && first) first.focus({ preventScroll: true });
  }
  questions.forEach((_q, n) => {
    const dot = Object.assign(document.createElement('button'), { type: 'button', textContent: n + 1 });
    dot.addEventListener('click', () => show(n));
    dots.append(dot);
  });

  // ---- time: five minutes before the end it is said, and more can be had where one is
  const SOON_MS = 5 * 60000;
  const ending = document.getElementById('ending'), endingWords = document.getElementById('ending-words');
  const extend = document.getElementById('extend'), moreTime = document.getElementById('more-time'), until = document.getElementById('until');
  let bell = 0;
  function ring(leftMs) {
    clearTimeout(bell);
    const soon = leftMs <= SOON_MS;
    ending.hidden = !soon;
    if (extend) (soon ? ending : moreTime).append(extend);
    if (leftMs <= 0) endingWords.textContent = extend && !extend.hidden ? words.over : words.ended;
    else if (soon) endingWords.textContent = put(words.ending, Math.max(1, Math.round(leftMs / 60000)));
    if (leftMs <= 0) return;
    const next = soon ? (leftMs > 70000 ? leftMs - 60000 : leftMs) : leftMs - SOON_MS;  // again at one minute, then at the end
    const due = Date.now() + leftMs;  // a phone that slept wakes up late: the clock says how late
    bell = setTimeout(() => ring(due - Date.now()), Math.min(next, 2000000000));
  }
  if (extend) {
    extend.addEventListener('click', async (event) => {
      event.preventDefault();
      try {
        await kept.flush();
        const answer = await fetch(`/api/v1/attempts/${form.dataset.attempt}/extension`, {
          method: 'POST', credentials: 'same-origin', headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': form.dataset.csrf },
        });
        if (!answer.ok) { form.action = extend.formAction; form.submit(); return; }  // the page that comes says why
        const told = await answer.json();
        const end = Date.parse(told.expires_at);
        until.textContent = put(words.until, new Date(end + 8 * 3600000).toISOString().slice(11, 16));  // the city's clock
        saved.textContent = put(words.extended, Math.round(told.extension_s / 60));
        extend.hidden = told.extensions_left === 0;
        const question = questions[at].querySelector('input, select, textarea');
        if (question) question.focus();
        ring(end - Date.now());
        kept.extended();
      } catch (fault) { endingWords.textContent = words.offline; }
    });
  }
  ring(Number(form.dataset.left));

  dots.hidden = quizBar.hidden = false;
  before.addEventListener('click', () => show(at - 1));
  after.addEventListener('click', () => show(at + 1));
  show(questions.findIndex((q) => answerOf(q) === null) < 0 ? questions.length - 1 : questions.findIndex((q) => answerOf(q) === null), false);
})();
