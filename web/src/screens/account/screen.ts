import { screen } from "../../app/screens.ts";
import { ROLES } from "../../data/session.ts";

export default screen({ path: "/account", title: { en: "My account", vi: "Tài khoản" }, roles: ROLES, load: () => import("./Account.tsx") });
