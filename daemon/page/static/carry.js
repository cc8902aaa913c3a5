// What somebody typed in a text and what others wrote in it meanwhile, put together. Nothing here knows of a page or a network.
//
//   Carry.steps(from, to)                the steps from a text to another: {same: n}, {gone: n} or {new: words}, n in units of UTF-16
//   Carry.into(sent, typed, steps)       both in one: typed came of sent in a field, and steps lead from sent to what stands now.
//                                        gives text, and caret(p), start(p) for where a place of typed is in it
"use strict";

globalThis.Carry = (() => {
  // A word has the white space behind it, so that a space alone is nothing that stayed.
  const pieces = (text) => text.match(/\S*\s|\S+/g) ?? [];

  const most = 400; // steps that are looked for; what differs in more is taken as written anew

  // shortest gives the fewest steps between two rows of pieces (Myers 1986), as [is, piece]; null: they are too many.
  const shortest = (a, b) => {
    const far = new Map([[1, 0]]), past = [];
    for (let d = 0; d <= Math.min(most, a.length + b.length); d++) {
      past.push(new Map(far));
      for (let k = -d; k <= d; k += 2) {
        let x = k === -d || k !== d && far.get(k - 1) < far.get(k + 1) ? far.get(k + 1) : far.get(k - 1) + 1;
        while (x < a.length && x - k < b.length && a[x] === b[x - k]) x++;
        far.set(k, x);
        if (x >= a.length && x - k >= b.length) return back(a, b, past);
      }
    }
    return null;
  };
  const back = (a, b, past) => {
    const steps = [];
    let x = a.length, y = b.length;
    for (let d = past.length - 1; d >= 0; d--) {
      const far = past[d], k = x - y;
      const from = k === -d || k !== d && far.get(k - 1) < far.get(k + 1) ? k + 1 : k - 1;
      const x0 = d ? far.get(from) : 0, y0 = d ? x0 - from : 0;
      while (x > x0 && y > y0) { steps.push(["same", a[--x]]); y--; }
      if (d) steps.push(x > x0 ? ["gone", a[--x]] : ["new", b[--y]]);
    }
    return steps.reverse();
  };

  const steps = (from, to) => {
    const a = pieces(from), b = pieces(to);
    let head = 0, tail = 0;
    while (head < a.length && head < b.length && a[head] === b[head]) head++;
    while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++;
    const was = a.slice(head, a.length - tail), is = b.slice(head, b.length - tail), all = [];
    const same = (n) => { if (n > 0) all.push({ same: n }); };
    const units = (some) => some.join("").length;
    same(units(a.slice(0, head)));
    let gone = "", come = "";
    const flush = () => { // of a word that was changed, what it begins and ends with stayed
      let from = 0, to = 0;
      const shared = Math.min(gone.length, come.length), whole = (s, i) => !(s.charCodeAt(i) >= 0xdc00 && s.charCodeAt(i) < 0xe000);
      while (from < shared && gone[from] === come[from]) from++;
      while (from > 0 && !(whole(gone, from) && whole(come, from))) from--;
      while (to < shared - from && gone[gone.length - 1 - to] === come[come.length - 1 - to]) to++;
      while (to > 0 && !(whole(gone, gone.length - to) && whole(come, come.length - to))) to--;
      same(from);
      if (gone.length > from + to) all.push({ gone: gone.length - from - to });
      if (come.length > from + to) all.push({ new: come.slice(from, come.length - to) });
      same(to);
      gone = come = "";
    };
    for (const [what, piece] of shortest(was, is) ?? [["gone", was.join("")], ["new", is.join("")]]) {
      if (what === "same") { flush(); same(piece.length); } else if (what === "gone") gone += piece; else come += piece;
    }
    flush();
    same(units(a.slice(a.length - tail)));
    return all;
  };

  // spread says of each unit of a text whether it is gone, and what is new before it; and at last what is new behind all.
  const spread = (length, steps) => {
    const gone = new Array(length).fill(false), come = new Array(length + 1).fill("");
    let at = 0;
    for (const step of steps) {
      if (step.new) come[at] += step.new;
      if (step.gone) gone.fill(true, at, at + step.gone);
      at += (step.same ?? 0) + (step.gone ?? 0);
    }
    return { gone, come };
  };

  const into = (sent, typed, theirSteps) => {
    const mine = spread(sent.length, steps(sent, typed)), theirs = spread(sent.length, theirSteps);
    const at = [], there = []; // of each unit of what was typed: its place in the text, and whether it is in it
    let text = "";
    const putMine = (words) => { for (let i = 0; i < words.length; i++) { at.push(text.length + i); there.push(true); } text += words; };
    for (let i = 0; i <= sent.length; i++) {
      // A word that somebody goes on typing stays in one piece; else what others wrote at the same place stands first.
      const goesOn = mine.come[i] && /\S/.test(text.slice(-1)) && /\S/.test(mine.come[i][0]);
      if (goesOn) putMine(mine.come[i]);
      text += theirs.come[i];
      if (!goesOn) putMine(mine.come[i]);
      if (i === sent.length) break;
      const stays = !mine.gone[i] && !theirs.gone[i];
      if (!mine.gone[i]) { at.push(text.length); there.push(stays); }
      if (stays) text += sent[i];
    }
    return {
      text,
      caret: (p) => p > 0 ? at[p - 1] + there[p - 1] : 0, // behind what it was behind
      start: (p) => p < at.length ? at[p] : text.length, // before what it was before
    };
  };

  return { steps, into };
})();
