import { QueryCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { makeRouter } from "./app/router.tsx";
import { ApiError, onSignedOut } from "./data/api.ts";
import { end, onOtherTab } from "./data/session.ts";
import { Toasts } from "./parts/toast.tsx";
import { applyTheme } from "./shell/theme.ts";
import { language } from "./words/language.ts";
import "./shell/base.css";

document.documentElement.lang = language();
applyTheme();

const client = new QueryClient({
  queryCache: new QueryCache(),
  defaultOptions: {
    queries: {
      retry: (count, error) => count < 2 && !(error instanceof ApiError && error.status >= 400 && error.status < 500),
      staleTime: 5_000,
    },
    mutations: { retry: false },
  },
});
const router = makeRouter(client);

onSignedOut(() => {
  end(client);
  void router.invalidate(); // the layout asks for the session again, and leads to the sign-in
});

onOtherTab(() => {
  client.clear(); // whose they were, is not known any more
  void router.invalidate();
});

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <QueryClientProvider client={client}>
      <RouterProvider router={router} />
      <Toasts />
    </QueryClientProvider>
  </StrictMode>,
);
