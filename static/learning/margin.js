/* My notes beside the player: a note takes the second that plays, a note's time leads there. Without this the page still works. */
(function () {
  "use strict";
  var seek = document.getElementById("seek"), now = document.getElementById("now");
  var at = document.getElementById("note-at"), when = document.getElementById("note-when"), words = document.getElementById("f-note");
  var teacher = document.getElementById("ask-teacher");
  if (!seek || !now || !at || !words) return;

  function take() {
    at.value = String(Math.round(Number(seek.value) * 1000));
    if (when) when.textContent = now.textContent;
  }
  // The moment is the one when they began to write, not the one when they were done.
  words.addEventListener("focus", take);

  document.getElementById("notes").addEventListener("click", function (event) {
    var link = event.target.closest ? event.target.closest("a[data-at]") : null;
    if (!link) return;
    event.preventDefault();
    seek.value = String(Math.floor(Number(link.getAttribute("data-at")) / 1000));
    seek.dispatchEvent(new Event("input", { bubbles: true }));
    seek.dispatchEvent(new Event("change", { bubbles: true }));
  });

  if (teacher) {
    teacher.addEventListener("click", function () {
      teacher.href = teacher.href.replace(/&at=\d+$/, "") + "&at=" + Math.round(Number(seek.value) * 1000);
    });
  }
})();
