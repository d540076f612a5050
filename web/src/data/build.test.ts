import { expect, test } from "vitest";
import { isOther } from "./build.ts";

const INDEX = '<!doctype html><script type="module" crossorigin src="/assets/index-B2.js"></script>';

test.each([
  [INDEX, "/assets/index-B2.js", false], [INDEX, "/assets/index-A1.js", true], ["<h1>The console is not built</h1>", "/assets/index-A1.js", false],
])("%s is another build than %s: %s", (index, script, other) => expect(isOther(index, script)).toBe(other));
