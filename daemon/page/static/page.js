// The least script that the page needs; without it everything works, by loading pages. It does six things:
//
//   live    when something has changed, asks for the same page again and puts in what differs (idiomorph), so that focus, scroll,
//           selection and what is half written stay
//   forms   sends them without leaving the page, and keeps what is typed in this window until it was taken
//   write   sends the text of a note as somebody writes, and brings in what others write
//   keys    / goes to the search
//   paper   prints, and copies a code, where somebody asks for that
//   files   says in the page's language which is chosen
//
// No string becomes markup or program here: documents come parsed from the browser (XMLHttpRequest.responseType).
"use strict";

(() => {
  const page = (url, method, body) => new Promise((done, failed) => {
    const ask = new XMLHttpRequest();
    ask.open(method, url);
    ask.responseType = "document";
    ask.timeout = 30000;
    if (body) ask.setRequestHeader("Content-Type", "application/x-www-form-urlencoded");
    ask.onload = () => ask.response && ask.response.querySelector("main") ? done({ page: ask.response, url: ask.responseURL, status: ask.status }) : failed();
    ask.onerror = ask.ontimeout = failed;
    ask.send(body);
  });

  let busy = false; // a form is being sent
  let shown = location.pathname + location.search;

  // What somebody has typed or chosen, and not sent, is theirs.
  const touched = (e) => e.matches?.("input, textarea, select") && (e.dataset.touched === "yes" || e === document.activeElement);

  const show = (next) => {
    document.title = next.title;
    document.documentElement.lang = next.documentElement.lang;
    const before = new Set([...document.querySelectorAll("main li[id]")].map((e) => e.id));
    Idiomorph.morph(document.body, next.body, { // the body itself: as what goes into it, it would stand in it as a second one, and all be made anew
      callbacks: {
        beforeNodeMorphed: (old) => !(old.nodeType === 1 && (stays(old, next) || touched(old) || old.id === "gone" || old.id === "news")),
        beforeAttributeUpdated: (name, e) => !(name === "open" && e.matches?.("details")), // what somebody unfolded stays so
        beforeNodeRemoved: (old) => !(old.nodeType === 1 && (touched(old) || old.querySelector?.("[data-touched=yes]") && old.closest("form[data-keep]"))),
      },
    });
    offer();
    begin();
    if (before.size) for (const e of document.querySelectorAll("main li[id]")) if (!before.has(e.id)) e.classList.add("fresh");
  };

  // Together: what somebody writes in a note goes out as they write, and what others write comes in around their cursor.
  const together = new Map(); // of forms: the text that it was changed from last, and what is on its way
  const pause = 700, longest = 2000; // milliseconds
  const post = (url, body) => new Promise((done) => {
    const ask = new XMLHttpRequest();
    ask.open("POST", url);
    ask.responseType = "json";
    ask.timeout = 30000;
    ask.setRequestHeader("Content-Type", "application/x-www-form-urlencoded");
    ask.onload = () => done({ status: ask.status, now: ask.response });
    ask.onerror = ask.ontimeout = () => done({ status: 0 });
    ask.send(new URLSearchParams(body));
  });
  // write sends the text, and gives the status of the answer; 0 is none. What was sent and not answered goes again as it was, with
  // the heads that it was changed from: then the daemon can tell that it has it. Only what it refused is given up.
  const write = (form) => {
    const state = together.get(form);
    if (!state) return Promise.resolve(0);
    if (state.under) { state.again = true; return state.under; }
    return state.under = writes(form, state).finally(() => { state.under = null; });
  };
  const writes = async (form, state) => {
    const field = form.elements.text, under = form.elements["was.sent"];
    clearTimeout(state.timer);
    state.again = false; state.since = 0;
    const known = under.value === "" && field.value === state.text; // and what others wrote is asked for
    const sent = under.value === "" ? field.value : under.value.slice(1);
    if (!known) { under.value = "=" + sent; keep(form); }
    const { status, now } = await post(form.dataset.write, { text: sent, heads: form.elements.heads.value, ...(known && { same: "yes" }) });
    if (status !== 200 || !now?.heads) {
      if (status >= 400 && status < 500) under.value = "";
      tell(form, false, now?.trouble);
      if (form.isConnected) state.timer = setTimeout(write, 1000, form);
      return status;
    }
    under.value = "";
    carry(field, sent, now);
    state.text = now.text;
    form.elements.heads.value = now.heads;
    form.elements["was.text"].value = now.text;
    const whole = field.value === now.text;
    tell(form, whole);
    if (whole) forget(form); else keep(form);
    here(true);
    if (state.again || !whole) later(form);
    return status;
  };
  // written sends all that stands in the field: a form that went while it is under way would say it a second time.
  const written = async (form) => {
    for (let state = together.get(form); state && (state.under || form.elements["was.sent"].value !== "" || form.elements.text.value !== state.text);) {
      const status = await write(form);
      if (status >= 400 && status < 500) return; // the form says why
      if (status !== 200) throw status;
    }
  };
  const later = (form) => {
    const state = together.get(form);
    state.since ||= Date.now();
    clearTimeout(state.timer);
    state.timer = setTimeout(write, Math.max(0, Math.min(pause, state.since + longest - Date.now())), form);
  };
  const tell = (form, sent, trouble) => {
    const e = form.querySelector("[data-sent]");
    if (e) e.textContent = sent ? e.dataset.sent : trouble || e.dataset.unsent;
  };
  // carry puts what has come into a field in which somebody may have gone on typing since it was sent.
  const carry = (field, sent, now) => {
    const typed = field.value, both = Carry.into(sent, typed, now.steps);
    if (both.text === typed) return;
    const from = field.selectionStart, to = field.selectionEnd, scroll = field.scrollTop, focus = document.activeElement === field;
    field.value = both.text;
    field.scrollTop = scroll;
    if (focus) field.setSelectionRange(from === to ? both.caret(from) : both.start(from), both.caret(to));
  };
  const stays = (form, next) => together.has(form) && [...next.querySelectorAll("form[data-write]")].some((e) => e.dataset.write === form.dataset.write);
  const begin = () => {
    for (const form of together.keys()) if (!form.isConnected) { clearTimeout(together.get(form).timer); together.delete(form); }
    for (const form of document.querySelectorAll("form[data-write]")) {
      if (together.has(form)) continue;
      together.set(form, { text: form.elements["was.text"].value });
      if (form.elements["was.sent"].value !== "" || form.elements.text.value !== form.elements["was.text"].value) later(form);
    }
  };
  document.addEventListener("input", (event) => {
    if (event.target.name !== "text" || !together.has(event.target.form)) return;
    tell(event.target.form, false);
    later(event.target.form);
  });

  // Live. One window of the browser listens for all, since a browser opens few connections to one place. The first change is asked for
  // at once; what else changes while that goes on, and for twice as long after, comes with one more request: so a burst of changes
  // leaves most of the time to whoever reads and writes.
  const longestRest = 1000; // milliseconds
  let asking = false, again = false;
  const refresh = async () => {
    if (document.body.hasAttribute("data-answer")) return; // what answers a form stands at no address
    if (asking) { again = true; return; }
    asking = true; again = false;
    const at = location.href, began = performance.now();
    try {
      const got = await page(at, "GET");
      if (got.url !== at && location.href === at && document.querySelector("[data-poll]")) { location.replace(got.url); return; }
      if (location.href === at && !busy && !document.body.hasAttribute("data-answer")) { show(got.page); here(true); }
    } catch { here(false); }
    setTimeout(() => { asking = false; if (again) refresh(); }, Math.min(longestRest, 2 * (performance.now() - began)));
  };
  const gone = () => document.getElementById("gone");
  const here = (is) => { const e = gone(); if (e && e.hidden !== is) e.hidden = is; };
  const told = new BroadcastChannel("kith");
  const hear = (what) => {
    if (what === "change") { together.forEach((_, form) => write(form)); refresh(); } else here(what !== "gone");
  };
  told.onmessage = (e) => hear(e.data);
  // Who asked for it is told on the desktop what waits for them, where that has changed while they looked elsewhere: by the window
  // that listens, once for all.
  const wants = () => "Notification" in window && Notification.permission === "granted" && localStorage.getItem("kith-notify") === "yes";
  let waited = null; // the sentence that the page of today began with
  const notify = async () => {
    if (!wants()) { waited = null; return; }
    try {
      const today = (await page("/" + location.pathname.split("/")[1] + "/", "GET")).page;
      const says = today.querySelector("main h1").textContent, waits = today.querySelector("main [data-waits]");
      if (waited !== null && waited !== says && waits && document.hidden) new Notification(today.querySelector(".mast-name").textContent.trim(), { body: says, tag: "kith" });
      waited = says;
    } catch { /* the daemon is gone: that is told elsewhere */ }
  };
  const listen = () => new Promise(() => {
    const say = (what) => { told.postMessage(what); hear(what); if (what === "change") notify(); };
    const open = () => {
      const live = new EventSource("/live");
      live.addEventListener("change", () => say("change"));
      live.onerror = () => {
        say("gone");
        if (live.readyState === EventSource.CLOSED) setTimeout(open, 1000);
      };
    };
    open();
  });
  if (document.body.hasAttribute("data-live")) {
    if (navigator.locks) navigator.locks.request("kith-live", listen); else listen();
  }

  // Forms.
  const kept = (form) => form?.dataset.keep && "kith:" + form.dataset.keep;
  const fields = (form) => [...form.elements].filter((e) => e.name && e.type !== "file" && e.type !== "password" && (e.type !== "hidden" || e.name.startsWith("was.") || e.name === "heads"));
  const keep = (form) => {
    const values = fields(form).map((e) => [e.name, e.value, e.checked ?? false]);
    try { sessionStorage.setItem(kept(form), JSON.stringify(values)); } catch { /* there is no room: it stays in the field */ }
  };
  const bring = (form) => {
    let values;
    try { values = JSON.parse(sessionStorage.getItem(kept(form))); } catch { return; }
    if (!values) return;
    for (const e of fields(form)) {
      const was = values.find(([name, value]) => name === e.name && (e.type !== "radio" && e.type !== "checkbox" || value === e.value));
      if (!was) continue;
      if (e.type === "radio" || e.type === "checkbox") e.checked = was[2]; else e.value = was[1];
      e.dataset.touched = "yes";
    }
  };
  const bringAll = () => document.querySelectorAll("form[data-keep]").forEach(bring);
  document.addEventListener("input", (event) => {
    const form = event.target.form;
    if (!form?.dataset.keep) { if (form) event.target.dataset.touched = "yes"; return; }
    for (const e of fields(form)) e.dataset.touched = "yes"; // also the text and heads that it was begun from
    keep(form);
  });
  const forget = (form) => {
    if (kept(form)) sessionStorage.removeItem(kept(form));
    for (const e of form.elements) delete e.dataset.touched;
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[data-forget]");
    if (link) forget(link.closest("form"));
  });
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (form.method !== "post" || "plain" in form.dataset || event.defaultPrevented) return;
    event.preventDefault();
    if (busy) return;
    busy = true;
    const button = event.submitter;
    button?.setAttribute("aria-busy", "true");
    try {
      if (together.has(form)) await written(form);
      const got = await page(form.action, "POST", new URLSearchParams(new FormData(form, button)));
      if (got.status < 400) {
        forget(form);
        const answer = got.page.body.hasAttribute("data-answer");
        const moved = answer || new URL(got.url).pathname !== location.pathname;
        if (!answer && got.url !== location.href) history.pushState(null, "", got.url);
        show(got.page);
        shown = location.pathname + location.search;
        if (moved) scrollTo(0, 0);
        (arrived() ?? document.getElementById("main"))?.focus({ preventScroll: true }); // and not what stands now where the button was
      } else {
        show(got.page);
        document.querySelector("[data-focus]")?.focus();
      }
      here(true);
    } catch { here(false); }
    button?.removeAttribute("aria-busy");
    busy = false;
  });
  addEventListener("popstate", () => { if (shown !== location.pathname + location.search) location.reload(); });

  // Keys.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.("input, textarea, select")) return;
    const find = [...document.querySelectorAll("input[type=search]")].find((e) => e.offsetParent);
    if (find) { event.preventDefault(); find.focus(); }
  });

  // On a board the arrow keys press the button of a task that moves it, Escape the one that moves it back; where it came to is said.
  let moved = null; // which task was moved last, and where it would go back to
  const arrived = () => {
    const card = moved?.under && document.getElementById(moved.id);
    if (!card) return null;
    moved.under = false;
    document.getElementById("news").textContent = card.dataset.card + ": " + card.closest("[data-column]").querySelector("h2").firstChild.textContent;
    return card.offsetParent ? card : null; // where the page is narrow, other columns are tabs
  };
  document.addEventListener("keydown", (event) => {
    const card = event.target.matches?.("[data-card]") ? event.target : null;
    if (!card || event.ctrlKey || event.metaKey || event.altKey) return;
    const press = (to) => {
      const button = card.querySelector(`[data-move=${to}]`);
      if (!button) return;
      moved = { id: card.id, back: to === "left" ? "right" : "left", under: true };
      button.form.requestSubmit(button);
    };
    const side = { ArrowLeft: "left", ArrowRight: "right" }[event.key], along = { ArrowUp: "previousElementSibling", ArrowDown: "nextElementSibling" }[event.key];
    if (side) press(side);
    else if (along) card[along]?.focus();
    else if (event.key === "Escape" && moved?.id === card.id) press(moved.back);
    else if (event.key === "Enter") card.querySelector("a").click();
    else return;
    event.preventDefault();
  });

  // What waits for something that no event tells of is asked again.
  setInterval(() => { if (document.querySelector("[data-poll]") && !document.hidden) refresh(); }, 1000);

  // A file is chosen with a button that speaks the page's language, and not the browser's; its name stands beside.
  const chosen = (input) => {
    const name = input.parentElement.querySelector("[data-none]");
    name.textContent = input.files[0]?.name ?? name.dataset.none;
  };
  document.addEventListener("change", (event) => { if (event.target.type === "file") chosen(event.target); });

  // What only script can do shows only where there is script.
  const offer = () => {
    document.querySelectorAll("[data-print], [data-copy]").forEach((e) => { e.hidden = false; });
    document.querySelectorAll("[data-file]").forEach((e) => { e.hidden = false; e.control.classList.add("unseen"); chosen(e.control); });
    const e = document.querySelector("[data-notify]");
    if (!e || !("Notification" in window) || Notification.permission === "denied") return;
    e.hidden = false;
    e.dataset.off ??= e.textContent;
    e.textContent = wants() ? e.dataset.on : e.dataset.off;
  };
  document.addEventListener("click", async (event) => {
    if (!event.target.closest?.("[data-notify]")) return;
    if (wants()) localStorage.removeItem("kith-notify");
    else if (await Notification.requestPermission() === "granted") localStorage.setItem("kith-notify", "yes");
    await notify(); // from what waits now on
    offer();
  });
  document.addEventListener("click", async (event) => {
    const button = event.target.closest?.("[data-print], [data-copy]");
    if (!button) return;
    if ("print" in button.dataset) { print(); return; }
    await navigator.clipboard.writeText(button.dataset.copy);
    button.textContent = button.dataset.copied;
  });

  offer();
  bringAll();
  begin();
})();
