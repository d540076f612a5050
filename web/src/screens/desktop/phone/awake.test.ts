import { expect, test } from "vitest";
import { stayAwake } from "./awake.ts";

class Page extends EventTarget {
  visibilityState: DocumentVisibilityState = "visible";

  become(state: DocumentVisibilityState): void {
    this.visibilityState = state;
    this.dispatchEvent(new Event("visibilitychange"));
  }
}

function screen() {
  const locks = { asked: 0, released: 0 };
  const request = () => {
    locks.asked += 1;
    return Promise.resolve({ release: () => Promise.resolve(void (locks.released += 1)) });
  };
  return { locks, request };
}

const settled = () => new Promise((resolve) => setTimeout(resolve));

test("the screen stays on until the agent takes no calls", async () => {
  const { locks, request } = screen();
  const over = stayAwake(new Page(), request);
  await settled();
  expect(locks).toEqual({ asked: 1, released: 0 });
  over();
  expect(locks.released).toBe(1);
});

test("a page that was hidden asks again when it is seen, and not afterwards", async () => {
  const { locks, request } = screen();
  const page = new Page();
  const over = stayAwake(page, request);
  await settled();
  page.become("hidden");
  expect(locks.asked).toBe(1);
  page.become("visible");
  expect(locks.asked).toBe(2);
  await settled();
  over();
  page.become("visible");
  expect(locks.asked).toBe(2);
});

test("a lock that comes too late is given back", async () => {
  const { locks, request } = screen();
  stayAwake(new Page(), request)();
  await settled();
  expect(locks.released).toBe(1);
});

test("a browser without it, or that refuses, is as it was", async () => {
  stayAwake(new Page(), undefined)();
  stayAwake(new Page(), () => Promise.reject(new Error("NotAllowedError")))();
  await settled();
});
