// Completes what is being typed; without it the form works as it stands. A combobox: arrows choose, Enter goes there,
// Escape and leaving the field close the list, and how many there are is said.
document.querySelectorAll('form[data-suggest]').forEach((form, number) => {
  const input = form.querySelector('input[type=search]');
  const list = document.createElement('div'), told = document.createElement('p');
  list.className = 'suggestions';
  list.id = `suggestions-${number}`;
  list.hidden = true;
  list.setAttribute('role', 'listbox');
  list.setAttribute('aria-label', form.dataset.label);
  told.className = 'visually-hidden';
  told.setAttribute('role', 'status');
  form.appendChild(list);
  form.appendChild(told);
  input.setAttribute('role', 'combobox');
  input.setAttribute('aria-autocomplete', 'list');
  input.setAttribute('aria-controls', list.id);
  input.setAttribute('aria-expanded', 'false');
  let timer = 0, asked = '', at = -1;
  const options = () => Array.from(list.children);
  const point = (n) => {
    at = n;
    options().forEach((option, i) => {
      option.classList.toggle('on', i === n);
      option.setAttribute('aria-selected', String(i === n));
    });
    if (n >= 0) input.setAttribute('aria-activedescendant', options()[n].id); else input.removeAttribute('aria-activedescendant');
  };
  const close = () => { list.hidden = true; input.setAttribute('aria-expanded', 'false'); point(-1); };
  const show = (items) => {
    list.textContent = '';
    items.forEach((item, n) => {
      const option = document.createElement('a');
      option.href = item.url;
      option.textContent = item.text;
      option.id = `${list.id}-${n}`;
      option.tabIndex = -1;
      option.setAttribute('role', 'option');
      if (item.lang) option.lang = item.lang;
      list.appendChild(option);
    });
    list.hidden = items.length === 0;
    input.setAttribute('aria-expanded', String(items.length > 0));
    told.textContent = items.length ? form.dataset.count.replace('%s', items.length) : '';
    point(-1);
  };
  const ask = async () => {
    const text = input.value.trim();
    asked = text;
    if (!text) { close(); return; }
    try {
      const between = form.dataset.suggest.indexOf('?') < 0 ? '?' : '&';
      const answer = await fetch(`${form.dataset.suggest}${between}q=${encodeURIComponent(text)}`);
      if (answer.ok && asked === text) show((await answer.json()).items.slice(0, 6));
    } catch (fault) { close(); }
  };
  input.addEventListener('input', (event) => {
    if (event.isComposing) return;
    clearTimeout(timer);
    timer = setTimeout(ask, 160);
  });
  input.addEventListener('compositionend', ask);
  input.addEventListener('keydown', (event) => {
    if (event.isComposing || list.hidden) return;
    if (event.key === 'Escape') { event.preventDefault(); close(); return; }
    if (event.key === 'Enter' && at >= 0) { event.preventDefault(); options()[at].click(); return; }
    if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
    event.preventDefault();
    const count = options().length;
    point(event.key === 'ArrowDown' ? (at + 1) % count : (at <= 0 ? count : at) - 1);
  });
  input.addEventListener('blur', (event) => { if (!list.contains(event.relatedTarget)) { asked = ''; close(); } });
  document.addEventListener('click', (event) => { if (!form.contains(event.target)) close(); });
});
