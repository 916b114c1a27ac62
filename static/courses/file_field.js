// What a browser writes on a file field is in the browser's language; ours is written on a label over it.
// dressFileField(field, { choose, none }) gives back what writes the chosen names anew.
window.dressFileField = (field, words, look) => {
  const picker = document.createElement('div'), press = document.createElement('label'), picked = document.createElement('span');
  picker.className = 'file-picker';
  press.className = 'button ' + (look || 'second');
  press.htmlFor = field.id;
  press.textContent = words.choose;
  picked.className = 'small muted';
  field.parentNode.insertBefore(picker, field);
  [field, press, picked].forEach((part) => picker.appendChild(part));
  const tell = () => {
    const names = Array.prototype.map.call(field.files, (file) => file.name);
    picked.textContent = names.length ? names.slice(0, 3).join('、') + (names.length > 3 ? ' … ' + names.length : '') : words.none || '';
  };
  field.addEventListener('change', tell);
  tell();
  return tell;
};
