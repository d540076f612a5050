import { createRootRouteWithContext, createRoute, createRouter, lazyRouteComponent, Outlet, redirect, type AnyRoute } from "@tanstack/react-router";
import type { QueryClient } from "@tanstack/react-query";
import { sessionQuery } from "../data/session.ts";
import { Failed } from "../shell/Failed.tsx";
import { Layout } from "../shell/Layout.tsx";
import { NotFound } from "../shell/NotFound.tsx";
import { Loading } from "../parts/states.tsx";
import { homeOf, SCREENS } from "./screens.ts";

type Context = { client: QueryClient };

const root = createRootRouteWithContext<Context>()({ component: Outlet, notFoundComponent: NotFound, errorComponent: Failed });

const signedIn = createRoute({
  getParentRoute: () => root,
  id: "signed-in",
  component: Layout,
  beforeLoad: async ({ context, location }) => {
    const { openid } = location.search as { openid?: unknown };
    if (location.pathname === "/" && openid !== undefined) throw redirect({ to: "/sign-in", search: { openid } as never });
    const session = await context.client.ensureQueryData(sessionQuery);
    if (!session) throw redirect({ to: "/sign-in", search: { next: location.href } as never });
    return { session };
  },
});

const home = createRoute({
  getParentRoute: () => signedIn,
  path: "/",
  beforeLoad: ({ context }) => {
    throw redirect({ to: homeOf(context.session.user.role) });
  },
});

const screens = SCREENS.map(({ path, roles, load }) =>
  roles === "everyone"
    ? createRoute({ getParentRoute: () => root, path, component: lazyRouteComponent(load) })
    : createRoute({
        getParentRoute: () => signedIn,
        path,
        component: lazyRouteComponent(load),
        beforeLoad: ({ context }) => {
          if (!roles.includes(context.session.user.role)) throw redirect({ to: homeOf(context.session.user.role) });
        },
      }),
);
const open = screens.filter((_, at) => SCREENS[at]!.roles === "everyone");
const closed = screens.filter((_, at) => SCREENS[at]!.roles !== "everyone");

export function makeRouter(client: QueryClient) {
  return createRouter({
    routeTree: root.addChildren([...open, signedIn.addChildren([home, ...closed])] as never) as unknown as AnyRoute,
    context: { client },
    defaultPreload: "intent",
    defaultPendingComponent: Loading,
    defaultErrorComponent: Failed,
    defaultNotFoundComponent: NotFound,
    scrollRestoration: true,
  });
}
