// Completes what is being typed; without it the form works as it stands.
document.querySelectorAll('form[data-suggest]').forEach((form) => {
  const input = form.querySelector('input[type=search]');
  const list = document.createElement('div');
  list.className = 'suggestions';
  list.hidden = true;
  form.append(list);
  let timer = 0, asked = '', at = -1;
  const close = () => { list.hidden = true; at = -1; };
  const show = (items) => {
    list.textContent = '';
    list.append(...items.map((item) => Object.assign(document.createElement('a'), { href: item.url, textContent: item.text })));
    list.hidden = items.length === 0;
    at = -1;
  };
  const ask = async () => {
    const text = input.value.trim();
    asked = text;
    if (!text) return close();
    try {
      const answer = await fetch(`${form.dataset.suggest}?q=${encodeURIComponent(text)}`);
      if (answer.ok && asked === text) show((await answer.json()).items.slice(0, 6));
    } catch { close(); }
  };
  input.addEventListener('input', (event) => {
    if (event.isComposing) return;
    clearTimeout(timer);
    timer = setTimeout(ask, 160);
  });
  input.addEventListener('compositionend', ask);
  input.addEventListener('keydown', (event) => {
    const links = [...list.children];
    if (event.key === 'Escape') return close();
    if (!['ArrowDown', 'ArrowUp'].includes(event.key) || list.hidden) {
      if (event.key === 'Enter' && at >= 0) { event.preventDefault(); links[at].click(); }
      return;
    }
    event.preventDefault();
    at = (at + (event.key === 'ArrowDown' ? 1 : -1) + links.length) % links.length;
    links.forEach((link, n) => link.classList.toggle('on', n === at));
  });
  document.addEventListener('click', (event) => { if (!form.contains(event.target)) close(); });
});
