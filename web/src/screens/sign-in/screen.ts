import { screen } from "../../app/screens.ts";

export default screen({ path: "/sign-in", title: { en: "Sign in", vi: "Đăng nhập" }, roles: "everyone", load: () => import("./SignIn.tsx") });
