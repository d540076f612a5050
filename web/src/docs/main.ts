/**
 * The page `/docs`: every endpoint of this server's own OpenAPI document, to be read and tried out.
 *
 * It is an entry of its own, which shares nothing with the console: its first load has none of this, and who reads it
 * need not sign in. Requests go to this origin alone, without the cookie of a session: what a key may do is seen as a
 * program sees it. The key is kept in memory.
 */

import SwaggerUI from "swagger-ui-dist/swagger-ui-es-bundle.js";
import "swagger-ui-dist/swagger-ui.css";
import "./docs.css";
import { withoutOptional, type Document } from "./optional.ts";
import { javascript, python, type Sent } from "./samples.ts";

type Request = { get: (name: string) => unknown };

/** The request that a sample is of, from the immutable map that the renderer keeps. */
function sentOf(request: Request): Sent {
  const headers = request.get("headers") as { toJS?: () => Record<string, string> } | undefined;
  const body = request.get("body");
  return { method: String(request.get("method")), url: String(request.get("url")), headers: headers?.toJS?.() ?? {}, body: typeof body === "string" ? body : undefined };
}

SwaggerUI({
  url: "/openapi.json",
  dom_id: "#docs",
  docExpansion: "none",
  defaultModelsExpandDepth: -1,
  displayRequestDuration: true,
  filter: true,
  validatorUrl: null,
  syntaxHighlight: false, // its colours are hard to read in either theme
  requestSnippetsEnabled: true,
  requestSnippets: {
    generators: {
      curl_bash: { title: "curl", syntax: "bash" },
      python: { title: "Python", syntax: "python" },
      javascript: { title: "JavaScript", syntax: "javascript" },
    },
    defaultExpanded: true,
  },
  requestInterceptor: (request: { credentials?: string }) => ({ ...request, credentials: "omit" }),
  plugins: [{
    statePlugins: { spec: { wrapActions: { updateJsonSpec: (original: (spec: Document) => unknown) => (spec: Document) => original(withoutOptional(spec)) } } },
    fn: {
      requestSnippetGenerator_python: (request: Request) => python(sentOf(request)),
      requestSnippetGenerator_javascript: (request: Request) => javascript(sentOf(request)),
    },
  }],
});

/** The renderer gives lists of choices no names: they get that of their label, or what they choose. */
function nameChoices(): void {
  for (const list of document.querySelectorAll("select:not([aria-label])")) {
    const label = list.closest("label, .servers, .examples-select, .response, section, td")?.querySelector("label, .servers-title, .examples-select__section-label");
    list.setAttribute("aria-label", label?.textContent?.trim() || "Choice");
  }
}
new MutationObserver(nameChoices).observe(document.querySelector("#docs")!, { childList: true, subtree: true });

/** The renderer has one theme for each class of the page. */
const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", follow);
follow();
