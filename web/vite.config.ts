import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { compressed } from "./plugins/compressed.ts";
import { licences } from "./plugins/licences.ts";

const api = process.env.TONGDAI_URL ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [react(), licences(), compressed()],
  build: {
    outDir: "../tongdai/console/dist",
    emptyOutDir: true,
    rolldownOptions: { input: ["index.html", "docs.html"] }, // the reference of the API is a page of its own
    assetsInlineLimit: 0, // the content security policy has no data: but for images
    modulePreload: { polyfill: false }, // it would be an inline script
    target: "es2022",
    reportCompressedSize: false,
  },
  server: { proxy: { "/phone": { target: api, ws: true }, "/v1": api, "/docs": api, "/openapi.json": api } },
  test: { environment: "node", include: ["src/**/*.test.ts"] },
} as Parameters<typeof defineConfig>[0] & { test: object });
